// SPDX-License-Identifier: MIT
#pragma once

#include <sys/resource.h>

#include <chrono>
#include <functional>
#include <iostream>
#include <pretext/pretext.hpp>
#include <string>
#include <vector>

namespace bench {

using namespace pretext;

inline double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Answers every line of stdin by what work(line) says.
inline void serve(const std::function<double(const std::string&)>& work) {
  for (std::string line; std::getline(std::cin, line);) std::cout << work(line) << std::endl;
}

inline double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values.empty() ? 0 : values[values.size() / 2];
}

/// Uniform in [-0.5, 0.5), the same each time.
inline Tensor<float, Cpu> drawn(const Shape& shape) {
  Tensor<float, Cpu> x(shape);
  Rng rng(1, Use::test);
  for (float& v : x.span()) v = rng.uniform(-0.5F, 0.5F);
  return x;
}

/// The fields that every record begins with.
inline JsonObject identity() {
  return JsonObject()
      .add("peer", "pretext")
      .add("version", PRETEXT_VERSION)
      .add("isa", std::string(cpu::to_string(cpu::isa())))
      .add("threads", thread_pool().threads());
}

/// The most memory that the process has held so far.
inline std::int64_t peak_rss_mib() {
  rusage use{};
  getrusage(RUSAGE_SELF, &use);
  return use.ru_maxrss / 1024;
}

inline void print(const JsonObject& record) { std::cout << record.text() << std::endl; }

}  // namespace bench
