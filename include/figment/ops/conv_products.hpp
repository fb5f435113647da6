// A convolution forward, and backward to its input, as products over gathered rows: no copy of the image's
// windows is made, and no product with a zero of the padding is taken. Not recorded.
//
// A row of the product is a position of the result; it takes a segment of the source for each tap of the
// window that lies inside. Small weights stay in cache: positions that have the same taps are done at once,
// with all those taps. Large weights are passed over once for each block of images: one tap after the other
// is added to all positions that have it.
#pragma once

#include "figment/core/map.hpp"
#include "figment/ops/conv_depthwise.hpp"

namespace figment::detail {

/// The sizes of a product, forward or backward: results (batch, rows, columns, groups * n) from sources
/// (batch, rows, columns, groups * k).
struct WindowProduct {
  ReachAxis rows, columns;
  Index batch, groups, k, n;

  WindowProduct(const ConvGeometry& g, bool backward)
      : rows(g.rows, backward),
        columns(g.columns, backward),
        batch(g.batch),
        groups(g.groups),
        k((backward ? g.out : g.in) / g.groups),
        n((backward ? g.in : g.out) / g.groups) {}

  Index taps() const { return rows.window * columns.window; }
  Index source_image() const { return rows.sources * columns.sources * groups * k; }
  Index result_image() const { return rows.results * columns.results * groups * n; }
};

/// What is multiplied at one go: rows of one image from first_row on (those of the next images follow), each
/// with the same segments.
struct GatherChunk {
  Index first_row, image_rows, first_segment, segments, k;
};

/// All of a product's chunks, for a block of images.
struct GatherPlan {
  Index images;  // in a block
  bool by_taps;
  RecycledVector<GatherChunk> chunks;
  RecycledVector<Index> a_rows, c_rows, a_segments, b_segments;

  /// `value_bytes` is the size of a number.
  GatherPlan(const WindowProduct& g, Index value_bytes) {
    // What a block reads and writes stays in L2; whole tiles of rows even where an image has but one.
    const Index image = (g.source_image() + g.result_image()) * value_bytes;
    images = std::clamp<Index>(Index{384 << 10} / std::max<Index>(image, 1), 1,
                               std::max<Index>(1, (g.batch + num_threads() - 1) / num_threads()));
    if (images > 6) images -= images % 6;
    by_taps = g.taps() * g.k * g.n * value_bytes > (128 << 10);
    const auto most =
        static_cast<std::size_t>(images * g.rows.results * g.columns.results * (by_taps ? g.taps() : 1));
    a_rows.reserve(most), c_rows.reserve(most);
    if (by_taps)
      for (Index tap = 0; tap < g.taps(); ++tap) add_tap(g, tap / g.columns.window, tap % g.columns.window);
    else
      add_classes(g);
  }

 private:
  /// A result along an axis, and the source that the first of its segments reads.
  struct Position {
    Index result, source;
  };
  using Positions = RecycledVector<Position>;

  void add_rows(const WindowProduct& g, const Positions& rows, const Positions& columns) {
    const Index k = g.groups * g.k, n = g.groups * g.n;
    for (Index image = 0; image < images; ++image)
      for (const Position& r : rows)
        for (const Position& c : columns) {
          a_rows.push_back(image * g.source_image() + (r.source * g.columns.sources + c.source) * k);
          c_rows.push_back(image * g.result_image() + (r.result * g.columns.results + c.result) * n);
        }
  }

  void add_tap(const WindowProduct& g, Index row_tap, Index column_tap) {
    const auto having = [](const ReachAxis& axis, Index tap) {
      Positions positions;
      for (Index i = 0; i < axis.results; ++i) {
        const Reach r = axis(i);
        const Index along = (tap - r.tap) / axis.tap_step;
        if ((tap - r.tap) % axis.tap_step == 0 && along >= 0 && along < r.count)
          positions.push_back({i, r.source + along * axis.source_step});
      }
      return positions;
    };
    const Positions rows = having(g.rows, row_tap), columns = having(g.columns, column_tap);
    chunks.push_back({static_cast<Index>(a_rows.size()), static_cast<Index>(rows.size() * columns.size()),
                      static_cast<Index>(a_segments.size()), 1, g.k});
    a_segments.push_back(0);
    b_segments.push_back((row_tap * g.columns.window + g.columns.place(column_tap)) * g.k);
    add_rows(g, rows, columns);
  }

