// The tensor handle: construction, access, aliases and copies.
#include "figment/core/tensor.hpp"

#include "support/catch.hpp"
#include "support/error_of.hpp"

using figment::Shape;
using figment::Tensor;
using test::error_of;

TEST_CASE("tensors are made of values, of one value, or of nothing yet", "[core]") {
  const Tensor<float> t({2, 3}, {1, 2, 3, 4, 5, 6});
  CHECK(t.shape() == Shape{2, 3});
  CHECK((t.rank() == 2 && t.size() == 6 && t.dim(0) == 2 && t.dim(-1) == 3));
  CHECK((t(0, 0) == 1 && t(1, 2) == 6 && t(-1, -3) == 4));
  CHECK(Tensor<float>::full({2}, 7)(1) == 7);
  CHECK(Tensor<float>::zeros({2})(0) == 0);
  CHECK(Tensor<float>::ones({2})(1) == 1);
  CHECK(Tensor<double>::scalar(2.5).item() == 2.5);
  CHECK(Tensor<double>::scalar(2.5)() == 2.5);
  CHECK(figment::Indices::arange(3)(2) == 2);
  CHECK(Tensor<float>({0, 3}).size() == 0);
  const Tensor<float> undefined;
  CHECK_FALSE(undefined.defined());
  CHECK(undefined.size() == 0);
  CHECK_FALSE(undefined.clone().defined());
}

TEST_CASE("memory is aligned for the widest vectors", "[core]") {
  for (figment::Index n : {1, 3, 100, 5000})
    CHECK(reinterpret_cast<std::uintptr_t>(Tensor<float>({n}).data()) % 64 == 0);
}

TEST_CASE("a copy is an alias, a clone is not", "[core]") {
  Tensor<float> a({2}, {1, 2});
  Tensor<float> alias = a;
  const Tensor<float> clone = a.clone();
  CHECK(a.shares_memory_with(alias));
  CHECK_FALSE(a.shares_memory_with(clone));
  CHECK((!a.unique() && clone.unique()));
  alias.set({1}, 9);
  CHECK((a(1) == 9 && clone(1) == 2));
  alias = Tensor<float>();
  CHECK(a.unique());
}

TEST_CASE("a view has the same memory under another shape", "[core]") {
  Tensor<float> a({2, 3}, {1, 2, 3, 4, 5, 6});
  Tensor<float> v = a.view_as({3, 2});
  CHECK(v.shares_memory_with(a));
  CHECK(v(2, 0) == 5);
  v.set({0, 1}, 8);
  CHECK(a(0, 1) == 8);
  CHECK(error_of([&] { a.view_as({4}); }) == "reshape: (2, 3) has 6 elements, (4,) has 4");
}

TEST_CASE("every change in place counts, through every alias", "[core]") {
  Tensor<float> a({2}, {1, 2});
  const Tensor<float> alias = a.view_as({2, 1});
  const auto version = [&] { return alias.version(); };
  auto last = version();
  const auto changed = [&] { return std::exchange(last, version()) != version(); };
  a.set({0}, 3);
  CHECK(changed());
  a.fill(1);
  CHECK(changed());
  a.copy_from(Tensor<float>({2}, {5, 6}));
  CHECK(changed());
  a.mutable_data();
  CHECK(changed());
  CHECK(alias(1, 0) == 6);
  a.data();
  a.values();
  CHECK_FALSE(changed());  // reading is no change
}

TEST_CASE("wrong access says what was asked of which shape", "[core]") {
  Tensor<float> a({2, 3}, {1, 2, 3, 4, 5, 6});
  CHECK(error_of([&] { a.item(); }) == "item: expected one element, found shape (2, 3)");
  CHECK(error_of([&] { a(2, 0); }) == "index: 2 is out of range for axis 0 of shape (2, 3)");
  CHECK(error_of([&] { a(0, -4); }) == "index: -4 is out of range for axis 1 of shape (2, 3)");
  CHECK(error_of([&] { a(1); }) == "index: 1 positions for shape (2, 3)");
  CHECK(error_of([&] { a.set({0, 3}, 1); }) == "index: 3 is out of range for axis 1 of shape (2, 3)");
  CHECK(error_of([&] {
          a.copy_from(Tensor<float>::zeros({3, 2}));
        }) == "copy_from: shape (2, 3) expected, found (3, 2)");
  CHECK(error_of([] { Tensor<float>({2, 2}, {1, 2, 3}); }) == "tensor: shape (2, 2) takes 4 values, got 3");
  CHECK(error_of([] { Tensor<float>().item(); }) == "item: expected one element, found shape (0,)");
}

