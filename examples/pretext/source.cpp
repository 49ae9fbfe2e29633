// SPDX-License-Identifier: MIT
#include "source.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <pretext/data/open.hpp>

using namespace pretext;

void DataSettings::add_to(Settings& settings) {
  settings.add(
      "data", &data,
      "Pictures: a folder, a .tar or .tar.gz of one, a folder of CIFAR-10, CIFAR-100, STL-10, MNIST or "
      "Fashion-MNIST, a .ptx cache, or shapes:SIZE:COUNT to have COUNT pictures drawn");
  settings.add("cache", &cache, "Folder that keeps decoded pictures; -: none, decode every time");
  settings.add("size", &size, "Side of the network's input, in pixels; 0: what suits the task");
  settings.add("max-bad", &max_bad, "Part of the pictures that may be unreadable and left out");
  settings.add("limit", &limit, "At most so many pictures of a part, drawn by chance; 0: all of them");
}

void DataSettings::check() const {
  require(size >= 8 && size <= 1024, "--size must be 8 to 1024, not ", size);
  require(max_bad >= 0 && max_bad <= 1, "--max-bad must be 0 to 1, not ", max_bad);
  require(limit >= 0, "--limit must be at least 0, not ", limit);
}

data::Dataset DataSettings::open(data::Split split) const {
  check();
  const std::string source = data == "shapes" ? "shapes:" + std::to_string(size) : data;
  const std::string folder = cache == "-" ? "" : cache;
  if (!folder.empty() && !drawn()) std::filesystem::create_directories(folder);
  data::Dataset dataset = data::open(source, split, {.read = {.max_bad = max_bad}, .cache = folder});
  const std::int64_t found = dataset.size();
  if (limit > 0 && limit < found) dataset = dataset.subset(some_indices(found, limit));
  const std::string what = std::string(data::to_string(split)) + " picture";
  std::fprintf(stderr, "%s: %s", source.c_str(), counted(dataset.size(), what).c_str());
  if (dataset.size() < found) std::fprintf(stderr, " of %lld", static_cast<long long>(found));
  if (!dataset.classes().empty()) std::fprintf(stderr, ", %zu classes", dataset.classes().size());
  if (!dataset.skipped().empty())
    std::fprintf(stderr, ", %zu skipped (first: %s: %s)", dataset.skipped().size(),
                 dataset.skipped()[0].name.c_str(), dataset.skipped()[0].reason.c_str());
  std::fprintf(stderr, "\n");
  return dataset;
}

Image to_image(const Tensor<float, Cpu>& view, const Normalization& normalization) {
  Image image(static_cast<int>(view.dim(0)), static_cast<int>(view.dim(1)));
  for (std::int64_t i = 0; i < view.size(); ++i) {
    const float value =
        (view.data()[i] * normalization.deviation[i % 3] + normalization.mean[i % 3]) * 255.0F;
    image.pixels()[i] = static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0F, 255.0F)));
  }
  return image;
}

std::vector<std::int64_t> some_indices(std::int64_t size, std::int64_t count) {
  const Permutation order(static_cast<std::uint64_t>(size), 0, 0);
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < std::min(size, count); ++i)
    indices.push_back(static_cast<std::int64_t>(order(static_cast<std::uint64_t>(i))));
  return indices;
}
