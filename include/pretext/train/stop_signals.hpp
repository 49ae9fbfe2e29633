// SPDX-License-Identifier: MIT
#pragma once

#include <signal.h>

#include <array>
#include <atomic>
#include <string>

#include "pretext/core/error.hpp"

namespace pretext::train {

/// Thrown by a training that was asked to stop, once its state is saved.
class Interrupted : public Error {
 public:
  Interrupted(int signal, const std::string& text) : Error(text), signal_(signal) {}

  int signal() const { return signal_; }
  /// What a program ends with after this signal: 129 for SIGHUP, 130 for SIGINT, 143 for SIGTERM.
  int exit_code() const { return 128 + signal_; }

 private:
  int signal_;
};

/// While one lives, the first SIGINT, SIGTERM or SIGHUP only sets a flag, and a second one of any ends the
/// process as it would without this class. A signal that the process was told to ignore stays ignored. Guards
/// nest: each puts back what it found.
class StopSignals {
 public:
  StopSignals() {
    received_.store(0);
    struct sigaction ours {};
    ours.sa_handler = handle;
    sigemptyset(&ours.sa_mask);
    ours.sa_flags = SA_RESTART;
    for (std::size_t i = 0; i < signals_.size(); ++i) {
      sigaction(signals_[i], nullptr, &before_[i]);
      if (before_[i].sa_handler != SIG_IGN) sigaction(signals_[i], &ours, nullptr);
    }
  }

  ~StopSignals() {
    for (std::size_t i = 0; i < signals_.size(); ++i) sigaction(signals_[i], &before_[i], nullptr);
  }

  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// The signal that came since the guard was made; 0 for none.
  static int received() { return received_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::array<int, 3> signals_{SIGINT, SIGTERM, SIGHUP};
  inline static std::atomic<int> received_{0};
  static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may only touch lock-free atomics");

  // Only what POSIX allows in a handler: the raised signal takes effect when the handler returns.
  static void handle(int signal) {
    if (received_.exchange(signal, std::memory_order_relaxed) == 0) return;
    ::signal(signal, SIG_DFL);
    ::raise(signal);
  }

  std::array<struct sigaction, 3> before_{};
};

}  // namespace pretext::train
