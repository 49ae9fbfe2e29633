// SPDX-License-Identifier: MIT
#include "study_findings.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <pretext/eval/protocol.hpp>
#include <pretext/report/html.hpp>
#include <set>

using namespace pretext;

namespace {

using Axis = std::function<std::string(const Cell&)>;
using Value = std::function<double(const CellResult&)>;

const Axis task = [](const Cell& c) { return c.task.name; };
const Axis model = [](const Cell& c) { return c.model.name; };
const Axis width = [](const Cell& c) { return c.width; };
const Axis pictures = [](const Cell& c) { return c.pictures; };
const Axis hardness = [](const Cell& c) { return c.hardness.name; };
const Axis seed = [](const Cell& c) { return c.seed; };

/// In percentage points.
double worth(const CellResult& r) { return 100 * r.best(); }
double late_drop(const CellResult& r) { return 100 * (r.best() - r.probe.back()); }

/// What an axis takes on, in the order of the study.
std::vector<std::string> values_of(const std::vector<CellResult>& all, const Axis& axis) {
  std::vector<std::string> values;
  for (const CellResult& r : all)
    if (std::ranges::find(values, axis(r.cell)) == values.end()) values.push_back(axis(r.cell));
  return values;
}

/// The same, from the smallest number to the largest; 0 pictures are all of them.
std::vector<std::string> sizes_of(const std::vector<CellResult>& all, const Axis& axis) {
  auto values = values_of(all, axis);
  const auto number = [](const std::string& text) {
    const double value = std::stod(text);
    return value == 0 ? INFINITY : value;
  };
  std::ranges::stable_sort(values, {}, number);
  return values;
}

/// True where two cells differ in this axis at most.
bool alike_but_for(const Cell& a, const Cell& b, const Axis& axis) {
  for (const Axis* one : {&task, &model, &width, &pictures, &hardness, &seed})
    if (one != &axis && (*one)(a) != (*one)(b)) return false;
  return true;
}

/// value(second) - value(first) of all pairs of cells that differ in one axis only, and there so.
std::vector<double> differences(const std::vector<CellResult>& all, const Axis& axis,
                                const std::string& first, const std::string& second, const Value& value) {
  std::vector<double> found;
  for (const CellResult& a : all)
    for (const CellResult& b : all)
      if (axis(a.cell) == first && axis(b.cell) == second && alike_but_for(a.cell, b.cell, axis))
        found.push_back(value(b) - value(a));
  return found;
}

std::vector<CellResult> where(const std::vector<CellResult>& all, const Axis& axis,
                              const std::string& value) {
  std::vector<CellResult> some;
  std::ranges::copy_if(all, std::back_inserter(some),
                       [&](const CellResult& r) { return axis(r.cell) == value; });
  return some;
}

/// "+1.2 (0.4 to 2.0, 8 pairs)"
std::string words(const eval::Spread& s, int decimals = 1) {
  const std::string sign = s.mean >= 0 ? "+" : "";
  if (s.count == 1) return sign + report::fixed(s.mean, decimals) + " (one value)";
  return sign + report::fixed(s.mean, decimals) + " (" + report::fixed(s.interval.low, decimals) + " to " +
         report::fixed(s.interval.high, decimals) + ", " + std::to_string(s.count) + ")";
}

/// Of a mean that should lie above a level; one value alone shows nothing.
std::string verdict(const eval::Spread& s, double level = 0) {
  if (s.count < 2) return "not shown";
  return s.interval.low > level ? "holds" : s.interval.high < level ? "does not hold" : "not shown";
}

Finding not_asked(const std::string& statement, const std::string& source, const std::string& needs) {
  return {statement, source, "not asked", "the study has no " + needs};
}

/// The rank of each value, those that are equal sharing theirs.
std::vector<double> ranks(const std::vector<double>& values) {
  std::vector<double> result;
  for (const double v : values) {
    double below = 0, equal = 0;
    for (const double other : values) below += other < v ? 1 : 0, equal += other == v ? 1 : 0;
    result.push_back(below + (equal + 1) / 2);
  }
  return result;
}

/// Spearman's rank correlation; NaN where one side does not vary.
double rank_correlation(const std::vector<double>& x, const std::vector<double>& y) {
  const auto a = ranks(x), b = ranks(y);
  const double mean = (static_cast<double>(a.size()) + 1) / 2;
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += (a[i] - mean) * (b[i] - mean);
    aa += (a[i] - mean) * (a[i] - mean);
    bb += (b[i] - mean) * (b[i] - mean);
  }
  return aa == 0 || bb == 0 ? std::nan("") : ab / std::sqrt(aa * bb);
}

/// How two values rank networks where all else but the seed is the same.
struct Agreement {
  std::vector<double> values{};  ///< a rank correlation of each part of the study that tells networks apart
  std::size_t parts = 0;         ///< all of them
};

