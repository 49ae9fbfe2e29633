// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "pretext/report/axis.hpp"
#include "pretext/report/series.hpp"
#include "pretext/report/svg.hpp"

namespace pretext::report {

/// A level to compare with, such as chance.
struct Reference {
  double value = 0;
  std::string name;
};

/// Curves over a common x.
struct LinePlot {
  std::string title;
  std::string x_label{}, y_label{};
  std::vector<Series> series{};
  std::optional<Reference> reference{};
  bool log_x = false, log_y = false;
  std::vector<double> y_include{};  // values that the vertical axis must reach
};

/// The room of a figure, in units of which its small print takes 13.
struct Frame {
  double width = 880, height = 340;
};

/// A figure that spans the page, and one for a phone or for half a page.
inline constexpr Frame wide_frame{880, 340}, narrow_frame{400, 280};

namespace detail {

inline std::string at(double x, double y) { return number(x, 1) + " " + number(y, 1); }

/// Draws one LinePlot.
class LinePlotter {
 public:
  LinePlotter(const LinePlot& plot, const Frame& frame) : plot_(plot), frame_(frame) {
    require(frame.width >= 200 && frame.height >= 120, "plot '", plot.title, "': a frame of ", frame.width,
            " x ", frame.height, " is too small; at least 200 x 120");
    // As many points as the eye can tell apart at this width.
    for (const Series& s : plot.series)
      series_.push_back(thinned(s, static_cast<std::size_t>(frame.width / 4)));
    fit_axes();
    fit_margins();
  }

  /// True when the lines carry their names, so that no legend is needed.
  bool direct() const { return direct_; }

  Html html() const {
    Drawing drawing(frame_.width, frame_.height, description());
    if (y_.ticks.empty()) {
      drawing.words("note", frame_.width / 2, frame_.height / 2, Anchor::middle, "no data");
      return drawing.html();
    }
    draw_grid(drawing);
    for (std::size_t i = 0; i < series_.size(); ++i) draw_band(drawing, i);
    if (const Reference* level = reference())
      drawing.line("reference", left_, y(level->value), right_, y(level->value));
    for (std::size_t i = 0; i < series_.size(); ++i) draw_line(drawing, i);
    draw_names(drawing);
    return drawing.html();
  }

 private:
  using Anchor = Drawing::Anchor;
  static constexpr std::size_t few_points = 24;  // as many get a dot each
  static constexpr double row = 16;              // between the base lines of two labels

  /// A name at the end of its line; y is where its base line wants to be.
  struct Label {
    double y;
    std::string style, name;
  };

  /// The reference level; null where there is none or it has no place on the axis.
  const Reference* reference() const {
    return plot_.reference && y_.shows(plot_.reference->value) ? &*plot_.reference : nullptr;
  }

  double x(double value) const { return left_ + (right_ - left_) * x_.fraction(value); }
  double y(double value) const { return bottom_ + (top_ - bottom_) * y_.fraction(value); }
  bool shows(double px, double py) const { return x_.shows(px) && y_.shows(py); }

  std::string description() const {
    std::string words = plot_.title;
    for (const Series& s : plot_.series)
      words +=
          "; " + (s.name.empty() ? "" : s.name + " ") + "ends at " + shown(s.y.empty() ? NAN : s.y.back());
    return words;
  }

  void fit_axes() {
    x_.log = plot_.log_x;
    y_.log = plot_.log_y;
    Summary xs, ys;
    bool whole = true;
    for (const Series& s : plot_.series)
      for (std::size_t i = 0; i < s.y.size(); ++i)
        if (shows(s.x[i], s.y[i])) xs.add(s.x[i]), whole = whole && s.x[i] == std::floor(s.x[i]);
    const auto reach = [&](double value) {
      if (y_.shows(value)) ys.add(value);
    };
    for (const Series& s : series_)
      for (const auto& values : {s.y, s.low, s.high}) std::ranges::for_each(values, reach);
    if (xs.count == 0 || ys.count == 0) return;
    if (plot_.reference) reach(plot_.reference->value);
    std::ranges::for_each(plot_.y_include, reach);
    // Epochs and steps come whole, and so do their ticks.
    if (whole && !plot_.log_x && xs.low == xs.high) --xs.low, ++xs.high;
    const double most = frame_.width < 500 ? 5 : 8, range = xs.high - xs.low;
    const double count = whole && range >= 1 ? std::min(most, range) : most;
    x_ = plot_.log_x ? log_axis(xs.low, xs.high)
                     : linear_axis(xs.low, xs.high, static_cast<int>(count), false);
    y_ = plot_.log_y ? log_axis(ys.low, ys.high) : linear_axis(ys.low, ys.high, 5, true);
  }

  void fit_margins() {
    double ticks = 0, names = 0;
    for (const std::string& label : y_.labels) ticks = std::max(ticks, text_width(label));
    for (const Label& label : end_labels()) names = std::max(names, text_width(label.name));
    direct_ = frame_.width >= 500 && names <= frame_.width / 3 &&
              static_cast<double>(series_.size()) * row < frame_.height / 2;
    left_ = ticks + 10;
    top_ = plot_.y_label.empty() ? 10 : 30;
    right_ = frame_.width - (direct_ && names > 0 ? names + 14 : 10);
    bottom_ = frame_.height - (plot_.x_label.empty() ? 26 : 46);
  }

