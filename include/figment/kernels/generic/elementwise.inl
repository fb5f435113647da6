// Loops over memory that apply a formula. Included inside an instruction set's namespace.

/// y[i] = f(x[i]); y may be x.
template <class Op, class T>
void unary(Op f, const T* x, T* y, Index n) noexcept {
  using V = Vec<T>;
  Index i = 0;
  for (; i + V::width <= n; i += V::width) apply(f, V::load(x + i)).store(y + i);
  if (i < n) apply(f, V::load(x + i, n - i)).store(y + i, n - i);
}

/// y[i] = f(a[i * a_step], b[i * b_step]), steps 0 (one value for all) or 1; y may be a or b.
template <class Op, class T>
void binary(Op f, const T* a, Index a_step, const T* b, Index b_step, T* y, Index n) noexcept {
  using V = Vec<T>;
  if (n == 0) return;
  const V a0(*a), b0(*b);
  Index i = 0;
  for (; i + V::width <= n; i += V::width)
    apply(f, a_step ? V::load(a + i) : a0, b_step ? V::load(b + i) : b0).store(y + i);
  if (i < n)
    apply(f, a_step ? V::load(a + i, n - i) : a0, b_step ? V::load(b + i, n - i) : b0).store(y + i, n - i);
}

/// The sum of f(x[i]). Four running sums hide the latency of the addition.
template <class Op, class T>
T sum_unary(Op f, const T* x, Index n) noexcept {
  using V = Vec<T>;
  const V zero(T(0));
  V s0 = zero, s1 = zero, s2 = zero, s3 = zero;
  Index i = 0;
  for (; i + 4 * V::width <= n; i += 4 * V::width) {
    s0 = s0 + apply(f, V::load(x + i));
    s1 = s1 + apply(f, V::load(x + i + V::width));
    s2 = s2 + apply(f, V::load(x + i + 2 * V::width));
    s3 = s3 + apply(f, V::load(x + i + 3 * V::width));
  }
  for (; i + V::width <= n; i += V::width) s0 = s0 + apply(f, V::load(x + i));
  T total = sum((s0 + s1) + (s2 + s3));
  // Absent lanes load as 0, and f(0) need not be 0.
  for (; i < n; ++i) total += first(apply(f, V(x[i])));
  return total;
}

/// The sum of f(a[i], b[i]).
template <class Op, class T>
T sum_binary(Op f, const T* a, const T* b, Index n) noexcept {
  using V = Vec<T>;
  V s0(T(0)), s1(T(0));
  Index i = 0;
  for (; i + 2 * V::width <= n; i += 2 * V::width) {
    s0 = s0 + apply(f, V::load(a + i), V::load(b + i));
    s1 = s1 + apply(f, V::load(a + i + V::width), V::load(b + i + V::width));
  }
  T total = sum(s0 + s1);
  for (; i < n; ++i) total += first(apply(f, V(a[i]), V(b[i])));
  return total;
}

/// y[j] += sum over i of x[i * stride + j], for rows i and columns j.
template <class T>
void sum_rows(const T* x, Index stride, T* y, Index rows, Index columns) noexcept {
  using V = Vec<T>;
  for (Index j = 0; j < columns; j += V::width) {
    const Index n = columns - j < V::width ? columns - j : V::width;
    V s0(T(0)), s1(T(0));
    Index i = 0;
    // The last columns are added in the same order as whole vectors of them: threads split the columns
    // anywhere, and the result must not show where.
    if (n == V::width) {
      for (; i + 2 <= rows; i += 2) {
        s0 = s0 + V::load(x + i * stride + j);
        s1 = s1 + V::load(x + (i + 1) * stride + j);
      }
    } else {
      for (; i + 2 <= rows; i += 2) {
        s0 = s0 + V::load(x + i * stride + j, n);
        s1 = s1 + V::load(x + (i + 1) * stride + j, n);
      }
    }
    if (i < rows) s0 = s0 + V::load(x + i * stride + j, n);
    (V::load(y + j, n) + (s0 + s1)).store(y + j, n);
  }
}
