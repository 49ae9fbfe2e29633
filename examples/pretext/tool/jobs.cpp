// SPDX-License-Identifier: MIT
#include "jobs.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>
#include <pretext/core/error.hpp>
#include <pretext/core/file.hpp>
#include <pretext/train/stop_signals.hpp>
#include <thread>

using namespace pretext;

namespace {

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// The variables of this process, with another number of threads.
std::vector<std::string> environment_with(std::int64_t threads) {
  std::vector<std::string> variables;
  for (char** at = ::environ; *at != nullptr; ++at)
    if (std::string_view(*at).substr(0, 16) != "PRETEXT_THREADS=") variables.emplace_back(*at);
  variables.push_back("PRETEXT_THREADS=" + std::to_string(threads));
  return variables;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> list;
  for (std::string& word : words) list.push_back(word.data());
  list.push_back(nullptr);
  return list;
}

pid_t start(std::vector<std::string> command, const std::filesystem::path& log, std::int64_t threads) {
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  ::posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
  std::vector<std::string> variables = environment_with(threads);
  pid_t id = 0;
  const int fault = ::posix_spawn(&id, command[0].c_str(), &files, nullptr, pointers(command).data(),
                                  pointers(variables).data());
  ::posix_spawn_file_actions_destroy(&files);
  require(fault == 0, command[0], ": cannot be started: ", std::strerror(fault));
  return id;
}

std::uintmax_t log_size(const std::filesystem::path& log) {
  std::error_code none;
  const std::uintmax_t size = std::filesystem::file_size(log, none);
  return none ? 0 : size;
}

/// The last line from a place on; empty where nothing follows it.
std::string last_line(const std::filesystem::path& log, std::uintmax_t from) {
  std::ifstream file(log);
  file.seekg(static_cast<std::streamoff>(from));
  std::string last;
  for (std::string line; std::getline(file, line);)
    if (!line.empty()) last = line;
  return last;
}

/// A job that is under way.
struct Running {
  const Job* job;
  std::size_t next = 0;  // the command after the one that runs
  pid_t id = 0;
  double began = seconds_now();
  std::uintmax_t log_began = 0;  // bytes of the log before what this command says
  JobEnd end{};
};

class JobRunner {
 public:
  JobRunner(const std::vector<Job>& jobs, const JobLimits& limits,
            const std::function<void(const Job&, const JobEnd&)>& ended)
      : jobs_(jobs), limits_(limits), ended_(ended) {}
  ~JobRunner() { end_all(); }  // whatever was thrown, no program is left behind
  JobRunner(const JobRunner&) = delete;
  JobRunner& operator=(const JobRunner&) = delete;

  void run() {
    const train::StopSignals signals;
    while (waiting_ < jobs_.size() || !running_.empty()) {
      while (waiting_ < jobs_.size() && fits()) go_on(running_.emplace_back(Running{&jobs_[waiting_++]}));
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      collect();
      if (train::StopSignals::received() != 0) stop(train::StopSignals::received());
    }
  }

 private:
  /// One more job beside those that run; a first one always does.
  bool fits() const {
    const auto now = static_cast<std::int64_t>(running_.size());
    if (now == 0) return true;
    if (now >= limits_.at_once) return false;
    return limits_.memory_mb == 0 || (largest_mb_ > 0 && (now + 1) * largest_mb_ <= limits_.memory_mb);
  }

  void go_on(Running& r) {
    r.id = 0;
    r.log_began = log_size(r.job->log);
    r.id = start(r.job->commands[r.next++], r.job->log, limits_.threads);
  }

  /// What a program that failed said last, or that it said nothing.
  static std::string fault_of(const Running& r, int status) {
    const std::string said = last_line(r.job->log, r.log_began);
    return said.empty() ? "ended with status " + std::to_string(status) + " and no word" : said;
  }

  /// Takes note of programs that ended, and starts what follows them.
  void collect() {
    for (std::size_t i = 0; i < running_.size();) {
      Running& r = running_[i];
      int status = 0;
      rusage use{};
      if (::wait4(r.id, &status, WNOHANG, &use) != r.id) {
        ++i;
        continue;
      }
      r.end.peak_mb = std::max(r.end.peak_mb, static_cast<std::int64_t>(use.ru_maxrss) / 1024);
      largest_mb_ = std::max(largest_mb_, r.end.peak_mb);
      if (WIFSIGNALED(status))
        r.end.fault = "ended by signal " + std::to_string(WTERMSIG(status));
      else if (WEXITSTATUS(status) != 0)
        r.end.fault = fault_of(r, WEXITSTATUS(status));
      if (r.end.fault.empty() && r.next < r.job->commands.size()) {
        go_on(r);
        ++i;
        continue;
      }
      r.end.seconds = seconds_now() - r.began;
      const Running ended = r;
      running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(i));
      if (train::StopSignals::received() == 0) ended_(*ended.job, ended.end);
    }
  }

  void end_all() {
    for (const Running& r : running_)
      if (r.id > 0) ::kill(r.id, SIGTERM);
    for (const Running& r : running_)
      if (r.id > 0) ::waitpid(r.id, nullptr, 0);
    running_.clear();
  }

  [[noreturn]] void stop(int signal) {
    end_all();
    throw train::Interrupted(signal,
                             "stopped; what is finished is kept, and the same command goes on from there");
  }

  const std::vector<Job>& jobs_;
  const JobLimits& limits_;
  const std::function<void(const Job&, const JobEnd&)>& ended_;
  std::vector<Running> running_;
  std::size_t waiting_ = 0;  // the first job that has not begun
  std::int64_t largest_mb_ = 0;
};

}  // namespace

void run_jobs(const std::vector<Job>& jobs, const JobLimits& limits,
              const std::function<void(const Job&, const JobEnd&)>& ended) {
  JobRunner(jobs, limits, ended).run();
}