  void draw_grid(Drawing& drawing) const {
    for (std::size_t i = 0; i < y_.ticks.size(); ++i) {
      drawing.line("grid", left_, y(y_.ticks[i]), right_, y(y_.ticks[i]));
      drawing.words("tick", left_ - 8, y(y_.ticks[i]) + 4, Anchor::end, y_.labels[i]);
    }
    drawing.line("axis", left_, bottom_, right_, bottom_);
    for (std::size_t i = 0; i < x_.ticks.size(); ++i) {
      drawing.line("axis", x(x_.ticks[i]), bottom_, x(x_.ticks[i]), bottom_ + 5);
      drawing.words("tick", x(x_.ticks[i]), bottom_ + 19, Anchor::middle, x_.labels[i]);
    }
    if (!plot_.y_label.empty()) drawing.words("label", 0, 13, Anchor::start, plot_.y_label);
    if (!plot_.x_label.empty())
      drawing.words("label", (left_ + right_) / 2, bottom_ + 40, Anchor::middle, plot_.x_label);
  }

  void draw_band(Drawing& drawing, std::size_t i) const {
    const Series& s = series_[i];
    const auto whole = [&](std::size_t k) {
      return shows(s.x[k], s.y[k]) && y_.shows(s.low[k]) && y_.shows(s.high[k]);
    };
    std::string commands;
    for (std::size_t begin = 0, end; begin < s.low.size(); begin = end) {
      for (end = begin; end < s.low.size() && whole(end);) ++end;
      for (std::size_t k = begin; k < end; ++k)
        commands += (k == begin ? "M" : "L") + at(x(s.x[k]), y(s.high[k]));
      for (std::size_t k = end; k > begin; --k) commands += "L" + at(x(s.x[k - 1]), y(s.low[k - 1]));
      if (end > begin) commands += "Z";
      if (end == begin) ++end;
    }
    if (!commands.empty()) drawing.path("band " + series_class(i), commands);
  }

  void draw_line(Drawing& drawing, std::size_t i) const {
    const Series& s = series_[i];
    std::string commands;
    bool joined = false;
    for (std::size_t k = 0; k < s.y.size(); ++k) {
      const bool here = shows(s.x[k], s.y[k]);
      // A point between two gaps is a line to itself, which round ends show as a dot.
      if (here) commands += joined ? "L" + at(x(s.x[k]), y(s.y[k])) : "M" + at(x(s.x[k]), y(s.y[k])) + "h0";
      joined = here;
    }
    if (!commands.empty()) drawing.path("line " + series_class(i), commands, tip(s, s.y.size() - 1));
    if (s.y.size() > few_points) return;
    for (std::size_t k = 0; k < s.y.size(); ++k)
      if (shows(s.x[k], s.y[k]))
        drawing.circle("dot " + series_class(i), x(s.x[k]), y(s.y[k]), s.y.size() > 12 ? 2.5 : 3.5,
                       tip(s, k));
  }

  std::string tip(const Series& s, std::size_t k) const {
    std::string words = s.name.empty() ? "" : s.name + ": ";
    words += shown(s.y[k]) + " at " + shown(s.x[k]);
    if (!s.low.empty()) words += " (" + shown(s.low[k]) + " to " + shown(s.high[k]) + ")";
    return words;
  }

  /// The names of the lines and of the reference, each at the height of its last point.
  std::vector<Label> end_labels() const {
    std::vector<Label> labels;
    for (std::size_t i = 0; i < series_.size(); ++i) {
      const Series& s = series_[i];
      for (std::size_t k = s.y.size(); k-- > 0 && !s.name.empty();) {
        if (!shows(s.x[k], s.y[k])) continue;
        labels.push_back({y(s.y[k]) + 4, "name " + series_class(i), s.name});
        break;
      }
    }
    if (const Reference* level = reference()) labels.push_back({y(level->value) + 4, "note", level->name});
    return labels;
  }

  void draw_names(Drawing& drawing) const {
    if (const Reference* level = reference(); level != nullptr && !direct_)
      drawing.words("note", right_, y(level->value) - 6, Anchor::end, level->name);
    if (!direct_) return;
    std::vector<Label> labels = end_labels();
    std::ranges::stable_sort(labels, {}, &Label::y);
    // Down until none overlap, then up from the bottom edge.
    for (std::size_t i = 1; i < labels.size(); ++i)
      labels[i].y = std::max(labels[i].y, labels[i - 1].y + row);
    double limit = bottom_ + 4;
    for (std::size_t i = labels.size(); i-- > 0; limit = labels[i].y - row)
      labels[i].y = std::min(labels[i].y, limit);
    for (const Label& label : labels)
      drawing.words(label.style, right_ + 10, label.y, Anchor::start, label.name);
  }

  const LinePlot& plot_;
  Frame frame_;
  std::vector<Series> series_;
  Axis x_, y_;
  double left_ = 0, right_ = 1, top_ = 0, bottom_ = 1;
  bool direct_ = false;
};

}  // namespace detail

/// The plot as an inline SVG under its legend. Where the frame is wide enough the lines carry their names
/// instead.
inline Html draw(const LinePlot& plot, const Frame& frame = {}) {
  const detail::LinePlotter plotter(plot, frame);
  std::vector<std::string> names;
  for (const Series& s : plot.series) names.push_back(s.name);
  return (plotter.direct() ? Html() : legend(names, "line")) + plotter.html();
}

}  // namespace pretext::report
