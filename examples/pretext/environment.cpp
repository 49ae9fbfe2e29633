// SPDX-License-Identifier: MIT
#include "environment.hpp"

#include <sys/utsname.h>

#include <Eigen/Core>
#include <fstream>
#include <pretext/core/config.hpp>
#include <pretext/core/thread_pool.hpp>
#include <pretext/image/codec.hpp>
#include <thread>

namespace {

std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown";
}

std::string compiler() {
#if defined(__clang__)
  return "clang " __clang_version__;
#else
  return "g++ " __VERSION__;
#endif
}

}  // namespace

std::vector<std::pair<std::string, std::string>> environment() {
  utsname system{};
  uname(&system);
  const std::string eigen = std::to_string(EIGEN_WORLD_VERSION) + "." + std::to_string(EIGEN_MAJOR_VERSION) +
                            "." + std::to_string(EIGEN_MINOR_VERSION);
  return {{"pretext", PRETEXT_VERSION},
          {"processor", processor() + ", " + std::to_string(std::thread::hardware_concurrency()) + " cores"},
          {"threads", std::to_string(pretext::thread_pool().threads())},
          {"vectors", Eigen::SimdInstructionSetsInUse()},
          {"compiler", compiler()},
          {"eigen", eigen},
          {"decoders", pretext::decoder_versions()},
          {"system", std::string(system.sysname) + " " + system.release + " " + system.machine}};
}
