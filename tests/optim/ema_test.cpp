// Moving averages: by hand, in every part of a large tensor, and what they refuse.
#include "figment/optim/ema.hpp"

#include "figment/core/random.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/error_of.hpp"
#include "support/heap_calls.hpp"

using namespace figment;
using test::bit_difference;
using test::error_of;

TEMPLATE_TEST_CASE("a moving average by hand", "[optim]", float, double) {
  using T = TestType;
  for (auto isa : test::supported_isas()) {
    INFO(kernels::name(isa));
    test::IsaScope scope(isa);
    const Tensor<T> a({2}, {1, 8}), b({3}, {0, 0, 4}), source_a({2}, {5, 4}), source_b({3}, {4, 8, 4});
    Ema<T> ema({a, b}, {source_a, source_b}, {.decay = 0.75});
    ema.update();  // exact: all are multiples of small powers of two
    CHECK(bit_difference(a, Tensor<T>({2}, {2, 7})) == "");
    CHECK(bit_difference(b, Tensor<T>({3}, {1, 2, 4})) == "");
    Tensor<T> moved = source_a;  // what the source is now, by the same handle
    moved.copy_from(Tensor<T>({2}, {-2, 3}));
    ema.update();
    CHECK(bit_difference(a, Tensor<T>({2}, {1, 6})) == "");
    CHECK(bit_difference(b, Tensor<T>({3}, {1.75, 3.5, 4})) == "");
    CHECK(bit_difference(source_b, Tensor<T>({3}, {4, 8, 4})) == "");
    CHECK(ema.updates() == 2);
    CHECK(ema.decay() == 0.75);
  }
}

TEST_CASE("a moving average is exact at both ends", "[optim]") {
  Rng rng(1);
  const auto source = rng.normal({1003}), start = rng.normal({1003});
  const auto after = [&](double decay, const Tensor<float>& from) {
    const auto average = from.clone();
    Ema<float>({average}, {source}, {.decay = decay}).update();
    return average;
  };
  CHECK(bit_difference(after(0, start), source) == "");
  CHECK(bit_difference(after(1, start), start) == "");
  for (double decay : {0.1, 0.5, 0.999}) CHECK(bit_difference(after(decay, source), source) == "");
  for (double decay : {0.1, 0.7}) {
    const auto expected = [&] {
      Tensor<double> e(start.shape());
      for (Index i = 0; i < e.size(); ++i)
        e.set({i}, decay * static_cast<double>(start(i)) + (1 - decay) * static_cast<double>(source(i)));
      return e;
    }();
    // A difference of at most 8 rounded once, and its part added: three halves of that size.
    CHECK(test::difference(after(decay, start), expected, 4) == "");
  }
}

TEST_CASE("warm-up lets the first values go", "[optim]") {
  const Tensor<double> average({1}, {100}), source({1}, {1});
  Ema<double> ema({average}, {source}, {.decay = 0.5, .warm_up = true});
  double expected = 100;
  for (int t = 0; t < 12; ++t) {
    const double decay = std::min(0.5, (1.0 + t) / (10.0 + t));  // 0.1, 2/11, 0.25, … 0.5 from t = 8 on
    CHECK(ema.decay() == decay);
    ema.update();
    expected = decay * expected + (1 - decay);
    CHECK_THAT(average(0), WithinRel(expected, 1e-14));
  }
  CHECK(ema.decay() == 0.5);
  CHECK(Ema<double>({}, {}, {.warm_up = true}).decay() == 0.1);
  CHECK(Ema<double>({}, {}).decay() == 0.999);
}

TEST_CASE("a large average is updated alike in every part and on any number of threads", "[optim]") {
  const Index n = 100003;  // over three times what one thread takes at once, and no whole vectors
  const auto updated = [&](int threads) {
    test::ThreadScope scope(threads);
    Rng rng(3);
    const auto average = rng.normal({n}), source = rng.normal({n});
    Ema<float> ema({average}, {source}, {.decay = 0.9});
    for (int i = 0; i < 3; ++i) ema.update();
    return average;
  };
  const auto one = updated(1);
  CHECK(bit_difference(one, updated(2)) == "");
  CHECK(bit_difference(one, updated(3)) == "");
}

TEST_CASE("an average that is its source, or does not fit it, is refused", "[optim]") {
  const auto a = Tensor<float>::ones({2}), b = Tensor<float>::ones({3});
  CHECK(error_of([&] { Ema<float>({a}, {a}); }) == "Ema: average 0 is its source's memory; clone it");
  CHECK(error_of([&] {
          Ema<float>({a.clone(), b.clone()}, {a, a});
        }) == "Ema: average 1 is (3,), its source is (2,)");
  CHECK(error_of([&] { Ema<float>({a.clone()}, {a, b}); }) == "Ema: 1 averages for 2 tensors");
  CHECK(error_of([&] { Ema<float>({a.clone()}, {a}, {.decay = 1.5}); }) ==
        "Ema: expected a decay in [0, 1], found 1.5");
}

TEST_CASE("updates take nothing from the heap", "[optim]") {
  if (!test::counts_heap_calls) return;
  const auto source = Tensor<float>::ones({100003}), average = Tensor<float>::zeros({100003});
  Ema<float> ema({average}, {source});
  ema.update();
  const long before = test::heap_calls();
  for (int i = 0; i < 5; ++i) ema.update();
  CHECK(test::heap_calls() == before);
}
