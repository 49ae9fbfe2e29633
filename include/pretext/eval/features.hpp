// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <numeric>

#include "pretext/core/precision.hpp"
#include "pretext/data/dataset.hpp"
#include "pretext/eval/constants.hpp"
#include "pretext/eval/feature_store.hpp"
#include "pretext/eval/pool_map.hpp"
#include "pretext/nn/sequential.hpp"
#include "pretext/nn/state.hpp"

namespace pretext::eval {

/// Told what is worked at, and how much of it is done: "features of cifar10", 512, 50000. Of what cannot be
/// counted all is 0.
using Watch = std::function<void(const std::string& work, std::int64_t done, std::int64_t all)>;

struct FeatureOptions {
  Pool pool = Pool::average;
  std::int64_t budget = 4096;  ///< features a tap may have; `flat` does not ask
  std::int64_t batch = 256;    ///< pictures in memory at a time; fewer where they are large
  std::string store{};         ///< folder that keeps features, so that none is computed twice; empty: none
  std::string inputs{};        ///< for a store: all that decides what `render` makes of a picture, as a text
  Watch watch{};               ///< null: nobody is told

  /// Calls f(name, value, meaning) for all that decides the features.
  void each_constant(auto&& f) const {
    f("pool", to_string(pool), "how a map that has more features than may be becomes fewer cells");
    f("budget", budget, "features that a tap may have");
  }
};

/// What one tap says about every picture of a data set.
struct Features {
  std::string tap{}, pooling{};  ///< the second as PoolGrid::text() has it
  Tensor<float, Cpu> x{};        ///< [N, dims]
  std::vector<int> labels{};     ///< one a row; -1 where the picture has none
};

/// The tap that stands for the network's input.
inline constexpr const char* pixels_tap = "pixels";

namespace detail {

/// Calls f(first, indices) for pictures [first, first + indices.size()), batch by batch. f returns how large
/// a picture is [N, H, W, C]: a batch holds half a million pixels, as maps of the first layers take many
/// times that.
template <class F>
void each_batch(std::int64_t pictures, std::int64_t batch, F&& f) {
  std::vector<std::int64_t> indices;
  std::int64_t fits = 8;
  for (std::int64_t first = 0; first < pictures; first += std::ssize(indices)) {
    indices.resize(static_cast<std::size_t>(std::min({fits, batch, pictures - first})));
    std::iota(indices.begin(), indices.end(), first);
    const Shape shape = f(first, Span<const std::int64_t>(indices));
    fits = std::max<std::int64_t>(1, (1 << 19) / std::max<std::int64_t>(1, shape[1] * shape[2]));
  }
}

/// Labels of all pictures and no rows yet, for every tap; throws where a tap is unknown or named twice.
inline std::vector<Features> name_taps(Span<const std::string> taps, std::vector<std::string> known,
                                       const data::Dataset& dataset) {
  known.insert(known.begin(), pixels_tap);
  std::vector<int> labels;
  for (std::int64_t i = 0; i < dataset.size(); ++i) labels.push_back(dataset.label(i));
  std::vector<Features> result;
  for (const std::string& tap : taps) {
    require(std::count(known.begin(), known.end(), tap) != 0, "features: no tap is named '", tap,
            "'; there are ", list_text(known));
    require(std::count(taps.begin(), taps.end(), tap) == 1, "features: tap '", tap, "' is asked for twice");
    result.push_back({.tap = tap, .labels = labels});
  }
  return result;
}

/// Pools the maps [n, H, W, C] or vectors [n, C] of pictures [first, first + n) into their rows.
inline void put_rows(Features& features, Tensor<float, Cpu> map, std::int64_t first, std::int64_t n,
                     const FeatureOptions& o) {
  if (map.shape().rank() == 2) map = map.reshape({map.dim(0), 1, 1, map.dim(1)});
  require(map.shape().rank() == 4 && map.dim(0) == n, "features: tap '", features.tap, "' gives ",
          map.shape(), " for ", n, " pictures; expected [N, H, W, C] or [N, C]");
  const PoolGrid grid(map.shape(), o.pool, o.budget);
  if (!features.x.defined()) {
    features.x = Tensor<float, Cpu>({std::ssize(features.labels), grid.dims()});
    features.pooling = grid.text();
  }
  require(features.pooling == grid.text(), "features: tap '", features.tap, "' gives ", features.pooling,
          " and then ", grid.text(), "; all pictures must be rendered to one size");
  pool_map(grid, map, features.x.data() + first * grid.dims());
}

template <class Render>
std::vector<Features> extract(nn::Sequential<Cpu, float>& backbone, Span<const std::string> taps,
                              const data::Dataset& dataset, Render& render, const FeatureOptions& options) {
  std::vector<Features> result = name_taps(taps, backbone.taps(), dataset);
  const bool deep =
      std::any_of(taps.begin(), taps.end(), [](const std::string& tap) { return tap != pixels_tap; });
  each_batch(dataset.size(), options.batch, [&](std::int64_t first, auto indices) {
    const auto put = [&](const std::string& name, const Pending<float, Cpu>& map) {
      for (Features& f : result)
        if (f.tap == name) put_rows(f, map, first, std::ssize(indices), options);
    };
    if (options.watch) options.watch("features of " + dataset.name(), first, dataset.size());
    const Tensor<float, Cpu> input = render(dataset, indices);
    put(pixels_tap, input);
    if (deep) backbone(input, put);
    return input.shape();
  });
  return result;
}

/// extract() of what the store does not have; the first picture alone says how many features a tap has.
template <class Render>
std::vector<Features> recall(nn::Sequential<Cpu, float>& backbone, Span<const std::string> taps,
                             const data::Dataset& dataset, Render& render, const FeatureOptions& options) {
  require(!options.inputs.empty(), "features: a store must know what decides the inputs; fill in .inputs");
  const FeatureStore store(options.store);
  const std::vector<std::int64_t> one{0};
  std::vector<Features> result = extract(backbone, taps, dataset.subset(one), render, options), fresh;
  const auto known = name_taps(taps, backbone.taps(), dataset);
  const FeatureKey key{.weights = nn::hash_state(backbone),
                       .data = dataset.hash(),
                       .inputs = message(options.inputs, ", ", precision())};
  std::vector<std::string> missing;
  for (std::size_t i = 0; i < result.size(); ++i) {
    result[i].labels = known[i].labels;
    const Shape shape{dataset.size(), result[i].x.dim(1)};
    result[i].x = store.find(key.of(result[i].tap, result[i].pooling), shape);
    if (!result[i].x.defined()) missing.push_back(result[i].tap);
  }
  if (!missing.empty()) fresh = extract(backbone, missing, dataset, render, options);
  for (Features& f : fresh) {
    store.put(key.of(f.tap, f.pooling), f.x);
    for (Features& empty : result)
      if (empty.tap == f.tap) empty.x = std::move(f.x);
  }
  return result;
}

}  // namespace detail

/// One pass over the data for all taps: `render(dataset, indices)` makes the network's input [n, H, W, C] of
/// n pictures, and "pixels" as a tap is that input itself. What a store has is read from there.
template <class Render>
std::vector<Features> features(nn::Sequential<Cpu, float>& backbone, Span<const std::string> taps,
                               const data::Dataset& dataset, Render&& render,
                               const FeatureOptions& options = {}) {
  require(dataset.size() > 0, "features: data set ", dataset.name(), " has no pictures");
  require(options.batch > 0, "features: batch must be positive, not ", options.batch);
  if (options.store.empty()) return detail::extract(backbone, taps, dataset, render, options);
  return detail::recall(backbone, taps, dataset, render, options);
}

/// The rendered pictures themselves as features: the baseline below every network.
template <class Render>
Features pixels(const data::Dataset& dataset, Render&& render, const FeatureOptions& options = {}) {
  nn::Sequential<Cpu, float> none;
  const std::string tap = pixels_tap;
  return std::move(features(none, Span(&tap, 1), dataset, render, options).front());
}

}  // namespace pretext::eval
