// What optimisers share: a minimum found, their state by name, their errors, and clipping and schedules at
// the edges.
#include <memory>

#include "figment/autograd/grad.hpp"
#include "figment/core/random.hpp"
#include "figment/ops/loss.hpp"
#include "figment/ops/matmul.hpp"
#include "figment/optim/adadelta.hpp"
#include "figment/optim/adagrad.hpp"
#include "figment/optim/adam.hpp"
#include "figment/optim/clip.hpp"
#include "figment/optim/ema.hpp"
#include "figment/optim/lion.hpp"
#include "figment/optim/muon.hpp"
#include "figment/optim/nadam.hpp"
#include "figment/optim/radam.hpp"
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

TEST_CASE("NAdam, RAdam and Lion find the minimum of Rosenbrock's valley", "[optim]") {
  const auto distance = [](auto make, int steps, const Schedule& rate) {
    const auto x = parameter(Tensor<double>::scalar(-1.2)), y = parameter(Tensor<double>::scalar(1));
    const auto loss = [&] { return square(1.0 - x) + 100.0 * square(y - square(x)); };
    auto optimizer = make(TensorList<double>{x, y});
    for (int i = 0; i < steps; ++i) {
      optimizer.set_rate(rate(i));
      optimizer.step(grad(loss(), optimizer.parameters()));
    }
    return (std::max)(std::abs(x.item() - 1), std::abs(y.item() - 1));
  };
  // From 2.2 away. At a steady rate NAdam, as PyTorch's does, goes on to and fro across the valley.
  CHECK(distance([](auto p) { return NAdam<double>(p, {.momentum_decay = 1}); }, 3000, constant_rate(0.02)) <
        5e-3);
  // The first steps are as long as the gradient, which is over 200.
  CHECK(distance([](auto p) { return RAdam<double>(p); }, 3000, warm_up(constant_rate(0.2), 500)) < 1e-10);
  // All steps are as long as the rate, which decides how near it comes.
  CHECK(distance([](auto p) { return Lion<double>(p); }, 3000, cosine_decay(0.02, 3000)) < 5e-3);
}

TEST_CASE("Muon learns a matrix whose directions differ a hundredfold", "[optim]") {
  Rng rng(1);
  auto x = rng.normal<double>({64, 6});
  x = x * Tensor<double>({6}, {10, 5, 1, 0.5, 0.2, 0.1});
  const auto wanted = rng.normal<double>({6, 3}), y = matmul(x, wanted);
  const auto error = [&](auto make) {
    const auto w = parameter(Tensor<double>::zeros({6, 3}));
    auto optimizer = make(TensorList<double>{w});
    const auto rate = cosine_decay(0.1, 300);
    for (Index i = 0; i < 300; ++i) {
      optimizer.set_rate(rate(i));
      optimizer.step(grad(mse(matmul(x, w), y), optimizer.parameters()));
    }
    return mse(matmul(x, w), y).item();
  };
  const double muon = error([](auto p) { return Muon<double>(p, {.weight_decay = 0}); });
  const double sgd = error([](auto p) { return Sgd<double>(p, {.momentum = 0.95}); });
  CHECK(muon < 1e-4);
  CHECK(!(sgd < 1e-2));  // which at this rate runs away along the first direction
}

TEST_CASE("Muon steps what is no matrix, and the others it is given, as AdamW does", "[optim]") {
  Rng rng(2);
  const auto make = [&] {
    Rng same(3);
    return std::array{parameter(same.normal<float>({4, 3})), parameter(same.normal<float>({3})),
                      parameter(same.normal<float>({3, 3, 2, 4})), parameter(same.normal<float>({5, 4}))};
  };
  const auto [weight, bias, conv, embedding] = make();
  const auto twins = make();
  Muon<float> muon({weight, bias, conv}, {embedding}, {.rate = 1e-2, .adamw_rate = 1e-3});
  AdamW<float> adamw({twins[1], twins[2], twins[3]}, {.rate = 1e-3});
  CHECK(muon.parameters().size() == 4);
  CHECK(state_names(muon) == Names{"0.0", "1.0", "2.0", "3.0", "1.1", "2.1", "3.1"});
  for (int step = 0; step < 3; ++step) {
    TensorList<float> g;
    for (const auto& p : muon.parameters()) g.push_back(rng.normal<float>(p.shape()));
    muon.step(g);
    adamw.step(std::span<const Tensor<float>>(g).subspan(1));
    if (step == 1) muon.set_rate(5e-3), adamw.set_rate(5e-4);  // one schedule is for both
  }
  CHECK(test::difference(bias, cast<double>(twins[1]), 4) == "");
  CHECK(test::difference(conv, cast<double>(twins[2]), 4) == "");
  CHECK(test::difference(embedding, cast<double>(twins[3]), 4) == "");
  CHECK(test::difference(weight, cast<double>(twins[0]), 4) != "");
  CHECK(error_of([w = weight] { Muon<float>({w}, {.iterations = 0}); }) ==
        "Muon: expected 1 to 99 iterations, found 0");
}

