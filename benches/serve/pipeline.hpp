// SPDX-License-Identifier: MIT
#pragma once

#include <numeric>
#include <pretext/tasks/supervised.hpp>

#include "answer.hpp"

namespace bench {

/// A line: one batch of rotation's input, from decoded pictures to four turned views of each.
inline void serve_batches(std::int64_t pictures) {
  Rng rng(1);
  const tasks::Rotation<> task({.features = 8}, rng);
  std::vector<std::int64_t> all(static_cast<std::size_t>(pictures));
  std::iota(all.begin(), all.end(), 0);
  const auto set = data::shapes({.count = pictures});
  std::vector<double> seconds;
  serve([&](const std::string&) {
    return seconds.emplace_back(seconds_of([&] { task.batch(set, {0, 0, all}, true); }));
  });
  print(identity()
            .add("pictures", pictures)
            .add("views_s", 4 * static_cast<double>(pictures) / median(seconds)));
}

}  // namespace bench
