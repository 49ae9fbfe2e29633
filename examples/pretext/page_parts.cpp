// SPDX-License-Identifier: MIT
#include "page_parts.hpp"

#include <cmath>
#include <cstdio>
#include <pretext/nn/visit.hpp>
#include <pretext/report/blocks.hpp>
#include <pretext/report/filters.hpp>
#include <pretext/report/gallery.hpp>
#include <pretext/report/table.hpp>

using namespace pretext;
using report::Html;

namespace {

const std::vector<std::pair<std::string, std::string>> baselines{{"random", "random weights"},
                                                                 {"supervised", "supervised"}};

bool measured(const std::vector<eval::Summary>& all, const std::string& network,
              const std::string& protocol) {
  return !taps_of(all, network, protocol).empty();
}

report::Cell cell(const eval::Summary* s) {
  if (s == nullptr) return "";
  return {100 * s->accuracy.mean, 1, s->accuracy.count > 1 ? 100 * s->accuracy.deviation : std::nan("")};
}

report::Bar bar(const eval::Summary* s) {
  return s == nullptr ? report::Bar{} : report::Bar{100 * s->accuracy.mean, 100 * s->accuracy.deviation};
}

}  // namespace

std::string percent(double part) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %%", 100 * part);
  return text;
}

report::Series epoch_curve(const std::string& name, const std::vector<std::vector<train::Record>>& runs,
                           double (*value)(const train::Record&)) {
  std::vector<double> epochs;
  std::vector<std::vector<double>> values;
  for (const train::Record& r : runs.front()) epochs.push_back(static_cast<double>(r.epoch));
  for (const auto& records : runs) {
    values.emplace_back();
    for (const train::Record& r : records) values.back().push_back(value(r));
  }
  return report::over_runs(name, epochs, values);
}

const eval::Summary* summary_of(const std::vector<eval::Summary>& all, const std::string& network,
                                const std::string& tap, const std::string& protocol) {
  for (const auto& s : all)
    if (s.first.network == network && s.first.tap == tap && s.first.protocol.starts_with(protocol)) return &s;
  return nullptr;
}

std::vector<std::string> taps_of(const std::vector<eval::Summary>& all, const std::string& network,
                                 const std::string& protocol) {
  std::vector<std::string> taps;
  for (const auto& s : all)
    if (s.first.network == network && s.first.protocol.starts_with(protocol)) taps.push_back(s.first.tap);
  return taps;
}

Html probe_table(const std::vector<eval::Summary>& all, const std::string& network,
                 const std::string& protocol, const std::string& caption) {
  using report::Best;
  const bool random = measured(all, "random", protocol), supervised = measured(all, "supervised", protocol);
  const auto* raw = summary_of(all, "raw pixels", "pixels", protocol);
  report::Table table{caption, {{"tap"}, {network, Best::highest}}, {}};
  if (random)
    table.columns.insert(table.columns.end(), {{"random weights", Best::highest}, {"gain", Best::highest}});
  if (supervised) table.columns.push_back({"supervised", Best::highest});
  if (raw != nullptr) table.columns.push_back({"raw pixels"});
  for (const std::string& tap : taps_of(all, network, protocol)) {
    const auto* own = summary_of(all, network, tap, protocol);
    const auto* base = summary_of(all, "random", tap, protocol);
    std::vector<report::Cell> row{tap, cell(own)};
    if (random) {
      row.push_back(cell(base));
      row.push_back(base == nullptr
                        ? report::Cell("")
                        : report::Cell::difference(100 * (own->accuracy.mean - base->accuracy.mean), 1));
    }
    if (supervised) row.push_back(cell(summary_of(all, "supervised", tap, protocol)));
    if (raw != nullptr) row.push_back("");
    table.rows.push_back(std::move(row));
  }
  if (raw != nullptr) {
    std::vector<report::Cell> row(table.columns.size(), report::Cell(""));
    row.front() = "input";
    row.back() = cell(raw);
    table.rows.push_back(std::move(row));
  }
  return report::table(table);
}

Html probe_bars(const std::vector<eval::Summary>& all, const std::string& network,
                const std::string& caption) {
  const std::string protocol = "linear probe";
  report::BarChart chart{.title = "Linear probe by tap", .x_label = "test accuracy, %", .series = {network}};
  for (const auto& [name, words] : baselines)
    if (measured(all, name, protocol)) chart.series.push_back(words);
  for (const std::string& tap : taps_of(all, network, protocol)) {
    report::BarGroup group{tap, {bar(summary_of(all, network, tap, protocol))}};
    for (const auto& [name, words] : baselines)
      if (measured(all, name, protocol)) group.bars.push_back(bar(summary_of(all, name, tap, protocol)));
    chart.groups.push_back(group);
  }
  if (const auto* raw = summary_of(all, "raw pixels", "pixels", protocol))
    chart.reference = report::Reference{100 * raw->accuracy.mean, "raw pixels"};
  return report::figure(chart, caption);
}

std::optional<Tensor<float, Cpu>> first_filters(nn::Sequential<>& net) {
  Tensor<float, Cpu> kernel, gamma, variance;
  const auto take = [](Tensor<float, Cpu>& to, const Tensor<float, Cpu>& from) {
    if (!to.defined()) to = from.clone();
  };
  nn::visit<Cpu, float>(net, {.param =
                                  [&](const std::string& name, Param<float, Cpu>& p) {
                                    if (p.value.shape().rank() == 4)
                                      take(kernel, p.value);
                                    else if (name.ends_with(".weight"))
                                      take(gamma, p.value);
                                  },
                              .buffer =
                                  [&](const std::string& name, Buffer<float, Cpu>& b) {
                                    if (name.ends_with("running_var")) take(variance, b.value);
                                  }});
  if (!kernel.defined() || kernel.dim(2) != 3 || gamma.size() != kernel.dim(3) ||
      variance.size() != kernel.dim(3))
    return std::nullopt;
  const std::int64_t filters = kernel.dim(3);
  for (std::int64_t i = 0; i < kernel.size(); ++i)
    kernel.data()[i] *= gamma.data()[i % filters] / std::sqrt(variance.data()[i % filters] + 1e-5F);
  return kernel;
}

Html filter_gallery(const Tensor<float, Cpu>& filters) {
  std::vector<report::Card> cards;
  for (Image& filter : report::filter_pictures(filters, {.one_range = true}))
    cards.push_back({std::move(filter)});
  return report::gallery(cards, 44);
}
