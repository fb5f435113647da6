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
#if defined(__aarch64__) && (defined(__GNUC__) || defined(__clang__))
#define FIGMENT_ARM64 1
#else
#define FIGMENT_ARM64 0
#endif

namespace figment::kernels {

using Index = std::ptrdiff_t;

/// The instruction sets kernels are compiled for. `reference` is plain loops, always there.
enum class Isa { reference, avx2, avx512, neon };

/// Those of this build's architecture, the best last.
#if FIGMENT_X86
inline constexpr Isa all_isas[] = {Isa::reference, Isa::avx2, Isa::avx512};
#elif FIGMENT_ARM64
inline constexpr Isa all_isas[] = {Isa::reference, Isa::neon};
#else
inline constexpr Isa all_isas[] = {Isa::reference};
#endif

inline std::string_view name(Isa isa) {
  switch (isa) {
    case Isa::avx2:
      return "avx2";
    case Isa::avx512:
      return "avx512";
    case Isa::neon:
      return "neon";
    default:
      return "reference";
  }
}

/// This build and this CPU can run it.
inline bool supported(Isa isa) {
#if FIGMENT_X86
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (isa == Isa::avx2) return avx2;
  if (isa == Isa::avx512)
    return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
#elif FIGMENT_ARM64
  if (isa == Isa::neon) return true;  // every 64-bit ARM has it
#endif
  return isa == Isa::reference;
}

namespace detail {

[[noreturn, gnu::cold]] inline void no_such_isa(std::string_view wanted) {
  std::string text = "FIGMENT_ISA: expected one of ";
  for (Isa isa : all_isas)
    if (supported(isa)) (text += isa == Isa::reference ? "" : ", ") += name(isa);
  ((text += " on this CPU, found '") += wanted) += "'";
  throw std::runtime_error(text);
}

[[gnu::cold]] inline Isa choose() {
  Isa best = Isa::reference;
  const char* wanted = std::getenv("FIGMENT_ISA");
  for (Isa isa : all_isas) {
    if (!supported(isa)) continue;
    best = isa;
    if (wanted && name(isa) == wanted) return isa;
  }
  if (wanted && *wanted) no_such_isa(wanted);
  return best;
}

inline std::atomic<Isa>& active() {
  static std::atomic<Isa> isa{choose()};
  return isa;
}

}  // namespace detail

// Out of line: every kernel's caller asks.
/// The instruction set in use: the best the CPU has, or what FIGMENT_ISA names.
[[gnu::noinline]] inline Isa isa() { return detail::active().load(std::memory_order_relaxed); }

/// Switches every later kernel call; for tests and benchmarks.
inline void use_isa(Isa wanted) {
  if (!supported(wanted))
    throw std::runtime_error("use_isa: " + std::string(name(wanted)) + " is not supported here");
  detail::active().store(wanted, std::memory_order_relaxed);
}

/// One kernel's row in the table, the same function for each of all_isas: the one to call. Kernels are
/// templates, so a program compiles only those it uses.
template <class F>
F* pick(F* reference, F* neon) {
  return isa() == Isa::reference ? reference : neon;
}
template <class F>
F* pick(F* reference, F* avx2, F* avx512) {
  const Isa active = isa();
  return active == Isa::reference ? reference : active == Isa::avx2 ? avx2 : avx512;
}

}  // namespace figment::kernels
