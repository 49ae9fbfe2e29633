// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cuda/pictures.hpp"

namespace pretext::cuda {

/// A data set in device memory: its pictures of any sizes, grey or in colours, and their labels. Sent there
/// once; it never changes.
class ResidentSet {
 public:
  /// Of a data set, which has size(), name(), image(i) and label(i). Throws an Error where there is no room
  /// for it, which says how many bytes were asked for and how many are free.
  template <class Dataset>
  explicit ResidentSet(const Dataset& dataset)
      : pictures_(pictures_of(dataset), dataset.name()), labels_(labels_of(dataset)) {}

  std::int64_t size() const { return pictures_.size(); }
  /// Of the pixels.
  std::int64_t bytes() const { return pictures_.bytes(); }
  /// [size()] in device memory.
  const ImageView* pictures() const { return pictures_.table(); }
  const std::int32_t* labels() const { return labels_.data(); }

 private:
  template <class Dataset>
  static std::vector<ImageView> pictures_of(const Dataset& dataset) {
    std::vector<ImageView> pictures;
    pictures.reserve(static_cast<std::size_t>(dataset.size()));
    for (std::int64_t i = 0; i < dataset.size(); ++i) {
      pictures.push_back(dataset.image(i));
      const int channels = pictures.back().channels;
      require(channels == 1 || channels == 3, "cuda: picture ", i, " of ", dataset.name(), " has ", channels,
              " channels, not 1 or 3");
    }
    return pictures;
  }

  template <class Dataset>
  static Tensor<std::int32_t, Cuda> labels_of(const Dataset& dataset) {
    std::vector<std::int32_t> labels;
    labels.reserve(static_cast<std::size_t>(dataset.size()));
    for (std::int64_t i = 0; i < dataset.size(); ++i) labels.push_back(dataset.label(i));
    return Tensor<std::int32_t, Cuda>::from({dataset.size()}, labels);
  }

  DevicePictures pictures_;
  Tensor<std::int32_t, Cuda> labels_;
};

}  // namespace pretext::cuda
