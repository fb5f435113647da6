// Everything that is tested of every operation, over the one list of cases.
#include "support/op_cases.hpp"

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "figment/autograd/gradcheck.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/golden.hpp"
#include "support/op_cases/integers.hpp"

using figment::GradOptions;
using figment::kernels::Isa;
using test::OpCase;

namespace {

template <class T>
const test::Function<T>& function_of(const OpCase& row) {
  if constexpr (std::is_same_v<T, double>)
    return row.f64;
  else
    return row.f32;
}

template <class T>
std::vector<figment::Tensor<T>> inputs_of(const OpCase& row) {
  std::vector<figment::Tensor<T>> inputs;
  for (const auto& x : row.inputs) inputs.push_back(figment::cast<T>(x));
  return inputs;
}

/// The output, then the gradients of a weighted sum of it by each input; the first weight may be given.
template <class T>
std::vector<figment::Tensor<T>> output_and_gradients(const OpCase& row,
                                                     std::vector<figment::Tensor<T>> inputs,
                                                     GradOptions options, T first_weight = 1) {
  for (auto& x : inputs) x = parameter(x);
  const auto y = function_of<T>(row)(inputs);
  auto dy = figment::cast<T>(test::random(y.shape(), {0.5, 1.5}, 5));
  if (first_weight != 1 && dy.size() > 0) dy.mutable_data()[0] = first_weight;
  const auto gradients = vjp(y, dy, inputs, options);
  std::vector<figment::Tensor<T>> all{y};
  all.insert(all.end(), gradients.begin(), gradients.end());
  return all;
}
template <class T>
std::vector<figment::Tensor<T>> output_and_gradients(const OpCase& row, GradOptions options = {}) {
  return output_and_gradients<T>(row, inputs_of<T>(row), options);
}

/// A gradient is a product of a few results within row.error, summed over what the input broadcast to or
/// was multiplied with; each term can add a unit.
double gradient_error(const OpCase& row, const figment::Shape& output, const figment::Shape& input) {
  figment::Index terms = output.size();
  for (const auto& x : row.inputs) terms = std::max(terms, x.size());
  return 2 * row.error +
         static_cast<double>(terms) / static_cast<double>(std::max<figment::Index>(1, input.size()));
}

std::string part(std::size_t i) { return i == 0 ? "output: " : "gradient " + std::to_string(i - 1) + ": "; }

/// Where recorded gradients differ from plain ones, or float ones from double ones.
std::string drift(const OpCase& row) {
  const GradOptions recorded{.create_graph = true};
  const auto plain = output_and_gradients<double>(row);
  const auto plain32 = output_and_gradients<float>(row);
  const auto recorded64 = output_and_gradients<double>(row, recorded);
  const auto recorded32 = output_and_gradients<float>(row, recorded);
  for (std::size_t i = 0; i < plain.size(); ++i) {
    const double ulps = gradient_error(row, plain[0].shape(), plain[i].shape());
    if (auto d = test::difference(recorded64[i], plain[i], ulps); !d.empty())
      return "recorded " + part(i) + d;
    if (auto d = test::difference(plain32[i], plain[i], ulps); !d.empty()) return "float " + part(i) + d;
    if (auto d = test::difference(recorded32[i], plain[i], ulps); !d.empty())
      return "recorded float " + part(i) + d;
  }
  return "";
}

/// Where two or three threads give other bits than one.
template <class T>
std::string thread_difference(const OpCase& row) {
  const auto computed_on = [&](int threads) {
    test::ThreadScope scope(threads);
    return output_and_gradients<T>(row);
  };
  const auto one = computed_on(1);
  for (int threads : {2, 3}) {
    const auto many = computed_on(threads);
    for (std::size_t i = 0; i < one.size(); ++i)
      if (auto d = test::bit_difference(one[i], many[i]); !d.empty())
        return std::to_string(threads) + " threads, " + part(i) + d;
  }
  return "";
}

using Overloads = std::map<std::string, std::size_t>;

/// Adds the public functions of a header that take or give tensors, masks or positions, and how many
/// overloads each has. A forward declaration and its definition are one.
void add_public_functions(std::istream& header, Overloads& functions) {
  bool in_detail = false;
  std::string declaration;  // from its first line, which begins in column 0, to its ) {
  for (std::string line; std::getline(header, line);) {
    if (line.rfind("namespace detail", 0) == 0 || line == "namespace figment::detail {") in_detail = true;
    if (line.rfind("}  // namespace detail", 0) == 0 || line == "}  // namespace figment::detail")
      in_detail = false;
    if (in_detail) continue;
    if (declaration.empty()) {
      const std::string first = line.substr(0, line.find_first_of(" <("));
      static const std::set<std::string> others{"",     "namespace", "template", "struct",    "class",
                                                "enum", "using",     "concept",  "}",         "};",
                                                "#",    "//",        "///",      "constexpr", "static"};
      if (line.find('(') == std::string::npos || line[0] == ' ' || line[0] == '#' || others.count(first) > 0)
        continue;
    }
    declaration += line + "\n";
    const char last = line.empty() ? ' ' : line.back();
    if (last != '{' && last != ';' && last != '}') continue;
    // "Tensor<T> sum(", or "Tensor<T>(max)(" against a macro of that name.
    const bool guarded = declaration.find(")(") < declaration.find_first_of(" \n", declaration.find('('));
    const std::size_t open = guarded ? declaration.find(")(") : declaration.find('(');
    std::size_t begin = declaration.rfind("operator", open);
    if (begin == std::string::npos)
      for (begin = open; begin > 0 && std::string(" (>:").find(declaration[begin - 1]) == std::string::npos;)
        --begin;
    const bool member = begin > 0 && declaration[begin - 1] == ':';  // its function has a row
    const std::string name = declaration.substr(begin, open - begin);
    const bool of_tensors = !member && (declaration.find("Tensor<") != std::string::npos ||
                                        declaration.find("Indices") != std::string::npos ||
                                        declaration.find("Mask") != std::string::npos);
    if (of_tensors && last != ';') ++functions[name];
    if (of_tensors) functions.try_emplace(name, 0);
    declaration.clear();
  }
}

Overloads public_functions() {
  namespace fs = std::filesystem;
  const fs::path root = fs::path(FIGMENT_SOURCE_DIR) / "include" / "figment";
  std::vector<fs::path> headers{root / "autograd" / "arithmetic.hpp"};
  for (const auto& entry : fs::directory_iterator(root / "ops")) headers.push_back(entry.path());
  Overloads functions;
  for (const auto& path : headers) {
    std::ifstream file(path);
    add_public_functions(file, functions);
  }
  return functions;
}

/// What is wrong between functions and the rows "name" or "name/overload" that try them.
std::vector<std::string> without_rows(const Overloads& functions, const std::set<std::string>& rows) {
  std::map<std::string, std::set<std::string>> tried;
  for (const std::string& op : rows) {
    // The slash of operator/ is not the one before an overload's name.
    const std::size_t slash = op.find('/', op.rfind("operator/", 0) == 0 ? 9 : 0);
    tried[op.substr(0, slash)].insert(slash == std::string::npos ? "" : op.substr(slash));
  }
  std::vector<std::string> wrong;
  for (const auto& [name, overloads] : functions)
    if (tried[name].size() < overloads)
      wrong.push_back(name + " has " + std::to_string(overloads) + " overloads and rows of " +
                      std::to_string(tried[name].size()) + ": add rows to tests/support/op_cases");
  for (const auto& [name, overloads] : tried)
    if (functions.count(name) == 0) wrong.push_back(name + " has rows and is no public function");
  return wrong;
}

}  // namespace

