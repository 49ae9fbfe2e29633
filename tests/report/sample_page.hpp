// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "pretext/core/random.hpp"
#include "pretext/report/filters.hpp"
#include "pretext/report/page.hpp"

namespace test {

/// A small picture of noise.
inline pretext::Image speckles(std::uint32_t number) {
  pretext::Image image(16, 16, 3);
  pretext::Rng rng(9, pretext::Use::test, 0, number);
  for (std::int64_t i = 0; i < image.view().size(); ++i)
    image.pixels()[i] = static_cast<std::uint8_t>(rng.below(256));
  return image;
}

/// A page with every kind of block. Each word on it comes from `word`, which is asked with a proposal.
inline pretext::report::Page sample_page(const std::function<std::string(std::string)>& word) {
  using namespace pretext::report;
  Series train{.name = word("training")}, valid{.name = word("validation")};
  for (int i = 0; i < 1000; ++i) {
    train.x.push_back(i);
    train.y.push_back(std::exp(-i / 200.0) + 0.1 * std::sin(i));
    if (i % 100 == 99) valid.x.push_back(i), valid.y.push_back(std::exp(-i / 220.0));
  }
  const LinePlot plot{.title = word("Loss"),
                      .x_label = word("step"),
                      .y_label = word("cross-entropy"),
                      .series = {train, valid},
                      .reference = Reference{1.386, word("chance")}};
  const BarChart bars{.title = word("Probe"),
                      .x_label = word("accuracy, %"),
                      .series = {word("pretrained"), word("random weights")},
                      .groups = {{word("block 1"), {{60, 1}, {50, 1}}}, {word("block 2"), {}}},
                      .reference = Reference{10, word("chance")}};
  const Table results{.caption = word("Accuracy of every tap"),
                      .columns = {{word("tap")}, {word("pretrained"), Best::highest}, {word("remark")}},
                      .rows = {{word("block 1"), Cell(60, 1, 1), word("best")},
                               {word("block 2"), Cell(50, 1), word("deep")}}};
  const std::vector<Card> cards = {{speckles(1), word("90\u00B0"), word("90\u00B0"), Mark::right},
                                   {speckles(2), word("0\u00B0"), word("180\u00B0"), Mark::wrong}};
  std::vector<Card> filters;
  for (const pretext::Image& filter :
       filter_pictures(pretext::Tensor<float, pretext::Cpu>::full({3, 3, 3, 12}, 1)))
    filters.push_back({filter});

  Page page(word("Rotation on shapes"),
            word("A network learnt to tell which way up pictures are. It reached 92 %."));
  page.headline({{word("92 %"), word("rotation accuracy"), word("chance is 25 %")},
                 {word("3 min"), word("on 2 cores"), ""}})
      .section(word("Training"), word("How the loss fell."),
               side_by_side({figure(plot, word("Lower is better.")), figure(plot)}),
               figure(plot, word("Again, wide.")))
      .section(word("Views"), gallery(cards),
               neighbours({{{speckles(3), word("cat")}, {cards[0], cards[1]}}}))
      .section(word("Probes"), figure(bars, word("Whiskers: one standard deviation.")), table(results))
      .section(word("Filters"), gallery(filters, 40),
               figure(filter_grid(pretext::Tensor<float, pretext::Cpu>::zeros({3, 3, 3, 4})), word("filters"),
                      word("Filters"), word("Grey is zero.")))
      .section(word("How it was made"), facts({{word("seed"), word("1")}, {word("data"), word("shapes")}}),
               command(word("pretext pretrain rotation")));
  return page;
}

}  // namespace test
