// SPDX-License-Identifier: MIT
#pragma once

#include <pretext/data/dataset.hpp>
#include <pretext/image/image.hpp>
#include <pretext/image/normalization.hpp>
#include <pretext/tensor/tensor.hpp>
#include <string>

#include "settings.hpp"

/// Where pictures come from; the same flags for every verb.
struct DataSettings {
  std::string data = "shapes";
  std::string cache = ".cache";
  std::int64_t size = 0;  ///< 0: what suits the task
  double max_bad = 0.01;
  std::int64_t limit = 0;  ///< 0: all pictures

  void add_to(Settings& settings);

  /// True where the library draws the pictures itself.
  bool drawn() const { return data == "shapes" || data.starts_with("shapes:"); }

  /// Throws what open() would throw of the settings alone.
  void check() const;

  /// The train or the test part, decoded, or as many of its pictures as there may be, drawn without regard to
  /// the seed. Says on stderr what was opened and how many pictures could not be read.
  pretext::data::Dataset open(pretext::data::Split split) const;
};

/// A view [H, W, 3] as a picture again: the normalisation undone and rounded.
pretext::Image to_image(const pretext::Tensor<float, pretext::Cpu>& view,
                        const pretext::Normalization& normalization);

/// `count` different pictures of a data set, without order; fewer where there are fewer.
std::vector<std::int64_t> some_indices(std::int64_t size, std::int64_t count);
