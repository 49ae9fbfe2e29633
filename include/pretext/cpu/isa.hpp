// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "pretext/core/config.hpp"
#include "pretext/core/error.hpp"

// Kernels are written once over the width of a vector, in GCC's and Clang's vector extensions, and built here
// for each instruction set. A function that a kernel calls is PRETEXT_INLINE, to be built for its set. With
// PRETEXT_ONE_ISA defined they are built for the compiler's target alone: less to build, for this CPU only.

namespace pretext::cpu {

/// The instruction sets that kernels are built for, narrow to wide.
enum class Isa { portable, avx2, avx512 };

inline constexpr std::string_view to_string(Isa isa) {
  return isa == Isa::avx512 ? "avx512" : isa == Isa::avx2 ? "avx2" : "portable";
}

#if defined(PRETEXT_ONE_ISA)
#if defined(__AVX512F__) && defined(__AVX512VL__) && defined(__AVX512BW__) && defined(__AVX512DQ__)
inline constexpr Isa only_isa = Isa::avx512;
#elif defined(__AVX2__) && defined(__FMA__)
inline constexpr Isa only_isa = Isa::avx2;
#else
inline constexpr Isa only_isa = Isa::portable;
#endif
#endif

/// The widest set that this CPU has and kernels are built for.
inline Isa widest_isa() {
#if defined(PRETEXT_ONE_ISA)
  return only_isa;
#elif defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq"))
    return Isa::avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return Isa::avx2;
#endif
  return Isa::portable;
}

/// Whether kernels can run in a set, on this CPU and as they were built.
inline bool runs_isa(Isa isa) {
#if defined(PRETEXT_ONE_ISA)
  return isa == only_isa;
#else
  return isa <= widest_isa();
#endif
}

namespace detail {

inline Isa first_isa() {
  const char* text = std::getenv("PRETEXT_ISA");
  if (text == nullptr) return widest_isa();
  for (const Isa isa : {Isa::portable, Isa::avx2, Isa::avx512})
    if (to_string(isa) == text) {
      require(runs_isa(isa), "PRETEXT_ISA: no kernels for ", text, " run here; the widest are for ",
              to_string(widest_isa()));
      return isa;
    }
  fail("PRETEXT_ISA must be portable, avx2 or avx512, not '", text, "'");
}

inline std::atomic<Isa>& isa_slot() {
  static std::atomic<Isa> slot{first_isa()};
  return slot;
}

#if defined(__x86_64__) && !defined(PRETEXT_ONE_ISA)
template <class Kernel, class... Args>
[[gnu::target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma"), gnu::noinline]] void run_avx512(
    const Args&... args) {
  Kernel::template run<64>(args...);
}
template <class Kernel, class... Args>
[[gnu::target("avx2,fma"), gnu::noinline]] void run_avx2(const Args&... args) {
  Kernel::template run<32>(args...);
}
#endif
/// Built for the compiler's target.
template <class Kernel, int bytes, class... Args>
[[gnu::noinline]] void run_here(const Args&... args) {
  Kernel::template run<bytes>(args...);
}

}  // namespace detail

/// The set in use: the widest, or what PRETEXT_ISA names.
inline Isa isa() { return detail::isa_slot().load(std::memory_order_relaxed); }

/// For tests and benches; call it while no kernel runs. Results of different sets differ in the last bits.
inline void set_isa(Isa isa) {
  require(runs_isa(isa), "set_isa: no kernels for ", to_string(isa), " run here");
  detail::isa_slot().store(isa, std::memory_order_relaxed);
}

/// Bytes of a vector in the set in use.
inline std::int64_t vector_bytes() { return isa() == Isa::avx512 ? 64 : isa() == Isa::avx2 ? 32 : 16; }

/// False for a kernel with `narrow_too = false` on x86: it is built for AVX2 and AVX-512 alone.
template <class Kernel>
constexpr bool built_narrow() {
#if defined(__x86_64__)
  if constexpr (requires { Kernel::narrow_too; }) return Kernel::narrow_too;
#endif
  return true;
}

/// Whether such kernels run in the set in use.
inline bool runs_wide_kernels() {
#if defined(__x86_64__)
  return isa() != Isa::portable;
#else
  return true;
#endif
}

/// Calls Kernel::run<bytes of a vector>(args...), built for the set in use.
template <class Kernel, class... Args>
void dispatch(const Args&... args) {
#if defined(PRETEXT_ONE_ISA)
  constexpr int bytes = only_isa == Isa::avx512 ? 64 : only_isa == Isa::avx2 ? 32 : 16;
  if constexpr (bytes > 16) return detail::run_here<Kernel, bytes>(args...);
#elif defined(__x86_64__)
  if (isa() == Isa::avx512) return detail::run_avx512<Kernel>(args...);
  if (isa() == Isa::avx2) return detail::run_avx2<Kernel>(args...);
#endif
  if constexpr (built_narrow<Kernel>())
    detail::run_here<Kernel, 16>(args...);
  else
    fail("dispatch: a kernel for wide vectors was chosen, and this CPU has none");
}

}  // namespace pretext::cpu
