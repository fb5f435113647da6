// Which instruction set the kernels run on: chosen from the CPU at the first use.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define FIGMENT_X86 1
#else
#define FIGMENT_X86 0
#endif

namespace figment::kernels {

using Index = std::ptrdiff_t;

/// The instruction sets kernels are compiled for. `reference` is plain loops, always there.
enum class Isa { reference, avx2 };

inline constexpr Isa all_isas[] = {Isa::reference, Isa::avx2};

inline std::string_view name(Isa isa) {
  switch (isa) {
    case Isa::avx2:
      return "avx2";
    default:
      return "reference";
  }
}

/// This build and this CPU can run it.
inline bool supported(Isa isa) {
  if (isa == Isa::reference) return true;
#if FIGMENT_X86
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
  return false;
#endif
}

namespace detail {

inline Isa choose() {
  Isa best = Isa::reference;
  std::string known;
  const char* wanted = std::getenv("FIGMENT_ISA");
  for (Isa isa : all_isas) {
    if (!supported(isa)) continue;
    best = isa;
    if (wanted && name(isa) == wanted) return isa;
    known.append(known.empty() ? "" : ", ").append(name(isa));
  }
  if (wanted && *wanted)
    throw std::runtime_error("FIGMENT_ISA: expected one of " + known + " on this CPU, found '" + wanted +
                             "'");
  return best;
}

inline std::atomic<Isa>& active() {
  static std::atomic<Isa> isa{choose()};
  return isa;
}

}  // namespace detail

/// The instruction set in use: the best the CPU has, or what FIGMENT_ISA names.
inline Isa isa() { return detail::active().load(std::memory_order_relaxed); }

/// Switches every later kernel call; for tests and benchmarks.
inline void use_isa(Isa wanted) {
  if (!supported(wanted))
    throw std::runtime_error("use_isa: " + std::string(name(wanted)) + " is not supported here");
  detail::active().store(wanted, std::memory_order_relaxed);
}

/// One kernel's row in the table: the same function for each instruction set. Rows are templates, so a
/// program compiles only the kernels it uses.
template <class F>
struct Row {
  F* reference;
  F* avx2;

  F* operator*() const { return isa() == Isa::avx2 ? avx2 : reference; }
};
template <class F>
Row(F*, F*) -> Row<F>;

}  // namespace figment::kernels