TEST_CASE("a tensor of more bytes than can be counted is refused", "[core]") {
  const figment::Index half = figment::Index{1} << 32;
  CHECK(error_of([&] {
          Tensor<float>({half, half});
        }) == "tensor: shape (4294967296, 4294967296) has too many elements");
  CHECK_THAT(error_of([] { Tensor<double>(figment::Shape{figment::Index{1} << 62}); }),
             ContainsSubstring("has too many elements"));
  CHECK_THAT(error_of([&] { Tensor<float>({half, half, 0}); }), ContainsSubstring("has too many elements"));
  CHECK(Tensor<float>({half, 0}).size() == 0);
}

TEST_CASE("cast converts the values into memory of their own", "[core]") {
  const Tensor<double> d({3}, {1.75, -2.5, 1e10});
  const auto f = figment::cast<float>(d);
  CHECK((f(0) == 1.75f && f(1) == -2.5f && f(2) == 1e10f));
  CHECK(figment::cast<std::int32_t>(Tensor<float>({2}, {1.9f, -1.9f}))(1) == -1);
  CHECK_FALSE(figment::cast<double>(d).shares_memory_with(d));
}

TEST_CASE("a tensor is made of a vector, of another number type, and of patterns", "[core]") {
  const figment::Tensor from_vector(std::vector<double>{1, 2.5});
  static_assert(std::is_same_v<decltype(from_vector), const Tensor<double>>);
  CHECK((from_vector.shape() == Shape{2} && from_vector(1) == 2.5));
  const Tensor<float> braces({2, 3});  // a shape, as ever
  CHECK(braces.shape() == Shape{2, 3});
  const Tensor<float> single(from_vector);
  CHECK((single.shape() == Shape{2} && single(1) == 2.5f));
  CHECK(figment::Indices(Tensor<float>({2}, {1.9f, -1.9f}))(1) == -1);
  for (const bool defined :
       {figment::cast<float>(Tensor<float>()).defined(), figment::cast<double>(Tensor<float>()).defined()})
    CHECK(defined);  // of no elements, whichever the type
  const auto eye = Tensor<float>::eye(3);
  CHECK(std::vector<float>(eye.values().begin(), eye.values().end()) ==
        std::vector<float>{1, 0, 0, 0, 1, 0, 0, 0, 1});
  CHECK(Tensor<float>::eye(0).shape() == Shape{0, 0});
  const auto line = Tensor<double>::linspace(-1, 1, 5);
  CHECK(std::vector<double>(line.values().begin(), line.values().end()) ==
        std::vector<double>{-1, -0.5, 0, 0.5, 1});
  CHECK(Tensor<float>::linspace(0, 0.1, 1000)(-1) == 0.1f);  // the last one exactly
  CHECK(Tensor<float>::linspace(3, 7, 1)(0) == 3);
  CHECK(Tensor<float>::linspace(3, 7, 0).size() == 0);
}

TEST_CASE("one element converts to a number", "[core]") {
  const auto x = Tensor<float>::full({1, 1}, 2.5f);
  CHECK(float(x) == 2.5f);
  CHECK(static_cast<double>(x) == 2.5);
  CHECK(error_of([] { return float(Tensor<float>({2})); }) == "item: expected one element, found shape (2,)");
  static_assert(!std::is_constructible_v<bool, Tensor<float>>);  // of what would it tell?
}

TEST_CASE("numbers beside real tensors are doubles, beside integers whole", "[core]") {
  auto x = Tensor<float>::full({2}, 0.1);
  CHECK(x(0) == 0.1f);
  x.fill(1.0 / 3);
  x.set({0}, 0.7);
  CHECK((x(0) == 0.7f && x(1) == 1.0f / 3));
  CHECK(Tensor<float>::scalar(0.3).item() == 0.3f);
  const std::int64_t large = (std::int64_t{1} << 62) + 1;  // a double would round it
  CHECK(Tensor<std::int64_t>::full({1}, large)(0) == large);
}

TEST_CASE("an element is written in place, and that is a change", "[core]") {
  Tensor<float> x({2, 2}, {1, 2, 3, 4});
  const Tensor<float> alias = x;
  const auto before = x.version();
  const float read = x(0, 1);
  CHECK((read == 2 && x.version() == before));
  x(0, 1) = 7;
  CHECK((alias(0, 1) == 7 && x.version() != before));
  x(1, -1) += 0.5f;
  x(1, 0) *= 2;
  x(0, 0) = x(1, 0);
  x(0, 0) -= 1;
  x(0, 1) /= 2;
  CHECK(std::vector<float>(x.values().begin(), x.values().end()) == std::vector<float>{5, 3.5f, 6, 4.5f});
  CHECK(figment::format("{}", x(0, 1)) == "3.5");
  CHECK(Tensor<float>({1}, {3})(0) == 3);
  CHECK(error_of([&] { x(2, 0) = 1; }) == "index: 2 is out of range for axis 0 of shape (2, 2)");
}
