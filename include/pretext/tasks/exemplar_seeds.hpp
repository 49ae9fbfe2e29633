// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <numeric>
#include <vector>

#include "pretext/core/hash.hpp"
#include "pretext/core/random.hpp"
#include "pretext/data/dataset.hpp"
#include "pretext/image/color.hpp"

namespace pretext::tasks {

/// A square within a picture: its middle and its side, in pixels of the picture.
struct Place {
  float x = 0, y = 0, side = 0;
};

/// Patches of pictures, each a class of its own: seed i is places[i] of picture i of the data set.
struct Seeds {
  data::Dataset pictures;
  std::vector<Place> places;

  /// A hash of all pictures and places.
  std::uint64_t hash() const {
    Hash h;
    h.word(pictures.hash());
    for (const Place& place : places)
      for (const float number : {place.x, place.y, place.side}) h.word(math::bits_of(number));
    return h.value();
  }
};

/// Which patches become seeds.
struct SeedOptions {
  std::int64_t count = 8000;           ///< seeds, and so classes; at most one of a picture
  float smallest = 0.5F, largest = 1;  ///< side of a patch by the short side of its picture
  int scales = 4;                      ///< sides between the two, evenly by their logarithm
  std::uint64_t seed = 0;
};

/// The mean squared gradient magnitude of the grey picture within any square of it, by an integral image;
/// grey from 0 to 1, differences from one pixel to the next but one.
class GradientEnergy {
 public:
  explicit GradientEnergy(const ImageView& picture)
      : height_(picture.height),
        width_(picture.width),
        sums_(static_cast<std::size_t>(height_ + 1) * static_cast<std::size_t>(width_ + 1)) {
    std::vector<float> grey(static_cast<std::size_t>(height_) * static_cast<std::size_t>(width_));
    for (std::size_t i = 0; i < grey.size(); ++i) {
      const std::uint8_t* p = picture.pixels + i * static_cast<std::size_t>(picture.channels);
      const std::size_t step = picture.channels == 3 ? 1 : 0;
      grey[i] = (luma_of(0) * static_cast<float>(p[0]) + luma_of(1) * static_cast<float>(p[step]) +
                 luma_of(2) * static_cast<float>(p[2 * step])) /
                255;
    }
    const auto at = [&](int y, int x) {
      return grey[static_cast<std::size_t>(std::clamp(y, 0, height_ - 1) * width_ +
                                           std::clamp(x, 0, width_ - 1))];
    };
    for (int y = 0; y < height_; ++y) {
      double row = 0;
      for (int x = 0; x < width_; ++x) {
        const float across = 0.5F * (at(y, x + 1) - at(y, x - 1)),
                    down = 0.5F * (at(y + 1, x) - at(y - 1, x));
        row += static_cast<double>(across * across + down * down);
        sum(y + 1, x + 1) = sum(y, x + 1) + row;
      }
    }
  }

  int short_side() const { return std::min(height_, width_); }

  /// Of the square of this side whose first pixel is (left, top); it must lie inside.
  double mean(int left, int top, int side) const {
    const double inside =
        sum(top + side, left + side) - sum(top, left + side) - sum(top + side, left) + sum(top, left);
    return std::max(0.0, inside) / (static_cast<double>(side) * side);
  }

  /// Calls f(place, weight) for every patch that may be a seed. A weight is the mean squared gradient
  /// magnitude by the number of patches of the same side: every side and every position is equally likely but
  /// for its gradients.
  template <class F>
  void each_patch(const SeedOptions& o, F&& f) const {
    for (int s = 0; s < o.scales; ++s) {
      const int side = side_of(o, s), step = std::max(1, side / 8);
      const int rows = (height_ - side) / step + 1, columns = (width_ - side) / step + 1;
      for (int i = 0; i < rows; ++i)
        for (int j = 0; j < columns; ++j) {
          const float middle = 0.5F * static_cast<float>(side - 1);
          const Place place{static_cast<float>(j * step) + middle, static_cast<float>(i * step) + middle,
                            static_cast<float>(side)};
          f(place, mean(j * step, i * step, side) / (static_cast<double>(rows) * columns));
        }
    }
  }

