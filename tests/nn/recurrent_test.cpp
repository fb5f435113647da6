// Lstm and Gru against PyTorch, and beyond their values.
#include "figment/autograd/gradcheck.hpp"
#include "figment/nn/gru.hpp"
#include "figment/nn/lstm.hpp"
#include "figment/nn/sequential.hpp"
#include "figment/nn/summary.hpp"
#include "figment/ops/reduce.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/error_of.hpp"
#include "support/golden.hpp"
#include "support/heap_calls.hpp"

using namespace figment;
using test::error_of;

namespace {

// Sums of at most a hundred terms in another order, through four steps and two layers.
constexpr double recurrent_units = 512;
// Outputs are below 1 and of shorter sums: in float too they are good to 1e-6, which is this many units.
constexpr double output_units = 8;

template <class T>
std::vector<Tensor<T>> tensors_of(const LstmState<T>& s) {
  return {s.hidden, s.cell};
}
template <class T>
std::vector<Tensor<T>> tensors_of(const Tensor<T>& s) {
  return {s};
}

/// Of a module's outputs y and the last state, and their gradients by x, the first state and the weights.
template <class L, class State>
void check_recurrent_golden(const std::string& name, Index in, Index units, const RecurrentOptions& options,
                            bool given) {
  using T = typename L::value_type;
  static const golden::Golden golden("recurrent");
  const auto get = [&](const std::string& part) { return golden[name + "." + part]; };
  for (auto isa : test::supported_isas()) {
    INFO(name << " in " << 8 * sizeof(T) << " bits on " << kernels::name(isa));
    test::IsaScope scope(isa);
    Rng rng(1);
    L layer(in, units, rng, options);
    std::vector<std::string> names{"x"};
    std::vector by{parameter(cast<T>(get("x")))};
    State first;
    if (given) {
      const auto state = [&](const char* part) {
        names.push_back(part), by.push_back(parameter(cast<T>(get(part))));
        return by.back();
      };
      if constexpr (std::is_same_v<State, LstmState<T>>)
        first.hidden = state("first_h"), first.cell = state("first_c");
      else
        first = state("first_h");
    }
    for_each_tensor(layer, [&](const std::string& path, Tensor<T>& t, bool) {
      t.copy_from(cast<T>(get(path)));
      names.push_back(path), by.push_back(t);
    });
    const auto [y, last] = layer.forward(by[0], first);
    CHECK(test::difference(y, get("y"), output_units) == "");
    if (!given) CHECK(test::bit_difference(layer(by[0]), y) == "");
    auto loss = sum(y * cast<T>(get("dy")));
    const char* const parts[] = {"last_h", "last_c"};
    const auto ends = tensors_of(last);
    for (std::size_t i = 0; i < ends.size(); ++i) {
      CHECK(test::difference(ends[i], get(parts[i]), output_units) == "");
      loss = loss + sum(ends[i] * cast<T>(get(std::string("d") + parts[i])));
    }
    for (const bool create_graph : {false, true}) {
      const auto gradients = grad(loss, by, {.create_graph = create_graph});
      for (std::size_t i = 0; i < by.size(); ++i) {
        INFO(names[i]);
        CHECK(test::difference(gradients[i], get("d" + names[i]), recurrent_units) == "");
      }
    }
  }
}

template <class L>
std::vector<std::string> names_in(L& layer) {
  std::vector<std::string> names;
  for (const auto& [name, t] : named_tensors(layer)) names.push_back(name);
  return names;
}

}  // namespace

TEMPLATE_TEST_CASE("recurrent layers equal PyTorch's", "[nn]", float, double) {
  using T = TestType;
  check_recurrent_golden<Lstm<T>, LstmState<T>>("lstm_two_layers", 3, 5, {.layers = 2}, true);
  check_recurrent_golden<Lstm<T>, LstmState<T>>("lstm_plain", 4, 9, {.bias = false}, false);
  check_recurrent_golden<Lstm<T>, LstmState<T>>("lstm_one_step", 2, 1, {}, true);
  check_recurrent_golden<Gru<T>, Tensor<T>>("gru_two_layers", 3, 5, {.layers = 2}, true);
  check_recurrent_golden<Gru<T>, Tensor<T>>("gru_plain", 4, 9, {.bias = false}, false);
  check_recurrent_golden<Gru<T>, Tensor<T>>("gru_one_step", 2, 1, {}, true);
}