TEST_CASE("every public function of tensors has a row for each overload", "[ops]") {
  std::set<std::string> rows{"matmul/two types"};  // which only refuses: tests/compile_fail
  for (const OpCase& row : test::op_cases()) rows.insert(row.op);
  for (const test::IntegerCase& row : test::integer_cases()) rows.insert(row.op);
  const Overloads functions = public_functions();
  REQUIRE(functions.size() > 70);  // the scan found the headers
  CHECK(without_rows(functions, rows) == std::vector<std::string>{});
}

TEST_CASE("a public function without a row is seen", "[ops]") {
  std::istringstream header(R"(
namespace figment {
namespace detail {
template <class T>
Tensor<T> hidden(const Tensor<T>& x) {
}
}  // namespace detail
template <class T>
Tensor<T> sum(const Tensor<T>& x);
template <class T>
Tensor<T> sum(const Tensor<T>& x) {
  return helper(x);
}
template <std::integral T>
Indices sum(const Tensor<T>& x, const Axes& axes = {},
            Dims dims = Dims::drop) {
}
template <std::integral T>
Tensor<T>(max)(const Tensor<T>& x) {
}
Mask operator&(const Mask& a, const Mask& b) { return a; }
template <class T>
Tensor<T>& operator*=(Tensor<T>& x, const Tensor<T>& y) {
}
template <class A, class B>
requires detail::Compared<A, B> Mask operator>(const A& a, const B& b) {
}
template <class T>
auto Tensor<T>::operator[](Index i) const {
}
template <class T>
auto Tensor<T>::t() const {
}
template <class T, detail::OtherThan<T> B>
auto operator/(const Tensor<T>& x,
               const Tensor<B>& y) {
}
inline Index count(
    const Indices& x) {
}
inline double of_numbers(double x) { return x; }
}  // namespace figment
)");
  Overloads found;
  add_public_functions(header, found);
  CHECK(found == Overloads{{"sum", 2},
                           {"max", 1},
                           {"operator&", 1},
                           {"operator*=", 1},
                           {"operator>", 1},
                           {"operator/", 1},
                           {"count", 1}});
  std::set<std::string> rows{
      "sum", "sum/integers", "max", "operator&", "operator*=", "operator>", "operator//real", "count"};
  CHECK(without_rows(found, rows).empty());
  for (const std::string& op : std::set<std::string>(rows)) {
    rows.erase(op);
    CHECK(without_rows(found, rows).size() == 1);
    rows.insert(op);
  }
  rows.insert("gone");
  CHECK(without_rows(found, rows) == std::vector<std::string>{"gone has rows and is no public function"});
}

