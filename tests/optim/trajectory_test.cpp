// Ten steps of every optimiser, of gradient clipping and of the schedules against PyTorch's.
#include <functional>

#include "figment/autograd/grad.hpp"
#include "figment/ops/loss.hpp"
#include "figment/ops/matmul.hpp"
#include "figment/optim/adadelta.hpp"
#include "figment/optim/adagrad.hpp"
#include "figment/optim/adam.hpp"
#include "figment/optim/clip.hpp"
#include "figment/optim/lion.hpp"
#include "figment/optim/muon.hpp"
#include "figment/optim/nadam.hpp"
#include "figment/optim/radam.hpp"
#include "figment/optim/rmsprop.hpp"
#include "figment/optim/schedule.hpp"
#include "figment/optim/sgd.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/golden.hpp"

using namespace figment;

namespace {

const golden::Golden& values() {
  static const golden::Golden golden("optimizers");
  return golden;
}

// In units of epsilon * max(1, |value|): a loss and its gradient are a few dozen roundings of values near 1,
// ten steps carry them on, and 2.2 is the worst seen. 32 are 4e-6 in float, where the least that another
// formula changes (AdamW's decay) is 8e-4; AMSGrad's 3e-6 is told apart by adam_amsgrad_betas.
constexpr double units = 32;

template <class T>
using Make = std::function<std::unique_ptr<Optimizer<T>>(TensorList<T>)>;
/// Changes the gradients; returns their norm before, or 0.
template <class T>
using Clip = std::function<double(TensorList<T>&)>;

/// loss = mean((X W + b - Y)^2) + 0.1 sum(W^4), compared before each step, W and b after it.
template <class T>
void check_trajectory(const std::string& name, const Make<T>& make, const Clip<T>& clip = {}) {
  const auto& golden = values();
  const auto given = [&](const char* part) { return cast<T>(golden[std::string("problem.") + part]); };
  const auto expected = [&](const char* part) { return golden[name + "." + part]; };
  const auto losses = expected("loss"), ws = expected("W"), bs = expected("b");
  for (auto isa : test::supported_isas()) {
    test::IsaScope scope(isa);
    const auto x = given("X"), y = given("Y"), w = parameter(given("W0")), b = parameter(given("b0"));
    const auto optimizer = make({w, b});
    for (Index step = 0; step < 10; ++step) {
      INFO(name << " in " << 8 * sizeof(T) << " bits on " << kernels::name(isa) << ", step " << step);
      const auto loss = mse(matmul(x, w) + b, y) + T(0.1) * sum(square(square(w)));
      CHECK(test::difference(loss, select(losses, 0, step), units) == "");
      auto gradients = grad(loss, optimizer->parameters());
      if (clip) {
        const double norm = clip(gradients);
        if (norm > 0)
          CHECK_THAT(norm, WithinRel(expected("norm")(step), units * std::numeric_limits<T>::epsilon()));
      }
      optimizer->step(gradients);
      CHECK(test::difference(w, select(ws, 0, step), units) == "");
      CHECK(test::difference(b, select(bs, 0, step), units) == "");
    }
    CHECK(optimizer->steps() == 10);
  }
}

template <class O, class Options>
Make<typename O::value_type> with(Options options) {
  return [=](auto parameters) { return std::make_unique<O>(std::move(parameters), options); };
}

}  // namespace

TEMPLATE_TEST_CASE("SGD takes PyTorch's steps", "[optim]", float, double) {
  const auto check = [](const char* name, SgdOptions o) {
    check_trajectory<TestType>(name, with<Sgd<TestType>>(o));
  };
  check("sgd", {.rate = 0.1});
  check("sgd_momentum", {.rate = 0.05, .momentum = 0.9});
  check("sgd_nesterov", {.rate = 0.05, .momentum = 0.9, .nesterov = true});
  check("sgd_weight_decay", {.rate = 0.05, .momentum = 0.9, .weight_decay = 0.01});
}

TEMPLATE_TEST_CASE("RMSprop takes PyTorch's steps", "[optim]", float, double) {
  const auto check = [](const char* name, RmsPropOptions o) {
    check_trajectory<TestType>(name, with<RmsProp<TestType>>(o));
  };
  check("rmsprop", {.rate = 1e-2});
  check("rmsprop_momentum", {.rate = 1e-2, .momentum = 0.9});
  check("rmsprop_centered", {.rate = 1e-2, .centered = true});
}

TEMPLATE_TEST_CASE("Adam and AdamW take PyTorch's steps", "[optim]", float, double) {
  const auto check = [](const char* name, AdamOptions o) {
    check_trajectory<TestType>(name, with<Adam<TestType>>(o));
  };
  check("adam", {.rate = 1e-2});
  check("adam_amsgrad", {.rate = 1e-2, .amsgrad = true});
  check("adam_amsgrad_betas", {.rate = 0.1, .beta1 = 0.8, .beta2 = 0.5, .amsgrad = true});
  check("adam_weight_decay", {.rate = 1e-2, .weight_decay = 0.01});
  check_trajectory<TestType>("adamw", with<AdamW<TestType>>(AdamWOptions{.rate = 1e-2}));
}