TEST_CASE("a sequence in two parts, the state handed on, is the whole", "[nn]") {
  Rng rng(3);
  const Lstm lstm(3, 4, rng, {.layers = 2});
  const Gru gru(3, 4, rng, {.layers = 2});
  const auto x = rng.normal({2, 7, 3});
  const auto whole = lstm.forward(x, {});
  const auto begin = lstm.forward(slice(x, 1, 0, 3), {});
  const auto end = lstm.forward(slice(x, 1, 3, 7), begin.state.detach());
  CHECK(test::bit_difference(concat({begin.output, end.output}, 1), whole.output) == "");
  CHECK(test::bit_difference(end.state.hidden, whole.state.hidden) == "");
  CHECK(test::bit_difference(end.state.cell, whole.state.cell) == "");
  CHECK(!begin.state.detach().hidden.tracked());
  const auto all = gru.forward(x, {});
  const auto [first, state] = gru.forward(slice(x, 1, 0, 3), {});
  const auto second = gru.forward(slice(x, 1, 3, 7), state.detach());
  CHECK(test::bit_difference(concat({first, second.output}, 1), all.output) == "");
  CHECK(test::bit_difference(second.state, all.state) == "");
  // Without recording the same bits, by less memory.
  CHECK(test::bit_difference(no_grad([&] { return lstm(x); }), whole.output) == "");
  CHECK(test::bit_difference(no_grad([&] { return gru(x); }), all.output) == "");
}

TEST_CASE("recurrent layers' names, options and messages", "[nn]") {
  Rng rng(1);
  Lstm lstm(3, 5, rng, {.layers = 2});
  CHECK(names_in(lstm) == std::vector<std::string>{"weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0",
                                                   "weight_ih_l1", "weight_hh_l1", "bias_ih_l1",
                                                   "bias_hh_l1"});
  CHECK(lstm.describe() == "Lstm(3, 5, layers 2)");
  for (const auto& p : parameters(lstm))
    for (const float v : p.values()) CHECK(std::abs(v) <= 0.4472136f);  // 1 / sqrt(5)
  Gru gru(3, 5, rng, {.bias = false});
  CHECK(names_in(gru) == std::vector<std::string>{"weight_ih_l0", "weight_hh_l0"});
  CHECK(gru.describe() == "Gru(3, 5, no bias)");
  CHECK_THAT(summary(gru, {7, 3}), ContainsSubstring("Gru(3, 5, no bias)  (N, 7, 5)         120"));

  const auto ones = [](const Shape& s) { return Tensor<float>::ones(s); };
  CHECK(error_of([&] {
          lstm(ones({2, 4, 6}));
        }) == "Lstm(3, 5, layers 2): Lstm: expected sequences (N, L, 3) of 1 or more steps, found (2, 4, 6)");
  CHECK(error_of([&] {
          gru(ones({2, 0, 3}));
        }) == "Gru(3, 5, no bias): Gru: expected sequences (N, L, 3) of 1 or more steps, found (2, 0, 3)");
  CHECK(error_of([&] {
          gru.forward(ones({2, 4, 3}), ones({2, 2, 5}));
        }) == "Gru: expected a state (1, 2, 5), found (2, 2, 5)");
  CHECK(error_of([&] { Lstm(0, 5, rng); }) == "Lstm: expected sizes and layers of 1 or more, found 0, 5, 1");
  CHECK(error_of([&] {
          figment::lstm(ones({2, 1, 8}), ones({3, 8}));
        }) == "lstm: expected a recurrent weight (units, 4 units), found (3, 8)");
  CHECK(error_of([&] {
          figment::lstm(ones({2, 1, 9}), ones({2, 8}));
        }) == "lstm: expected gates (L, N, 8) of 1 or more steps, found (2, 1, 9)");
  CHECK(error_of([&] {
          figment::gru(ones({2, 1, 6}), ones({2, 6}), ones({5}));
        }) == "gru: bias (5,) for recurrent weight (2, 6)");
  CHECK(error_of([&] {
          figment::gru(ones({2, 1, 6}), ones({2, 6}), {}, ones({2, 2}));
        }) == "gru: expected a state (1, 2), found (2, 2)");
}

TEST_CASE("steps through recurrent layers take nothing from the heap", "[nn]") {
  if (!test::counts_heap_calls) return;
  Rng rng(3);
  Sequential net{Lstm(6, 16, rng, {.layers = 2}), Gru(16, 5, rng)};
  const auto weights = parameters(net);
  const auto x = rng.normal({8, 9, 6});
  long before = 0;
  for (int step = 0; step < 10; ++step) {
    if (step == 5) before = test::heap_calls();
    grad(sum(square(net.forward(x))), weights);
  }
  CHECK(test::heap_calls() == before);
}