TEST_CASE("operations of integers and masks, and others without gradients, equal the reference", "[ops]") {
  for (const test::IntegerCase& row : test::integer_cases()) {
    INFO(row.name());
    CHECK(test::difference(row.found(), row.expected, 0) == "");
  }
}

TEST_CASE("forward values equal the reference", "[ops]") {
  for (const OpCase& row : test::op_cases()) {
    INFO(row.name());
    const auto expected = row.reference(row.inputs);
    const auto inputs = inputs_of<float>(row);
    for (Isa isa : test::supported_isas()) {
      INFO("on " << name(isa));
      test::IsaScope scope(isa);
      CHECK(test::difference(row.f64(row.inputs), expected, row.error) == "");
      CHECK(test::difference(row.f32(inputs), expected, row.error) == "");
    }
  }
}

TEST_CASE("first and second gradients equal finite differences", "[ops]") {
  for (const OpCase& row : test::op_cases()) {
    if (!row.differences) continue;
    INFO(row.name());
    for (Isa isa : test::supported_isas()) {
      INFO("on " << name(isa));
      test::IsaScope scope(isa);
      // At a step of 1e-5 the differences are good to 1e-10 (the third derivative's part) + 1e-11 |f|
      // (rounding); third derivatives here are under a thousand.
      CHECK(gradcheck(row.f64, row.inputs, {.tolerance = 1e-6}).message == "");
    }
  }
}

// Plain gradients run fused kernels, recorded ones are composed of operations: they must not drift apart,
// at kinks either.
TEST_CASE("recorded gradients equal plain ones, and float ones double ones", "[ops]") {
  for (const OpCase& row : test::op_cases()) {
    INFO(row.name());
    for (Isa isa : test::supported_isas()) {
      INFO("on " << name(isa));
      test::IsaScope scope(isa);
      CHECK(drift(row) == "");
    }
  }
}

// The points are 0, -0, bends, infinities, NaN, 1e30, 1e-30 and 1e-40, which is below float's normal numbers;
// of two operands each with each.
TEMPLATE_TEST_CASE("where functions end, bend or leave the numbers they equal PyTorch's", "[ops]", float,
                   double) {
  using T = TestType;
  static const golden::Golden golden("special");
  std::set<std::string> done;
  for (const OpCase& row : test::op_cases()) {
    if (row.special.empty() || !done.insert(row.special).second) continue;
    INFO(row.special);
    const std::vector<std::string> names =
        row.inputs.size() == 1 ? std::vector<std::string>{"x"} : std::vector<std::string>{"a", "b"};
    std::vector<figment::Tensor<T>> x;
    for (const auto& input : names) x.push_back(parameter(figment::cast<T>(golden["points." + input])));
    const std::string prefix = row.special + (sizeof(T) == 4 ? ".f32." : ".f64.");
    const auto expected = golden[prefix + "y"];
    for (Isa isa : test::supported_isas()) {
      INFO("on " << name(isa));
      test::IsaScope scope(isa);
      const auto y = function_of<T>(row)(x);
      CHECK(test::special_difference(y, expected, row.error) == "");
      for (const bool recorded : {false, true}) {
        const auto dx = vjp(y, figment::Tensor<T>::ones(y.shape()), x, {.create_graph = recorded});
        for (std::size_t i = 0; i < x.size(); ++i) {
          INFO((recorded ? "recorded d" : "d") << names[i]);
          // Where the value is no number, or either operand, nothing is said of the gradient.
          auto ours = dx[i].clone();
          auto theirs = golden[prefix + "d" + names[i]];
          for (figment::Index k = 0; k < ours.size(); ++k)
            if (std::isnan(expected.data()[k]) || std::isnan(x[0].data()[k]) ||
                std::isnan(x.back().data()[k]))
              ours.mutable_data()[k] = 0, theirs.mutable_data()[k] = 0;
          CHECK(test::special_difference(ours, theirs, row.error) == "");
        }
      }
    }
  }
  CHECK(done.size() > 40);
}

