// Choosing the instruction set.
#include "figment/kernels/isa.hpp"

#include <cstdlib>

#include "support/catch.hpp"
#include "support/compare.hpp"

namespace kernels = figment::kernels;

namespace {

/// FIGMENT_ISA as given, until the end of the scope.
class Environment {
 public:
  explicit Environment(const char* value) {
    if (const char* v = std::getenv("FIGMENT_ISA")) before_ = v, had_ = true;
    if (value)
      ::setenv("FIGMENT_ISA", value, 1);
    else
      ::unsetenv("FIGMENT_ISA");
  }
  ~Environment() {
    if (had_)
      ::setenv("FIGMENT_ISA", before_.c_str(), 1);
    else
      ::unsetenv("FIGMENT_ISA");
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  std::string before_;
  bool had_ = false;
};

}  // namespace

TEST_CASE("FIGMENT_ISA chooses the instruction set", "[kernels]") {
  for (auto isa : test::supported_isas()) {
    Environment set(std::string(name(isa)).c_str());
    CHECK(kernels::detail::choose() == isa);
  }
}

TEST_CASE("without FIGMENT_ISA the best supported one is chosen", "[kernels]") {
  const auto best = test::supported_isas().back();
  {
    Environment unset(nullptr);
    CHECK(kernels::detail::choose() == best);
  }
  Environment empty("");
  CHECK(kernels::detail::choose() == best);
}

TEST_CASE("an unknown FIGMENT_ISA is an error that lists the known ones", "[kernels]") {
  std::string known;
  for (auto isa : test::supported_isas()) known.append(known.empty() ? "" : ", ").append(name(isa));
  Environment set("sse9");
  CHECK_THROWS_WITH(kernels::detail::choose(),
                    "FIGMENT_ISA: expected one of " + known + " on this CPU, found 'sse9'");
}

TEST_CASE("use_isa switches the kernels", "[kernels]") {
  const auto before = kernels::isa();
  for (auto isa : test::supported_isas()) {
    test::IsaScope scope(isa);
    CHECK(kernels::isa() == isa);
  }
  CHECK(kernels::isa() == before);
  CHECK(kernels::supported(kernels::Isa::reference));
}
