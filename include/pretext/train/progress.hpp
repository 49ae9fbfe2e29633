// SPDX-License-Identifier: MIT
#pragma once

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>

#include "pretext/train/metrics.hpp"

namespace pretext::train {

/// Seconds on a clock that only goes forward.
inline double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// True where a bar may be drawn over and over: a terminal that can return to the start of a line.
inline bool draws_bars(int file) {
  const char* kind = std::getenv("TERM");
  return ::isatty(file) == 1 && kind != nullptr && std::string_view(kind) != "dumb";
}

/// True unless the user asked for no colour (no-color.org).
inline bool colour_wanted() {
  const char* no = std::getenv("NO_COLOR");
  return no == nullptr || *no == '\0';
}

/// Columns of the terminal; 80 where nobody knows.
inline int terminal_width(int file) {
  struct winsize size {};
  return ::ioctl(file, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/// How fast a stretch of training went.
struct Speed {
  double seconds = 0, waited = 0;  ///< of these seconds, how many the network waited for pictures
  std::int64_t images = 0;         ///< pictures of the data set

  double images_per_second() const { return seconds > 0 ? static_cast<double>(images) / seconds : 0; }
  double wait_share() const { return seconds > 0 ? waited / seconds : 0; }
};

/// Where training stands.
struct Status {
  std::int64_t epoch = 1, epochs = 1;  ///< the running epoch, counted from 1
  std::int64_t step = 0, steps = 1;    ///< steps taken of this epoch
  double lr = 0, loss = 0, accuracy = 0;
  Speed speed{};

  /// The part of all training that is done.
  double fraction() const {
    const double done =
        static_cast<double>(epoch - 1) + static_cast<double>(step) / static_cast<double>(steps);
    return done / static_cast<double>(epochs);
  }
};

/// Tells people how training goes. On a terminal it is one bar, drawn over and over; elsewhere a plain line
/// every ten seconds. Each epoch leaves a line on both. Nothing that it prints is read by a program.
class Progress {
 public:
  struct Options {
    std::ostream* out = &std::cerr;  ///< null: silent
    bool bar = draws_bars(STDERR_FILENO);
    bool colour = colour_wanted();
    int width = terminal_width(STDERR_FILENO);
    double interval = 10;  ///< seconds between plain lines
    std::function<double()> clock = steady_seconds;
    std::function<void(std::string_view)> log{};  ///< gets every plain line as well
  };

  explicit Progress(Options options) : options_(std::move(options)) {}
  ~Progress() { wipe(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Training begins or goes on at this point.
  void begin(const Status& s) {
    began_ = last_line_ = now();
    last_bar_ = began_ - 1;
    fraction_ = s.fraction();
  }

  /// A step was taken.
  void step(const Status& s) {
    const double t = now();
    if (options_.bar && options_.out != nullptr && t - last_bar_ >= 0.1) {
      last_bar_ = t;
      draw(s);
    }
    if (t - last_line_ < options_.interval) return;
    last_line_ = t;
    const std::string line = place(s) + numbers(s) + pace(s);
    if (options_.log) options_.log(line);
    if (!options_.bar) print(line);
  }

  /// An epoch is over.
  void epoch(const Status& s, const Record& r) {
    std::string line = "epoch " + std::to_string(s.epoch) + "/" + std::to_string(s.epochs) + numbers(s);
    if (r.validation_loss) line += "  validation loss " + text("%.4f", *r.validation_loss);
    if (r.validation_accuracy) line += " accuracy " + text("%.1f", 100 * *r.validation_accuracy) + " %";
    last_line_ = now();
    note(line + pace(s));
  }

  /// Any other message.
  void note(std::string_view line) {
    if (options_.log) options_.log(line);
    wipe();
    print(line);
  }

  double now() const { return options_.clock(); }

 private:
  static std::string text(const char* format, double value) {
    char buffer[64];
    std::snprintf(buffer, sizeof buffer, format, value);
    return buffer;
  }

  // 75 -> "1:15", 3675 -> "1:01:15"
  static std::string duration(double seconds) {
    const auto total = static_cast<std::int64_t>(std::clamp(seconds, 0.0, 1e9) + 0.5);
    char buffer[64];
    if (total < 3600)
      std::snprintf(buffer, sizeof buffer, "%d:%02d", int(total / 60), int(total % 60));
    else
      std::snprintf(buffer, sizeof buffer, "%d:%02d:%02d", int(total / 3600), int(total / 60 % 60),
                    int(total % 60));
    return buffer;
  }

  static std::string place(const Status& s) {
    return "epoch " + std::to_string(s.epoch) + "/" + std::to_string(s.epochs) + "  step " +
           std::to_string(s.step) + "/" + std::to_string(s.steps);
  }

  static std::string numbers(const Status& s) {
    return "  loss " + text("%.4f", s.loss) + "  accuracy " + text("%.1f", 100 * s.accuracy) + " %  lr " +
           text("%.3g", s.lr);
  }

  // The time that is left goes by the speed since training began or went on.
  std::string pace(const Status& s) const {
    const double done = s.fraction() - fraction_, elapsed = now() - began_;
    return "  " + text("%.0f", s.speed.images_per_second()) + " img/s  wait " +
           text("%.0f", 100 * s.speed.wait_share()) + " %  " +
           (s.fraction() < 1
                ? "ETA " + (done > 0 && elapsed > 0 ? duration(elapsed / done * (1 - s.fraction())) : "?")
                : "took " + duration(elapsed));
  }

  void draw(const Status& s) {
    const std::string head = "epoch " + std::to_string(s.epoch) + "/" + std::to_string(s.epochs) + " ",
                      tail = text("%4.0f", 100 * static_cast<double>(s.step) / static_cast<double>(s.steps)) +
                             " %" + numbers(s) + pace(s);
    const int room = options_.width - 3 - static_cast<int>(head.size() + tail.size()),
              size = std::min(room, 30);
    const int full = static_cast<int>(std::max(size, 0) * s.step / s.steps);
    std::string bar;
    if (size >= 5)
      bar = "[" + coloured(std::string(static_cast<std::size_t>(full), '=')) +
            std::string(static_cast<std::size_t>(size - full), ' ') + "]";
    const std::string line = head + bar + tail;
    const std::size_t hidden = bar.empty() ? 0 : bar.size() - static_cast<std::size_t>(size) - 2;
    const std::size_t columns =
        std::min(line.size() - hidden, static_cast<std::size_t>(std::max(options_.width - 1, 1)));
    const std::string padding(drawn_ > columns ? drawn_ - columns : 0, ' ');
    *options_.out << '\r' << line.substr(0, columns + hidden) << padding << std::flush;
    drawn_ = columns;
  }

  std::string coloured(const std::string& part) const {
    return options_.colour ? "\x1b[32m" + part + "\x1b[0m" : part;
  }

  void wipe() {
    if (drawn_ != 0) *options_.out << '\r' << std::string(drawn_, ' ') << '\r' << std::flush;
    drawn_ = 0;
  }

  void print(std::string_view line) const {
    if (options_.out != nullptr) *options_.out << line << std::endl;
  }

  Options options_;
  double began_ = 0, last_line_ = 0, last_bar_ = 0, fraction_ = 0;
  std::size_t drawn_ = 0;  // columns of the bar on the terminal now
};

}  // namespace pretext::train
