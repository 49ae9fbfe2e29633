// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

/// Programs that run one after the other, what they print going to the end of a log.
struct Job {
  std::string name;
  std::vector<std::vector<std::string>> commands;
  std::filesystem::path log;
};

/// How a job ended.
struct JobEnd {
  std::string fault;  ///< why it stopped early: the last line of its log, or a signal; empty: it did not
  std::int64_t peak_mb = 0;  ///< of the largest of its programs
  double seconds = 0;
};

struct JobLimits {
  std::int64_t at_once = 1;
  std::int64_t threads = 1;  ///< of each program
  std::int64_t memory_mb =
      0;  ///< of all that run: the next one waits until what the largest took fits; 0: no limit
};

/// Runs jobs as processes of their own, so that one that fails takes no other with it. `ended` is called as
/// each comes to its end. A signal that asks this process to stop is passed on to all of them; once they have
/// stopped, train::Interrupted is thrown.
void run_jobs(const std::vector<Job>& jobs, const JobLimits& limits,
              const std::function<void(const Job&, const JobEnd&)>& ended);