TEMPLATE_TEST_CASE("Adadelta and Adagrad take PyTorch's steps", "[optim]", float, double) {
  using T = TestType;
  check_trajectory<T>("adadelta", with<Adadelta<T>>(AdadeltaOptions{}));
  check_trajectory<T>("adagrad", with<Adagrad<T>>(AdagradOptions{.rate = 0.1, .initial_accumulator = 0}));
  check_trajectory<T>("adagrad_initial", with<Adagrad<T>>(AdagradOptions{.rate = 0.1}));
  check_trajectory<T>("adadelta_weight_decay", with<Adadelta<T>>(AdadeltaOptions{.weight_decay = 0.1}));
  check_trajectory<T>(
      "adagrad_weight_decay",
      with<Adagrad<T>>(AdagradOptions{.rate = 0.1, .initial_accumulator = 0, .weight_decay = 0.1}));
}

TEMPLATE_TEST_CASE("NAdam and RAdam take PyTorch's steps", "[optim]", float, double) {
  using T = TestType;
  const auto nadam = [](const char* name, NAdamOptions o) { check_trajectory<T>(name, with<NAdam<T>>(o)); };
  nadam("nadam", {.rate = 1e-2});
  nadam("nadam_weight_decay", {.rate = 1e-2, .momentum_decay = 0.1, .weight_decay = 0.1});
  nadam("nadam_decoupled", {.rate = 1e-2, .weight_decay = 0.1, .decoupled = true});
  const auto radam = [](const char* name, RAdamOptions o) {
    o.epsilon = 1e-7;
    check_trajectory<T>(name, with<RAdam<T>>(o));
  };
  radam("radam", {.rate = 1e-2});
  radam("radam_betas", {.rate = 1e-2, .beta1 = 0.8, .beta2 = 0.9, .weight_decay = 0.1});
  radam("radam_decoupled", {.rate = 1e-2, .weight_decay = 0.1, .decoupled = true});
}

TEMPLATE_TEST_CASE("Lion takes the paper's steps", "[optim]", float, double) {
  using T = TestType;
  check_trajectory<T>("lion", with<Lion<T>>(LionOptions{.rate = 1e-2}));
  check_trajectory<T>(
      "lion_weight_decay",
      with<Lion<T>>(LionOptions{.rate = 1e-2, .beta1 = 0.8, .beta2 = 0.95, .weight_decay = 0.1}));
}

TEMPLATE_TEST_CASE("Muon takes PyTorch's steps, of a bias AdamW's", "[optim]", float, double) {
  using T = TestType;
  const auto check = [](const char* name, MuonOptions o) { check_trajectory<T>(name, with<Muon<T>>(o)); };
  check("muon", {.rate = 1e-2, .adamw_rate = 5e-3});
  check("muon_match_rms_adamw", {.rate = 2e-2,
                                 .momentum = 0.8,
                                 .nesterov = false,
                                 .iterations = 3,
                                 .scale = MuonScale::match_rms_adamw,
                                 .adamw_rate = 1e-2});
  check("muon_spectral", {.rate = 2e-2, .weight_decay = 0, .scale = MuonScale::spectral, .adamw_rate = 1e-2});
}

TEMPLATE_TEST_CASE("parameter groups step by rates and decays of their own", "[optim]", float, double) {
  using T = TestType;
  check_trajectory<T>("groups_adamw", [](TensorList<T> p) -> std::unique_ptr<Optimizer<T>> {
    const ParameterGroups<T> groups{{.parameters = {p[0]}, .rate_scale = 0.5},
                                    {.parameters = {p[1]}, .weight_decay = 0}};
    return std::make_unique<AdamW<T>>(groups, AdamWOptions{.rate = 1e-2, .weight_decay = 0.1});
  });
  check_trajectory<T>("groups_sgd", [](TensorList<T> p) -> std::unique_ptr<Optimizer<T>> {
    return std::unique_ptr<Optimizer<T>>(
        new Sgd<T>({{.parameters = {p[0]}, .weight_decay = 0.1}, {.parameters = {p[1]}, .rate_scale = 2}},
                   {.rate = 0.05, .momentum = 0.9}));
  });
}

TEMPLATE_TEST_CASE("clipped gradients are PyTorch's", "[optim]", float, double) {
  using T = TestType;
  const auto sgd = with<Sgd<T>>(SgdOptions{.rate = 0.1});
  check_trajectory<T>("clip_norm", sgd, [](auto& g) { return clip_by_norm(g, 0.5); });
  check_trajectory<T>("clip_norm_2.5", sgd, [](auto& g) { return clip_by_norm(g, 2.5); });
  check_trajectory<T>("clip_value", sgd, [](auto& g) { return clip_by_value(g, 0.05), 0.0; });
}

TEST_CASE("schedules are PyTorch's", "[optim]") {
  const auto check = [](const char* name, const Schedule& schedule) {
    INFO(name);
    const auto expected = values()[std::string("schedule_") + name + ".lr"];
    REQUIRE(expected.size() == 21);
    // PyTorch multiplies the last rate, we take a power: up to 20 roundings.
    for (Index t = 0; t < 21; ++t) CHECK_THAT(schedule(t), WithinRel(expected(t), 1e-14));
  };
  check("step", step_decay(0.1, 5, 0.5));
  check("exponential", exponential_decay(0.1, 0.9));
  check("cosine", cosine_decay(0.1, 20, 0.001));
  check("warmup", warm_up(constant_rate(0.1), 5));
  check("one_cycle", one_cycle(0.1, 21));
  check("one_cycle_linear",
        one_cycle(0.1, 21, {.pct_start = 0.4, .div_factor = 10, .final_div_factor = 100, .linear = true}));
  check("one_cycle_three_phases", one_cycle(0.1, 21, {.three_phase = true}));
}