/// The values of each network, model and width, in each seed; networks that a seed lacks are left out.
std::vector<std::vector<double>> by_seed(const std::vector<CellResult>& part, const Value& value) {
  const auto network = [](const Cell& c) { return c.model.name + " " + c.width; };
  std::vector<std::vector<double>> rows;
  for (const std::string& s : values_of(part, seed)) {
    std::vector<double>& row = rows.emplace_back();
    for (const std::string& name : values_of(part, network)) {
      const auto same = where(part, network, name);
      if (same.size() < values_of(part, seed).size()) continue;
      for (const CellResult& r : where(same, seed, s)) row.push_back(value(r));
    }
  }
  return rows;
}

/// The mean rank correlation between one value under a seed and another under another seed, so that what a
/// single training did by chance is in one of them alone.
double across_seeds(const std::vector<std::vector<double>>& x, const std::vector<std::vector<double>>& y) {
  double sum = 0, count = 0;
  for (std::size_t s = 0; s < x.size(); ++s)
    for (std::size_t t = 0; t < y.size(); ++t)
      if (s != t) sum += rank_correlation(x[s], y[t]), count += 1;
  return sum / count;
}

// A rank correlation with itself, under other seeds, below which a value does not tell networks apart.
constexpr double reliable = 0.5;

/// Rank correlations between two values over networks, each divided by what chance leaves of the correlation
/// of two values that agree (Spearman 1904): the geometric mean of those that each has with itself.
Agreement agreement_of(const std::vector<CellResult>& all, const Value& x, const Value& y) {
  const auto part = [](const Cell& c) { return c.task.name + " " + c.hardness.name + " " + c.pictures; };
  Agreement found;
  for (const std::string& name : values_of(all, part)) {
    const auto cells = where(all, part, name);
    const auto xs = by_seed(cells, x), ys = by_seed(cells, y);
    if (xs.size() < 2 || xs[0].size() < 3) continue;
    ++found.parts;
    const double own_x = across_seeds(xs, xs), own_y = across_seeds(ys, ys);  // NaN where all are the same
    if (own_x >= reliable && own_y >= reliable)
      found.values.push_back(std::min(1.0, across_seeds(xs, ys) / std::sqrt(own_x * own_y)));
  }
  return found;
}

// A rank correlation below which one order says little about another.
constexpr double same_order = 0.8;

/// Whether both values order networks alike.
Finding alike(const std::string& statement, const std::string& source, const std::string& what,
              const Agreement& a) {
  if (a.parts == 0) return not_asked(statement, source, "three networks under two seeds");
  const std::string apart = "both tell networks apart, beyond what seeds change, in " +
                            std::to_string(a.values.size()) + " of " + std::to_string(a.parts) +
                            " settings of task, hardness and pictures";
  if (a.values.empty()) return {statement, source, "not shown", apart};
  eval::Spread s = eval::spread(a.values);
  s.interval = {std::max(-1.0, s.interval.low), std::min(1.0, s.interval.high)};
  return {statement, source, verdict(s, same_order),
          "rank correlation of " + what + " over networks, chance taken out: " + words(s, 2) +
              "; an order needs " + report::fixed(same_order, 1) + "; " + apart};
}

Finding ranking(const std::vector<CellResult>& all) {
  const std::string statement = "Which task is best changes with the network", source = "Kolesnikov 2019";
  const auto tasks = values_of(all, task), models = values_of(all, model);
  if (tasks.size() < 2 || models.size() < 2) return not_asked(statement, source, "two tasks and two models");
  std::string crossings;
  for (std::size_t a = 0; a < tasks.size(); ++a)
    for (std::size_t b = a + 1; b < tasks.size(); ++b) {
      std::string above, below;
      for (const std::string& m : models) {
        const auto d = differences(where(all, model, m), task, tasks[a], tasks[b], worth);
        if (d.size() < 2) continue;
        const eval::Spread s = eval::spread(d);
        const std::string text = " " + words(s) + " on " + m;
        if (s.interval.low > 0) above += text;
        if (s.interval.high < 0) below += text;
      }
      if (!above.empty() && !below.empty())
        crossings +=
            (crossings.empty() ? "" : "; ") + tasks[b] + " - " + tasks[a] + ":" + above + "," + below;
    }
  if (!crossings.empty()) return {statement, source, "holds", crossings};
  std::string orders;
  for (const std::string& m : models) {
    std::vector<std::pair<double, std::string>> order;
    for (const std::string& t : tasks) {
      std::vector<double> values;
      for (const CellResult& r : where(where(all, model, m), task, t)) values.push_back(worth(r));
      if (!values.empty()) order.emplace_back(-eval::spread(values).mean, t);
    }
    std::ranges::sort(order);
    orders += (orders.empty() ? "" : "; ") + m + ":";
    for (const auto& [value, name] : order) orders += " " + name + " " + report::fixed(-value, 1);
  }
  return {statement, source, "not shown", "no two tasks change places beyond their intervals. " + orders};
}

bool is_skipping(const Cell& c) {
  return c.model.name.starts_with("resnet") || c.model.name.starts_with("revnet") ||
         c.model.name.starts_with("wide_resnet");
}

