// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "pretext/report/plot.hpp"

namespace pretext::report {

/// A measured value and how far it may be off to either side. NaN: not measured.
struct Bar {
  double value = std::numeric_limits<double>::quiet_NaN(), error = 0;
};

/// Bars that belong together, such as one tap of several networks: bars[i] is of series i.
struct BarGroup {
  std::string name;
  std::vector<Bar> bars;
};

/// Horizontal bars from zero, in groups.
struct BarChart {
  std::string title;
  std::string x_label{};
  std::vector<std::string> series{};
  std::vector<BarGroup> groups{};
  std::optional<Reference> reference{};
  int decimals = 1;  // of the numbers at the bars
};

namespace detail {

/// Draws one BarChart.
class BarPlotter {
 public:
  BarPlotter(const BarChart& chart, double width) : chart_(chart), width_(width) {
    require(width >= 200, "bar chart '", chart.title, "': a width of ", width, " is too small; at least 200");
    double names = 0;
    for (const BarGroup& group : chart.groups) {
      require(group.bars.size() <= chart.series.size(), "bar chart: group '", group.name, "' has ",
              group.bars.size(), " bars, but there are only ", chart.series.size(), " series");
      names = std::max(names, text_width(group.name));
    }
    fit_axis();
    left_ = std::min(names + 12, width / 3);
    right_ = width - text_width(fixed(axis_.high, chart.decimals)) - 12;
    top_ = chart.reference ? 24 : 8;
    bottom_ = top_ + height_of_bars();
  }

  Html html() const {
    Drawing drawing(width_, bottom_ + (chart_.x_label.empty() ? 26 : 46), description());
    draw_grid(drawing);
    double y = top_;
    for (const BarGroup& group : chart_.groups) y = draw_group(drawing, group, y);
    if (chart_.reference) draw_reference(drawing);
    return drawing.html();
  }

 private:
  using Anchor = Drawing::Anchor;
  static constexpr double row = 20, thickness = 15, between = 12;

  static double reach(const Bar& bar) { return std::isfinite(bar.error) ? std::abs(bar.error) : 0; }
  static double height_of(const BarGroup& group) {
    const auto measured =
        std::ranges::count_if(group.bars, [](const Bar& bar) { return std::isfinite(bar.value); });
    return row * static_cast<double>(std::max<std::ptrdiff_t>(1, measured)) + between;
  }

  void fit_axis() {
    double low = 0, high = 0;
    const auto show = [&](double value) {
      if (std::isfinite(value)) low = std::min(low, value), high = std::max(high, value);
    };
    for (const BarGroup& group : chart_.groups)
      for (const Bar& bar : group.bars) show(bar.value - reach(bar)), show(bar.value + reach(bar));
    if (chart_.reference) show(chart_.reference->value);
    if (low == high) high = 1;
    axis_ = linear_axis(low, high, width_ < 500 ? 5 : 8, false);
  }

  double height_of_bars() const {
    double height = 0;
    for (const BarGroup& group : chart_.groups) height += height_of(group);
    return height;
  }

  double x(double value) const { return left_ + (right_ - left_) * axis_.fraction(value); }

  std::string words_for(const Bar& bar) const {
    return fixed(bar.value, chart_.decimals) +
           (reach(bar) > 0 ? " \u00B1 " + fixed(reach(bar), chart_.decimals) : "");
  }

  std::string description() const {
    std::string words = chart_.title;
    for (const BarGroup& group : chart_.groups)
      for (std::size_t i = 0; i < group.bars.size(); ++i)
        words += "; " + group.name + ", " + chart_.series[i] + " " + words_for(group.bars[i]);
    return words;
  }

  void draw_grid(Drawing& drawing) const {
    for (std::size_t i = 0; i < axis_.ticks.size(); ++i) {
      drawing.line("grid", x(axis_.ticks[i]), top_, x(axis_.ticks[i]), bottom_);
      drawing.words("tick", x(axis_.ticks[i]), bottom_ + 18, Anchor::middle, axis_.labels[i]);
    }
    drawing.line("axis", x(0), top_, x(0), bottom_);
    if (!chart_.x_label.empty())
      drawing.words("label", (left_ + right_) / 2, bottom_ + 40, Anchor::middle, chart_.x_label);
  }

  /// Draws a group from y on and returns where the next one starts.
  double draw_group(Drawing& drawing, const BarGroup& group, double y) const {
    const double next = y + height_of(group);
    drawing.words("group", left_ - 10, (y + next) / 2 + 4, Anchor::end, fitting(group.name, left_ - 10));
    y += between / 2;
    bool any = false;
    for (std::size_t i = 0; i < group.bars.size(); ++i) {
      if (!std::isfinite(group.bars[i].value)) continue;
      draw_bar(drawing, group, i, y);
      y += row;
      any = true;
    }
    if (!any) drawing.words("note", x(0) + 8, y + row / 2 + 4, Anchor::start, "not measured");
    return next;
  }

  void draw_bar(Drawing& drawing, const BarGroup& group, std::size_t i, double y) const {
    const Bar& bar = group.bars[i];
    const double from = std::min(x(0), x(bar.value)), to = std::max(x(0), x(bar.value)), middle = y + row / 2;
    drawing.rectangle("bar " + series_class(i), from, middle - thickness / 2, to - from, thickness,
                      group.name + ", " + chart_.series[i] + ": " + words_for(bar));
    const double low = x(bar.value - reach(bar)), high = x(bar.value + reach(bar));
    if (high > low)
      drawing.path("whisker", "M" + at(low, middle) + "H" + number(high, 1) + "M" + at(low, middle - 4) +
                                  "v8M" + at(high, middle - 4) + "v8");
    drawing.words("value", std::max(high, to) + 6, middle + 4, Anchor::start,
                  fixed(bar.value, chart_.decimals));
  }

  void draw_reference(Drawing& drawing) const {
    if (!std::isfinite(chart_.reference->value)) return;
    const double place = x(chart_.reference->value);
    drawing.line("reference", place, top_ - 4, place, bottom_);
    drawing.words("note", place, top_ - 9, Anchor::middle, chart_.reference->name);
  }

  const BarChart& chart_;
  double width_, left_ = 0, right_ = 1, top_ = 0, bottom_ = 1;
  Axis axis_;
};

}  // namespace detail

/// The chart as an inline SVG under its legend; only the frame's width counts, the height follows from the
/// bars.
inline Html draw(const BarChart& chart, const Frame& frame = {}) {
  const Html key = chart.series.size() > 1 ? legend(chart.series, "bar") : Html();
  return key + detail::BarPlotter(chart, frame.width).html();
}

}  // namespace pretext::report
