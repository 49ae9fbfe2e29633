// SPDX-License-Identifier: MIT
#include "environment.hpp"

#include <sys/utsname.h>

#include <fstream>
#include <pretext/core/config.hpp>
#include <pretext/core/thread_pool.hpp>
#include <pretext/cpu/isa.hpp>
#include <pretext/image/codec.hpp>
#include <thread>

namespace {

std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown";
}

/// The vector instructions that this build was compiled for.
std::string vectors() {
#if defined(__x86_64__)
  return "SSE2"
#if defined(__AVX2__)
         ", AVX2"
#endif
#if defined(__FMA__)
         ", FMA"
#endif
#if defined(__AVX512F__)
         ", AVX-512"
#endif
      ;
#else
  return "those of the target";
#endif
}

/// Those that this processor has, used or not.
std::string processor_vectors() {
  std::string names;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) names += ", AVX2";
  if (__builtin_cpu_supports("fma")) names += ", FMA";
  if (__builtin_cpu_supports("avx512f")) names += ", AVX-512";
#endif
  return names;
}

std::string compiler() {
#if defined(__clang__)
  return "clang " __clang_version__;
#else
  return "g++ " __VERSION__;
#endif
}

}  // namespace

Facts programs() {
  return {{"pretext", PRETEXT_VERSION},
          {"vectors", vectors()},
          {"kernels", std::string(pretext::cpu::to_string(pretext::cpu::isa()))},
          {"compiler", compiler()},
          {"decoders", pretext::decoder_versions()}};
}

Facts environment() {
  utsname system{};
  uname(&system);
  Facts facts = programs();
  facts.insert(facts.end(),
               {{"processor", processor() + ", " + std::to_string(std::thread::hardware_concurrency()) +
                                  " cores" + processor_vectors()},
                {"threads", std::to_string(pretext::thread_pool().threads())},
                {"system", std::string(system.sysname) + " " + system.release + " " + system.machine}});
  return facts;
}