TEST_CASE("parameter groups are checked, and their parameters are in order", "[optim]") {
  const auto a = vector({1, 2}), b = vector({3}), c = vector({4});
  Sgd<double> sgd({{.parameters = {a}, .rate_scale = 0}, {.parameters = {b, c}}}, {.rate = 1});
  REQUIRE(sgd.parameters().size() == 3);
  sgd.step(TensorList<double>{vector({1, 1}), vector({1}), vector({1})});
  CHECK((a(0) == 1 && b(0) == 2 && c(0) == 3));  // a rate_scale of 0 leaves them
  sgd.set_rate(0.5);
  sgd.step(TensorList<double>{vector({1, 1}), vector({1}), vector({1})});
  CHECK((a(0) == 1 && b(0) == 1.5 && c(0) == 2.5));
  CHECK(error_of([&] {
          Adam<double>({{.parameters = {a}}, {.parameters = {b, a}}});
        }) == "optimizer: parameters 0 and 2 are one memory: list it once");
  CHECK(error_of([&] { Adam<double>({{.parameters = {a}, .rate_scale = -1}}); }) ==
        "optimizer: group 0 has a rate_scale of -1 and a weight_decay of 0, expected 0 or more");
}

TEST_CASE("NAdam goes on from a count of steps as if it had taken them", "[optim]") {
  const auto w = vector({1, -2}), v = vector({1, -2});
  NAdam<double> whole({w}, {.rate = 0.1, .momentum_decay = 0.5}),
      first({v}, {.rate = 0.1, .momentum_decay = 0.5});
  const auto g = [](int i) { return TensorList<double>{vector({0.1 * i - 1, 2.0 - i})}; };
  for (int i = 0; i < 5; ++i) whole.step(g(i)), first.step(g(i));
  NAdam<double> second({v}, {.rate = 0.1, .momentum_decay = 0.5});
  second.set_steps(first.steps());
  std::vector<Tensor<double>> states;
  first.visit([&](const std::string&, auto& t) { states.push_back(t); });
  second.visit([&, i = std::size_t{0}](const std::string&, auto& t) mutable { t.copy_from(states[i++]); });
  for (int i = 5; i < 9; ++i) whole.step(g(i)), second.step(g(i));
  CHECK(test::bit_difference(w, v) == "");
  second.set_steps(1);  // and back again
  first.set_steps(1);
  CHECK(error_of([&] { second.step(g(0)), first.step(g(0)); }) == "no error");
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

// A float's square is infinite from 1.8e19 on, a double's from 1.3e154 on.
TEMPLATE_TEST_CASE("clipping takes gradients of any size", "[optim]", float, double) {
  using V = Tensor<TestType>;
  const double most = static_cast<double>((std::numeric_limits<TestType>::max)()) / 4;
  for (const double size : {1.0, 1e10, 1e20, 1e30, most}) {
    INFO("gradients of " << size);
    TensorList<TestType> g{V::full({1}, static_cast<TestType>(size)),
                           V::full({1}, static_cast<TestType>(size))};
    // A root, a quotient and a product; PyTorch's guard shows at 1.
    const double error = 4e-7 + 1e-6 / size;
    CHECK_THAT(clip_by_norm(g, 1), WithinRel(std::sqrt(2.0) * size, 1e-6));
    for (const V& x : g) CHECK_THAT(static_cast<double>(x.item()), WithinRel(std::sqrt(0.5), error));
  }
  const auto tiny = V::full({4}, (std::numeric_limits<TestType>::min)());
  CHECK_THAT(gradient_norm<TestType>(std::vector<V>{tiny}),
             WithinRel(2 * static_cast<double>((std::numeric_limits<TestType>::min)()), 1e-7));
}

TEST_CASE("clipping leaves gradients that are not finite, or refuses them", "[optim]") {
  const double inf = std::numeric_limits<double>::infinity();
  for (const double bad : {inf, -inf, std::nan("")}) {
    TensorList<double> g{vector({3}), vector({0, bad}), vector({4})};
    CHECK(first_non_finite<double>(g) == 1);
    CHECK(!std::isfinite(clip_by_norm(g, 1)));
    CHECK((g[0](0) == 3 && g[1](0) == 0 && g[2](0) == 4));
    CHECK(error_of([&] { clip_by_norm(g, 1, NonFinite::refuse); }) ==
          "clip_by_norm: gradient 1 of shape (2,) is not finite");
  }
  TensorList<double> good{vector({3, 4})};
  CHECK(clip_by_norm(good, 1, NonFinite::refuse) == 5);
  CHECK(first_non_finite<double>(good) == 1);
  // Wherever it stands, and in every instruction set's loop.
  for (const auto isa : test::supported_isas()) {
    test::IsaScope scope(isa);
    for (Index at = 0; at < 45; ++at) {
      auto x = Tensor<float>::full({45}, -1e38f);
      CHECK(kernels::all_finite(x.data(), 45));
      x.set({at}, at % 2 ? std::numeric_limits<float>::infinity() : std::nanf(""));
      CHECK_FALSE(kernels::all_finite(x.data(), 45));
      CHECK(kernels::all_finite(x.data(), at));
    }
  }
}

namespace {

/// Calls f(name, make), make(w) being an optimiser of it, for each that keeps squares.
template <class T, class F>
void each_adaptive(F f) {
  using W = TensorList<T>;
  f("Adam", [](W w) { return std::make_unique<Adam<T>>(w); });
  f("Adam with amsgrad", [](W w) { return std::make_unique<Adam<T>>(w, AdamOptions{.amsgrad = true}); });
  f("RMSprop", [](W w) { return std::make_unique<RmsProp<T>>(w); });
  f("centred RMSprop", [](W w) { return std::make_unique<RmsProp<T>>(w, RmsPropOptions{.centered = true}); });
  f("Adagrad", [](W w) { return std::make_unique<Adagrad<T>>(w); });
  f("Adadelta", [](W w) { return std::make_unique<Adadelta<T>>(w); });
  f("NAdam", [](W w) { return std::make_unique<NAdam<T>>(w); });
  // Not RAdam: its first steps are as long as the gradient.
}

}  // namespace

TEST_CASE("a gradient whose square no float holds does not stop an optimiser", "[optim]") {
  std::vector<double> expected;  // by doubles, which hold the square
  each_adaptive<double>([&](const char*, auto make) {
    const auto w = vector({1});
    make({w})->step(TensorList<double>{vector({1e20})});
    expected.push_back(w(0));
  });
  for (const auto isa : test::supported_isas()) {
    test::IsaScope scope(isa);
    std::size_t row = 0;
    each_adaptive<float>([&](const char* name, auto make) {
      INFO(name << " on " << kernels::name(isa));
      auto w = parameter(Tensor<float>::full({11}, 1));
      const auto optimizer = make({w});
      const auto step = [&](float g) { optimizer->step(TensorList<float>{Tensor<float>::full({11}, g)}); };
      step(1e20f);
      CHECK_THAT(static_cast<double>(w(10)), WithinRel(expected[row++], 1e-6));
      w.fill(0);
      step(1);
      CHECK(w(0) < 0);
      CHECK(w(10) == w(0));
      step(std::numeric_limits<float>::infinity());  // stays to be seen
      CHECK(std::isnan(w(0)));
    });
  }
  // Of the mean of squares nothing is left in the end.
  auto w = parameter(Tensor<float>::scalar(0));
  RmsProp<float> rms({w}, {.rate = 1e-3});
  rms.step(TensorList<float>{Tensor<float>::scalar(1e20f)});
  for (int i = 0; i < 1000; ++i) rms.step(TensorList<float>{Tensor<float>::scalar(1)});
  w.fill(0);
  rms.step(TensorList<float>{Tensor<float>::scalar(1)});
  CHECK_THAT(static_cast<double>(w.item()), WithinRel(-1e-3, 1e-4));
}

TEST_CASE("a parameter is listed once", "[optim]") {
  const auto a = vector({1, 2}), b = vector({3}), twin = parameter(a);
  CHECK(error_of([&] {
          Sgd<double>({a, b, twin});
        }) == "optimizer: parameters 0 and 2 are one memory: list it once");
  CHECK(error_of([&] {
          Adam<double>({b, a, a});
        }) == "optimizer: parameters 1 and 2 are one memory: list it once");
  CHECK(error_of([&] {
          Ema<double>({a, a}, {vector({0, 0}), vector({0, 0})});
        }) == "Ema: averages 0 and 1 are one memory: list it once");
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
  const auto cycle = one_cycle(0.5, 10);
  CHECK_THAT(cycle(0), WithinRel(0.5 / 25, 1e-14));
  CHECK_THAT(cycle(9), WithinRel(0.5 / 25e4, 1e-12));
  CHECK(cycle(1000) == cycle(9));
  CHECK((one_cycle(1, 1)(0) > 0 && one_cycle(1, 4, {.pct_start = 1})(3) == 1));
  CHECK(
      error_of([] { one_cycle(1, 0); }) ==
      "one_cycle: expected total >= 1, pct_start in [0, 1] and positive factors, found 0, 0.3, 25 and 10000");
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