// In one element, in all of an input, and in dy, as a slope that is infinite gives it.
TEMPLATE_TEST_CASE("recorded gradients equal plain ones where numbers end", "[ops]", float, double) {
  using T = TestType;
  using Limits = std::numeric_limits<T>;
  std::map<std::string, int> count;
  std::set<std::string> differ;
  for (const OpCase& row : test::op_cases()) {
    figment::Index most = 0;
    for (const auto& x : row.inputs) most = std::max(most, x.size());
    if (most == 0 || most > 200 || ++count[row.op] > (test::quick() ? 2 : 8)) continue;
    const auto compare = [&](const std::string& what, const std::vector<figment::Tensor<T>>& x, T weight) {
      const auto plain = output_and_gradients<T>(row, x, {}, weight);
      const auto recorded = output_and_gradients<T>(row, x, {.create_graph = true}, weight);
      for (std::size_t i = 0; i < plain.size(); ++i) {
        double largest = 1;
        for (const T v : plain[i].values())
          if (std::isfinite(v)) largest = std::max(largest, std::abs(static_cast<double>(v)));
        if (auto d = test::special_difference(recorded[i], figment::cast<double>(plain[i]), 64, largest);
            !d.empty())
          differ.insert(row.name() + ", " + what + ", " + part(i) + d);
      }
    };
    for (Isa isa : test::supported_isas()) {
      test::IsaScope scope(isa);
      compare("infinite dy", inputs_of<T>(row), Limits::infinity());
      for (std::size_t i = 0; i < row.inputs.size(); ++i) {
        if (row.inputs[i].size() == 0) continue;
        for (const T v : {T(0), Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN(), T(1e30),
                          T(-1e30), T(1e-30), Limits::denorm_min()}) {
          // The squares of its distances from their mean are beyond float.
          const bool normed = row.op == "batch_norm/own" || row.op == "group_norm";
          if (sizeof(T) == 4 && normed && std::abs(v) == T(1e30)) continue;
          const std::string where = figment::format("input {} with {}", i, v);
          auto x = inputs_of<T>(row);
          x[i] = x[i].clone();
          x[i].mutable_data()[x[i].size() / 2] = v;
          compare(where, x, 1);
          // Of keys or values that are all alike what is left is the rounding of terms of that size.
          if (row.op == "scaled_dot_product_attention" && std::abs(v) == T(1e30)) continue;
          x[i].fill(v);
          compare(where + " alone", x, 1);
        }
      }
    }
  }
  for (const auto& d : differ) FAIL_CHECK(d);
}

TEST_CASE("results do not depend on the number of threads", "[ops]") {
  for (const OpCase& row : test::op_cases()) {
    INFO(row.name());
    CHECK(thread_difference<double>(row) == "");
    CHECK(thread_difference<float>(row) == "");
  }
}

// Four threads split 52 columns at 48: the last four alone would be a narrow product, which sums otherwise.
TEMPLATE_TEST_CASE("few columns left to the last thread are summed as the others are", "[ops]", float,
                   double) {
  const auto a = figment::cast<TestType>(test::random({52, 4000}, {}, 1));
  const auto b = figment::cast<TestType>(test::random({4000, 52}, {}, 2));
  for (Isa isa : test::supported_isas()) {
    INFO("on " << name(isa));
    test::IsaScope scope(isa);
    const auto product_on = [&](int threads) {
      test::ThreadScope scope_of_threads(threads);
      return matmul(a, b);
    };
    CHECK(test::bit_difference(product_on(4), product_on(1)) == "");
  }
}
