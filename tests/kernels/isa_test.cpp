// Choosing the instruction set.
#include "figment/kernels/isa.hpp"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/compare.hpp"

namespace kernels = figment::kernels;
using kernels::Isa;

namespace {

constexpr Isa every_isa[] = {Isa::reference, Isa::avx2, Isa::avx512, Isa::neon};

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

TEST_CASE("an unknown FIGMENT_ISA, or one this CPU lacks, is an error that lists the known ones",
          "[kernels]") {
  std::string known;
  for (auto isa : test::supported_isas()) known.append(known.empty() ? "" : ", ").append(name(isa));
  std::vector<std::string> unknown{"sse9"};
  for (auto isa : every_isa)
    if (!kernels::supported(isa)) unknown.emplace_back(name(isa));
  for (const auto& wanted : unknown) {
    Environment set(wanted.c_str());
    CHECK_THROWS_WITH(kernels::detail::choose(),
                      "FIGMENT_ISA: expected one of " + known + " on this CPU, found '" + wanted + "'");
  }
}

TEST_CASE("instruction sets have names of their own", "[kernels]") {
  std::set<std::string> names;
  for (auto isa : every_isa) names.emplace(name(isa));
  CHECK(names == std::set<std::string>{"avx2", "avx512", "neon", "reference"});
}

TEST_CASE("only this architecture's instruction sets are supported", "[kernels]") {
  for (auto isa : every_isa) {
    INFO(name(isa));
    const bool listed = std::find(std::begin(kernels::all_isas), std::end(kernels::all_isas), isa) !=
                        std::end(kernels::all_isas);
    CHECK((listed || !kernels::supported(isa)));
  }
  CHECK(kernels::supported(Isa::reference));
  // Kernels that only AVX-512 compiles call AVX2's.
  CHECK((!kernels::supported(Isa::avx512) || kernels::supported(Isa::avx2)));
}

TEST_CASE("use_isa refuses what is not supported, and changes nothing", "[kernels]") {
  const auto before = kernels::isa();
  for (auto isa : every_isa) {
    if (kernels::supported(isa)) continue;
    CHECK_THROWS_WITH(kernels::use_isa(isa), "use_isa: " + std::string(name(isa)) + " is not supported here");
    CHECK(kernels::isa() == before);
  }
}

TEST_CASE("each instruction set picks its own kernel", "[kernels]") {
  // As kernels.hpp writes a row, in the order of all_isas.
  using Kernel = int();
  Kernel* const first = [] { return 0; };
  Kernel* const second = [] { return 1; };
  Kernel* const third = [] { return 2; };
  int n = 0;
  for (auto isa : kernels::all_isas) {
    if (kernels::supported(isa)) {
      test::IsaScope scope(isa);
      INFO("on " << name(isa));
      if (std::size(kernels::all_isas) == 2) CHECK((*kernels::pick(first, second))() == n);
      if (std::size(kernels::all_isas) == 3) CHECK((*kernels::pick(first, second, third))() == n);
    }
    ++n;
  }
}

TEST_CASE("use_isa switches the kernels", "[kernels]") {
  const auto before = kernels::isa();
  for (auto isa : test::supported_isas()) {
    test::IsaScope scope(isa);
    CHECK(kernels::isa() == isa);
  }
  CHECK(kernels::isa() == before);
}
