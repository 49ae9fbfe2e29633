// SPDX-License-Identifier: MIT
// What the peers in C++ share: each line of stdin is answered by the seconds of one piece of work.
#pragma once

#include <sys/resource.h>

#include <chrono>
#include <iostream>
#include <string>

namespace peer {

template <class Work>
double seconds_of(const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

inline long peak_rss_mib() {
  rusage use{};
  getrusage(RUSAGE_SELF, &use);
  return use.ru_maxrss / 1024;
}

/// Two steps to warm up, one step for each line, and the record.
template <class Step>
void serve_steps(const std::string& name, const std::string& version, long batch, const Step& step) {
  const long start = peak_rss_mib();
  step();
  step();
  for (std::string line; std::getline(std::cin, line);) std::cout << seconds_of(step) << std::endl;
  std::cout << R"({"peer": ")" << name << R"(", "version": ")" << version << R"(", "batch": )" << batch
            << R"(, "start_rss_mib": )" << start << R"(, "peak_rss_mib": )" << peak_rss_mib() << "}\n";
}

}  // namespace peer