Finding late_layers(const std::vector<CellResult>& all) {
  const std::string statement = "Late layers lose quality in VGG, and not where layers are skipped",
                    source = "Kolesnikov 2019";
  std::vector<double> found;
  std::string drops;
  for (const std::string& m : values_of(all, model)) {
    std::vector<double> own;
    for (const CellResult& r : where(all, model, m)) own.push_back(late_drop(r));
    drops += (drops.empty() ? "" : "; ") + m + " " + words(eval::spread(own));
    if (!m.starts_with("vgg")) continue;
    // Each VGG beside all networks with skips that are otherwise like it, at once: pairs would count it
    // often.
    for (const CellResult& vgg : where(all, model, m)) {
      std::vector<double> others;
      for (const CellResult& r : all)
        if (is_skipping(r.cell) && alike_but_for(r.cell, vgg.cell, model)) others.push_back(late_drop(r));
      if (!others.empty()) found.push_back(late_drop(vgg) - eval::spread(others).mean);
    }
  }
  if (found.empty())
    return not_asked(statement, source, "VGG beside a ResNet or RevNet; best tap less the last: " + drops);
  const eval::Spread s = eval::spread(found);
  return {statement, source, verdict(s),
          "VGG's loss from its best tap to its last, less theirs: " + words(s) + ". By model: " + drops};
}

Finding wider(const std::vector<CellResult>& all) {
  const std::string statement = "Wider networks learn better features", source = "Kolesnikov 2019";
  const auto widths = sizes_of(all, width);
  if (widths.size() < 2) return not_asked(statement, source, "two widths");
  const auto found = differences(all, width, widths.front(), widths.back(), worth);
  if (found.empty()) return not_asked(statement, source, "pairs of widths");
  const eval::Spread s = eval::spread(found);
  return {statement, source, verdict(s),
          "probe at width " + widths.back() + " less that at " + widths.front() + ": " + words(s)};
}

Finding solving(const std::vector<CellResult>& all) {
  const Value solved = [](const CellResult& r) { return r.solved; };
  Finding f = alike("How well the task is solved does not rank networks", "Kolesnikov 2019",
                    "the task's accuracy and the probe", agreement_of(all, solved, worth));
  if (f.verdict == "holds")
    f.verdict = "does not hold";
  else if (f.verdict == "does not hold")
    f.verdict = "holds";
  return f;
}

Finding other_classifier(const std::vector<CellResult>& all) {
  const Value nearest = [](const CellResult& r) { return r.knn[r.chosen()]; };
  return alike("A classifier that is not linear orders networks alike", "Kolesnikov 2019",
               "nearest neighbours and the probe", agreement_of(all, nearest, worth));
}

/// Whether what an axis brings from its first value to its last is more in the widest networks.
Finding more_for_larger(const std::vector<CellResult>& all, const std::string& statement, const Axis& axis,
                        const std::vector<std::string>& values, const std::string& needs) {
  const std::string source = "Goyal 2019";
  const auto widths = sizes_of(all, width);
  if (widths.size() < 2 || values.size() < 2) return not_asked(statement, source, "two widths and " + needs);
  // One number for each pair of cells of the widest networks that has its like among the narrowest.
  std::vector<double> narrow, wide, found;
  const auto like = [&](const CellResult& cell, const Axis& other, const std::string& value) {
    return std::ranges::find_if(all, [&](const CellResult& r) {
      return other(r.cell) == value && alike_but_for(r.cell, cell.cell, other);
    });
  };
  for (const CellResult& last : where(where(all, width, widths.back()), axis, values.back())) {
    const auto first = like(last, axis, values.front()), small_last = like(last, width, widths.front());
    if (first == all.end() || small_last == all.end()) continue;
    const auto small_first = like(*small_last, axis, values.front());
    if (small_first == all.end()) continue;
    wide.push_back(worth(last) - worth(*first));
    narrow.push_back(worth(*small_last) - worth(*small_first));
    found.push_back(wide.back() - narrow.back());
  }
  if (found.empty()) return not_asked(statement, source, "whole pairs of cells");
  const eval::Spread s = eval::spread(found);
  return {statement, source, verdict(s),
          "from " + values.front() + " to " + values.back() + " brings width " + widths.back() + " " +
              words(eval::spread(wide)) + " and width " + widths.front() + " " + words(eval::spread(narrow)) +
              "; the difference: " + words(s)};
}

}  // namespace

std::vector<Finding> findings_of(const std::vector<CellResult>& results) {
  if (results.empty()) return {};
  return {ranking(results),
          late_layers(results),
          wider(results),
          solving(results),
          other_classifier(results),
          more_for_larger(results, "More pictures help larger networks more", pictures,
                          sizes_of(results, pictures), "two numbers of pictures"),
          more_for_larger(results, "Harder tasks help larger networks more", hardness,
                          values_of(results, hardness), "two kinds of hardness")};
}
