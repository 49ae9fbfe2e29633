// SPDX-License-Identifier: MIT
#include "work_bar.hpp"

#include <cstdio>
#include <memory>
#include <pretext/train/progress.hpp>

using namespace pretext;

namespace {

class WorkBar {
 public:
  WorkBar() = default;
  ~WorkBar() { wipe(); }
  WorkBar(const WorkBar&) = delete;
  WorkBar& operator=(const WorkBar&) = delete;

  void show(const std::string& work, std::int64_t done, std::int64_t all) {
    const double now = train::steady_seconds();
    const bool other = work != work_;
    if (other) work_ = work, began_ = now;
    if (now - shown_ < (!bar_ ? 10 : other ? 0 : 0.1)) return;
    shown_ = now;
    const std::string text = work + (all > 0 ? message(": ", done, " of ", all) : "") + rest(now, done, all);
    bar_ ? draw(text, done, all) : print(text);
  }

 private:
  /// How long it will take, by how long it took up to here.
  std::string rest(double now, std::int64_t done, std::int64_t all) const {
    if (done == 0 || all == 0 || now - began_ < 1) return "";
    const double left = (now - began_) / static_cast<double>(done) * static_cast<double>(all - done);
    return message(", ", static_cast<std::int64_t>(left + 0.5), " s left");
  }

  void draw(const std::string& text, std::int64_t done, std::int64_t all) {
    constexpr std::int64_t size = 20;
    const auto full = static_cast<std::size_t>(all > 0 ? size * done / all : 0);
    std::string line = "[" + std::string(full, '=') + std::string(size - full, ' ') + "] " + text;
    line.resize(std::min(line.size(), static_cast<std::size_t>(train::terminal_width(STDERR_FILENO) - 1)));
    const std::size_t columns = line.size();
    if (columns < drawn_) line.append(drawn_ - columns, ' ');
    std::fprintf(stderr, "\r%s", line.c_str());
    std::fflush(stderr);
    drawn_ = columns;
  }

  static void print(const std::string& text) { std::fprintf(stderr, "%s\n", text.c_str()); }

  void wipe() {
    if (drawn_ != 0) std::fprintf(stderr, "\r%s\r", std::string(drawn_, ' ').c_str());
    drawn_ = 0;
  }

  bool bar_ = train::draws_bars(STDERR_FILENO);
  std::string work_;
  double began_ = 0, shown_ = train::steady_seconds();
  std::size_t drawn_ = 0;
};

}  // namespace

eval::Watch work_bar() {
  return [bar = std::make_shared<WorkBar>()](const std::string& work, std::int64_t done, std::int64_t all) {
    bar->show(work, done, all);
  };
}