  /// The sum of the weights of all patches.
  double total(const SeedOptions& o) const {
    double sum = 0;
    each_patch(o, [&](const Place&, double weight) { sum += weight; });
    return sum;
  }

  /// A patch, drawn with probability proportional to its weight.
  Place draw(const SeedOptions& o, Rng& rng) const {
    double left = static_cast<double>(rng.uniform()) * total(o);
    Place drawn;
    bool done = false;
    each_patch(o, [&](const Place& place, double weight) {
      if (done || weight == 0) return;
      drawn = place;
      left -= weight;
      done = left < 0;
    });
    return drawn;
  }

 private:
  int side_of(const SeedOptions& o, int scale) const {
    const float along = o.scales == 1 ? 0 : static_cast<float>(scale) / static_cast<float>(o.scales - 1);
    const float share = o.smallest * std::pow(o.largest / o.smallest, along);
    return std::clamp(static_cast<int>(std::lround(share * static_cast<float>(short_side()))), 1,
                      short_side());
  }

  double& sum(int y, int x) { return sums_[static_cast<std::size_t>(y * (width_ + 1) + x)]; }
  double sum(int y, int x) const { return sums_[static_cast<std::size_t>(y * (width_ + 1) + x)]; }

  int height_, width_;
  std::vector<double> sums_;  // [height + 1, width + 1]
};

/// The seeds of Exemplar-CNN (Dosovitskiy et al., NIPS 2014): patches from different pictures at varying
/// positions and scales, drawn with probability proportional to their mean squared gradient magnitude. They
/// are a function of the pictures, the options and the seed. Throws where fewer pictures have gradients.
inline Seeds exemplar_seeds(const data::Dataset& dataset, const SeedOptions& o) {
  require(o.count >= 1, "exemplar_seeds: count must be at least 1, not ", o.count);
  require(0 < o.smallest && o.smallest <= o.largest && o.largest <= 1 && o.scales >= 1 && o.scales <= 100,
          "exemplar_seeds: sides from ", o.smallest, " to ", o.largest, " of the short side in ", o.scales,
          " steps; expected 0 < smallest <= largest <= 1 and 1 to 100 scales");
  const auto stream = [&](std::int64_t i) {
    return Rng(o.seed, Use::mining, 0, static_cast<std::uint32_t>(i));
  };
  // Of keys that are exponential with rate w, the smallest are a draw by weights w without replacement
  // (Efraimidis and Spirakis 2006); each picture's key is its own affair.
  std::vector<double> keys(static_cast<std::size_t>(dataset.size()));
  std::vector<Place> places(keys.size());
  parallel_for(dataset.size(), 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const GradientEnergy energy(dataset.image(i));
      Rng rng = stream(i);
      const double exponential = -std::log((static_cast<double>(rng.bits()) + 0.5) * 0x1p-32);
      keys[static_cast<std::size_t>(i)] = exponential / energy.total(o);
      places[static_cast<std::size_t>(i)] = energy.draw(o, rng);
    }
  });
  std::vector<std::int64_t> order(keys.size());
  std::iota(order.begin(), order.end(), 0);
  const auto key = [&](std::int64_t i) { return keys[static_cast<std::size_t>(i)]; };
  std::sort(order.begin(), order.end(),
            [&](std::int64_t a, std::int64_t b) { return key(a) < key(b) || (key(a) == key(b) && a < b); });
  const auto usable = std::count_if(keys.begin(), keys.end(), [](double k) { return std::isfinite(k); });
  require(o.count <= usable, "exemplar_seeds: ", o.count, " seeds are asked for, but only ", usable,
          " of the ", dataset.size(), " pictures of ", dataset.name(), " have gradients, and each gives one");
  order.resize(static_cast<std::size_t>(o.count));
  std::sort(order.begin(), order.end());
  Seeds seeds{dataset.subset(order), {}};
  for (const std::int64_t i : order) seeds.places.push_back(places[static_cast<std::size_t>(i)]);
  return seeds;
}

}  // namespace pretext::tasks
