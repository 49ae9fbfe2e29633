// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <pretext/tasks/jitter.hpp>

#include "answer.hpp"

namespace bench {

/// What contrastive tasks are shown: a resized crop, mirrored or not, its colours changed, blurred.
inline std::vector<View> contrastive_views(const std::vector<ImageView>& pictures, const std::string& change,
                                           std::uint32_t epoch) {
  std::vector<View> views(pictures.size());
  for (std::size_t i = 0; i < views.size(); ++i) {
    Rng rng(1, Use::views, epoch, static_cast<std::uint32_t>(i));
    views[i].source = static_cast<std::int32_t>(i);
    views[i].map = tasks::ResizedCrop{}(pictures[i], rng);
    if (change != "crop") tasks::ColorJitter{}(views[i], rng);
    if (change == "blur") views[i].blur = rng.uniform(0.1F, 2);
  }
  return views;
}

/// A line: "crop", "jitter" or "blur", one batch of views of 224 x 224, one of each picture of 256 x 256.
inline void serve_views(std::int64_t count) {
  std::vector<Image> images;
  Rng rng(1, Use::test);
  for (std::int64_t i = 0; i < count; ++i) {
    images.emplace_back(256, 256);
    for (int k = 0; k < 3 * 256 * 256; ++k)
      images.back().pixels()[k] = static_cast<std::uint8_t>(rng.below(256));
  }
  const std::vector<ImageView> pictures(images.begin(), images.end());
  const RenderOptions options{224, 224, imagenet_normalization};
  std::map<std::string, std::vector<double>> seconds;
  std::uint32_t epoch = 0;
  serve([&](const std::string& line) {
    return seconds[line].emplace_back(
        seconds_of([&] { render<Cpu>(pictures, contrastive_views(pictures, line, epoch++), options); }));
  });
  for (const auto& [line, all] : seconds)
    print(identity().add("views", line).add("views_s", static_cast<double>(count) / median(all)));
}

}  // namespace bench