  void add_classes(const WindowProduct& g) {
    struct Class {
      Reach reach;  // of its first result
      Positions positions;
    };
    const auto classes_of = [](const ReachAxis& axis) {
      RecycledVector<Class> classes;
      for (Index i = 0; i < axis.results; ++i) {
        const Reach r = axis(i);
        const auto same = std::find_if(classes.begin(), classes.end(), [&](const Class& c) {
          return c.reach.count == r.count && (r.count == 0 || c.reach.tap == r.tap);
        });
        if (same == classes.end())
          classes.push_back({r, Positions{{i, r.source}}});
        else
          same->positions.push_back({i, r.source});
      }
      return classes;
    };
    const auto row_classes = classes_of(g.rows), column_classes = classes_of(g.columns);
    const Index k = g.groups * g.k;
    // Taps that are neighbours in memory make one long segment.
    const bool joined = g.columns.source_step == 1 && g.groups == 1;
    for (const Class& r : row_classes)
      for (const Class& c : column_classes) {
        const Index steps = joined ? std::min<Index>(c.reach.count, 1) : c.reach.count;
        chunks.push_back({static_cast<Index>(a_rows.size()),
                          static_cast<Index>(r.positions.size() * c.positions.size()),
                          static_cast<Index>(a_segments.size()), r.reach.count * steps,
                          joined ? c.reach.count * g.k : g.k});
        for (Index i = 0; i < r.reach.count; ++i)
          for (Index j = 0; j < steps; ++j) {
            a_segments.push_back((i * g.rows.source_step * g.columns.sources + j * g.columns.source_step) *
                                 k);
            b_segments.push_back(((r.reach.tap + i * g.rows.tap_step) * g.columns.window +
                                  g.columns.place(c.reach.tap + j * g.columns.tap_step)) *
                                 g.k);
          }
        add_rows(g, r.positions, c.positions);
      }
  }
};

/// The weights (kh, kw, in, out), packed for all groups and taps in panels of `width` columns.
template <class T>
Tensor<T> pack_weights(const WindowProduct& g, const T* w, Index width) {
  const Index panels = (g.n + width - 1) / width, panel = g.taps() * g.k * width;
  const bool backward = g.rows.backward;
  const Index in = backward ? g.n : g.k, out = g.groups * (backward ? g.k : g.n);
  Tensor<T> packed(Shape{g.groups, panels, panel});
  T* const to = packed.mutable_data();
  parallel_for(g.taps(), Index{20'000} / std::max<Index>(in * out, 1) + 1, [&](Index begin, Index end) {
    for (Index tap = begin; tap < end; ++tap)
      for (Index group = 0; group < g.groups; ++group) {
        kernels::PackArgs<T> args{};
        args.k = g.k, args.n = g.n, args.width = width, args.panel = panel;
        args.b = w + tap * in * out + group * (out / g.groups);
        args.along = backward ? 1 : out, args.across = backward ? out : 1;
        const Index place =
            tap / g.columns.window * g.columns.window + g.columns.place(tap % g.columns.window);
        args.packed = to + group * panels * panel + place * g.k * width;
        kernels::gather_pack(args);
      }
  });
  return packed;
}

/// result = act(product of source and weights + bias). Images are split over threads.
template <class T>
void window_product(const WindowProduct& g, const T* source, const T* w, T* result, const T* bias,
                    Activation activation, double slope) {
  const Index width = kernels::gather_width<T>(g.n), panel = g.taps() * g.k * width;
  const Tensor<T> packed = pack_weights(g, w, width);
  const GatherPlan plan(g, sizeof(T));
  const Index pixel = g.groups * g.n, group_weights = packed.size() / g.groups;
  const Index work = g.rows.results * g.columns.results * g.taps() * pixel * g.k * plan.images;
  const bool accumulate = plan.by_taps || bias;
  parallel_for((g.batch + plan.images - 1) / plan.images, Index{500'000} / std::max<Index>(work, 1) + 1,
               [&](Index begin, Index end) {
                 for (Index first = begin * plan.images; first < (std::min)(g.batch, end * plan.images);
                      first += plan.images) {
                   const Index images = (std::min)(plan.images, g.batch - first);
                   const Index values = images * g.result_image();
                   T* const block = result + first * g.result_image();
                   if (accumulate && values > 0) {
                     for (Index j = 0; j < pixel; ++j) block[j] = bias ? bias[j] : T(0);
                     for (Index done = pixel, more; done < values; done += more) {
                       more = (std::min)(done, values - done);
                       std::copy_n(block, more, block + done);
                     }
                   }
                   for (const GatherChunk& chunk : plan.chunks)
                     for (Index group = 0; group < g.groups; ++group) {
                       kernels::GatherArgs<T> args{};
                       args.m = images * chunk.image_rows, args.n = g.n, args.k = chunk.k;
                       args.a = source + first * g.source_image() + group * g.k, args.a_along = 1;
                       args.a_rows = plan.a_rows.data() + chunk.first_row;
                       args.b = packed.data() + group * group_weights;
                       args.width = width, args.b_panel = panel;
                       args.c = block + group * g.n, args.c_rows = plan.c_rows.data() + chunk.first_row;
                       args.segments = chunk.segments;
                       args.a_segments = plan.a_segments.data() + chunk.first_segment;
                       args.b_segments = plan.b_segments.data() + chunk.first_segment;
                       args.accumulate = accumulate;
                       kernels::gather(args);
                     }
                   kernels::apply_activation(activation, slope, block, values);
                 }
               });
}

/// y = act(x * w + bias).
template <class T>
void conv_forward(const ConvGeometry& g, const T* x, const T* w, T* y, const T* bias, Activation activation,
                  double slope) {
  if (depthwise(g)) return depthwise_product(g, false, x, w, y, bias, activation, slope);
  window_product(WindowProduct(g, false), x, w, y, bias, activation, slope);
}

/// dx from dy: the adjoint of the convolution by x, and the forward pass of the transposed one.
template <class T>
void conv_input_gradient(const ConvGeometry& g, const T* dy, const T* w, T* dx, const T* bias = nullptr,
                         Activation activation = Activation::none, double slope = 0) {
  if (depthwise(g)) return depthwise_product(g, true, dy, w, dx, bias, activation, slope);
  window_product(WindowProduct(g, true), dy, w, dx, bias, activation, slope);
}

}  // namespace figment::detail
