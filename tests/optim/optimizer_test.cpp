// What optimisers share: a minimum found, their state by name, their errors, and clipping and schedules at
// the edges.
#include "figment/autograd/grad.hpp"
#include "figment/core/random.hpp"
#include "figment/ops/loss.hpp"
#include "figment/optim/adagrad.hpp"
#include "figment/optim/adam.hpp"
#include "figment/optim/clip.hpp"
#include "figment/optim/rmsprop.hpp"
#include "figment/optim/schedule.hpp"
#include "figment/optim/sgd.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/error_of.hpp"

using namespace figment;
using test::error_of;

namespace {

Tensor<double> vector(std::initializer_list<double> values) {
  return parameter(Tensor<double>({static_cast<Index>(values.size())}, values));
}

template <class O>
std::vector<std::string> state_names(O&& optimizer) {
  std::vector<std::string> names;
  optimizer.visit([&](const std::string& name, auto&) { names.push_back(name); });
  return names;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("Adam finds the minimum of Rosenbrock's valley", "[optim]") {
  const auto x = parameter(Tensor<double>::scalar(-1.2)), y = parameter(Tensor<double>::scalar(1));
  const auto loss = [&] { return square(1.0 - x) + 100.0 * square(y - square(x)); };
  CHECK_THAT(loss().item(), WithinRel(24.2, 1e-12));
  Adam<double> adam({x, y}, {.rate = 0.02});
  for (int i = 0; i < 4000; ++i) adam.step(grad(loss(), adam.parameters()));
  // The minimum is 0 at (1, 1). The loss falls tenfold every 150 steps here and is 3e-13 after 4000.
  CHECK(loss().item() < 1e-10);
  CHECK_THAT(x.item(), WithinAbs(1, 1e-5));
  CHECK_THAT(y.item(), WithinAbs(1, 2e-5));
}

TEST_CASE("an optimiser's state has a name for each parameter and array", "[optim]") {
  const TensorList<double> p{vector({1, 2}), vector({3})};
  CHECK(state_names(Sgd<double>(p)).empty());
  CHECK(state_names(Sgd<double>(p, {.momentum = 0.9})) == Names{"0.0", "1.0"});
  CHECK(state_names(Adam<double>(p)) == Names{"0.0", "1.0", "0.1", "1.1"});
  CHECK(state_names(Adam<double>(p, {.amsgrad = true})).size() == 6);
  CHECK(state_names(RmsProp<double>(p, {.centered = true})) == Names{"0.0", "1.0", "0.2", "1.2"});

  Adagrad<double> adagrad(p);
  adagrad.step(TensorList<double>{vector({2, 0}), vector({-1})});
  std::vector<double> sums;
  adagrad.visit([&](const std::string&, Tensor<double>& t) {
    sums.insert(sums.end(), t.values().begin(), t.values().end());
  });
  CHECK(sums == std::vector<double>{0.1 + 4, 0.1, 0.1 + 1});  // exact: one addition each
}

TEST_CASE("an optimiser changes the memory it was given", "[optim]") {
  const auto w = vector({1, 2, 3});
  Sgd<double> sgd({w}, {.rate = 0.5});
  sgd.step(TensorList<double>{vector({2, 4, -2})});
  CHECK(test::bit_difference(w, vector({0, 0, 4})) == "");
  sgd.set_rate(0.25);
  sgd.step(TensorList<double>{vector({4, 0, 4})});
  CHECK(test::bit_difference(w, vector({-1, 0, 3})) == "");
  CHECK(sgd.steps() == 2);
  CHECK(sgd.rate() == 0.25);
  CHECK(sgd.parameters()[0].shares_memory_with(w));
}

TEST_CASE("a large parameter is stepped alike in every part and on any number of threads", "[optim]") {
  const Index n = 100003;  // over three times what one thread takes at once, and no whole vectors
  const auto step = [&](int threads) {
    test::ThreadScope scope(threads);
    Rng rng(3);
    const auto w = parameter(rng.normal<float>({n}));
    Adam<float> adam({w});
    for (int i = 0; i < 3; ++i) adam.step(TensorList<float>{rng.normal<float>({n})});
    return w;
  };
  const auto one = step(1);
  CHECK(test::bit_difference(one, step(2)) == "");
  CHECK(test::bit_difference(one, step(3)) == "");
}

TEST_CASE("a step refuses gradients that do not fit", "[optim]") {
  const auto w = vector({1, 2}), b = vector({3});
  Sgd<double> sgd({w, b});
  CHECK(error_of([&] { sgd.step(TensorList<double>{w}); }) == "step: 1 gradients for 2 parameters");
  CHECK(error_of([&] {
          sgd.step(TensorList<double>{w, vector({1, 2, 3})});
        }) == "step: gradient 1 is (3,), its parameter is (1,)");
  CHECK(sgd.steps() == 0);
  CHECK(test::bit_difference(w, vector({1, 2})) == "");
  CHECK(error_of([&] { sgd.set_rate(-0.1); }) == "optimizer: expected a rate of 0 or more, found -0.1");
  CHECK(error_of([&] { Sgd<double>({w}, {.rate = -1}); }) ==
        "optimizer: expected a rate of 0 or more, found -1");
}

TEST_CASE("a step between the loss and its gradient is noticed", "[optim]") {
  const auto w = vector({1, 2});
  Sgd<double> sgd({w});
  const auto loss = sum(square(w));
  sgd.step(TensorList<double>{vector({1, 1})});
  CHECK_THAT(error_of([&] { grad(loss, sgd.parameters()); }),
             StartsWith("square: ") && ContainsSubstring("(shape (2,)) was changed in place, or given"));
}

TEST_CASE("AdamW's weight decay stays when other options are given", "[optim]") {
  const auto w = vector({1});
  AdamW<double> adamw({w}, {.rate = 0.5});
  adamw.step(TensorList<double>{vector({0})});
  CHECK_THAT(w(0), WithinRel(1 - 0.5 * 0.01, 1e-15));
}

TEST_CASE("clipping leaves gradients within the limits as they are", "[optim]") {
  TensorList<double> g{vector({3}), vector({0, -4})};
  CHECK(gradient_norm<double>(g) == 5);
  CHECK(clip_by_norm(g, 5.5) == 5);
  CHECK(g[0](0) == 3);
  CHECK(clip_by_norm(g, 2.5) == 5);
  // PyTorch's guard adds 1e-6 to the norm.
  CHECK_THAT(g[0](0), WithinRel(1.5, 1e-6));
  CHECK_THAT(g[1](1), WithinRel(-2.0, 1e-6));
  CHECK(g[1](0) == 0);

  TensorList<double> zero{vector({0, 0})};
  CHECK(clip_by_norm(zero, 1) == 0);
  CHECK(zero[0](0) == 0);

  TensorList<double> h{vector({-3, -0.5, 0.25, 7})};
  clip_by_value(h, 0.5);
  CHECK(test::bit_difference(h[0], vector({-0.5, -0.5, 0.25, 0.5})) == "");
  CHECK(error_of([&] { clip_by_norm(h, 0); }) == "clip_by_norm: expected a positive limit, found 0");
  CHECK(error_of([&] { clip_by_value(h, -1); }) == "clip_by_value: expected a positive limit, found -1");
}

TEST_CASE("clipping leaves the caller's other handles alone", "[optim]") {
  const auto original = vector({3, 4});
  TensorList<double> g{original};
  clip_by_norm(g, 1);
  clip_by_value(g, 0.1);
  CHECK(original(0) == 3);
}

TEST_CASE("schedules beyond their ends and with bad settings", "[optim]") {
  CHECK_THAT(cosine_decay(0.1, 20, 0.001)(500), WithinRel(0.001, 1e-12));  // PyTorch's would rise again
  const auto warmed = warm_up(cosine_decay(0.1, 20), 5);
  CHECK_THAT(warmed(0), WithinRel(0.1 / 5, 1e-14));
  CHECK_THAT(warmed(3), WithinRel(0.8 * cosine_decay(0.1, 20)(3), 1e-14));
  CHECK(warmed(10) == cosine_decay(0.1, 20)(10));
  CHECK(constant_rate(0.3)(7) == 0.3);
  CHECK(error_of([] { step_decay(0.1, 0); }) == "step_decay: expected every >= 1, found 0");
  const auto ramp = linear_ramp(1, 3, 4);
  CHECK((ramp(0) == 1 && ramp(1) == 1.5 && ramp(4) == 3 && ramp(50) == 3));
  CHECK(error_of([] { linear_ramp(0, 1, 0); }) == "linear_ramp: expected length >= 1, found 0");
  CHECK(error_of([] { cosine_decay(0.1, 0); }) == "cosine_decay: expected total >= 1, found 0");
  CHECK(error_of([] { warm_up(constant_rate(1), 0); }) == "warm_up: expected length >= 1, found 0");
}

// The variance of a gradient that hardly changes is the difference of two rounded numbers that are nearly
// equal.
TEMPLATE_TEST_CASE("centred RMSprop survives steady gradients", "[optim]", float, double) {
  const auto w = parameter(Tensor<TestType>::zeros({64}));
  RmsProp<TestType> rms({w}, {.rate = 1e-6, .centered = true});
  Rng rng(1);
  const double spread = sizeof(TestType) == 4 ? 1e-4 : 1e-9;
  for (int step = 0; step < 1500; ++step)
    rms.step(TensorList<TestType>{rng.normal<TestType>({64}, 1, static_cast<TestType>(spread))});
  CHECK(std::all_of(w.values().begin(), w.values().end(), [](auto v) { return std::isfinite(v); }));
}
