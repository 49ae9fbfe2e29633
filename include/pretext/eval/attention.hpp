// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "pretext/cpu/reduce.hpp"
#include "pretext/eval/features.hpp"
#include "pretext/image/affine.hpp"
#include "pretext/image/sampler.hpp"

namespace pretext::eval {

/// Where a layer is active: map[N, H, W] = sum over channels of |activation[N, H, W, C]|^power (Zagoruyko and
/// Komodakis, ICLR 2017; Gidaris, Singh and Komodakis, ICLR 2018). Throws where a cell is not finite.
inline Tensor<float, Cpu> attention_map(const Tensor<float, Cpu>& activation, double power = 2) {
  ops::require_rank("attention", "activation", activation, 4);
  require(power > 0 && std::isfinite(power), "attention: power must be positive, not ", power);
  const std::int64_t cells = activation.dim(0) * activation.dim(1) * activation.dim(2),
                     channels = activation.dim(3);
  Tensor<float, Cpu> map({activation.dim(0), activation.dim(1), activation.dim(2)});
  parallel_for(cells, cpu::reduction_grain(cells, channels), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const float* x = activation.data() + i * channels;
      double sum = 0;
      for (std::int64_t c = 0; c < channels; ++c) {
        const double magnitude = std::abs(static_cast<double>(x[c]));
        sum += power == 1 ? magnitude : power == 2 ? magnitude * magnitude : std::pow(magnitude, power);
      }
      map.data()[i] = static_cast<float>(sum);
      require(std::isfinite(map.data()[i]), "attention: an activation to the power ", power,
              " is not finite; look at the network that made it, or lower the power");
    }
  });
  return map;
}

/// maps[N, H, W] drawn as [N, height, width], bilinearly: cells and pixels are squares over the same picture,
/// and beyond the middles of the outermost cells their values go on.
inline Tensor<float, Cpu> resize_maps(const Tensor<float, Cpu>& maps, std::int64_t height,
                                      std::int64_t width) {
  ops::require_rank("attention", "maps", maps, 3);
  const auto h = narrow<int>(maps.dim(1), "attention: height"),
             w = narrow<int>(maps.dim(2), "attention: width");
  require(h > 0 && w > 0 && height > 0 && width > 0, "attention: maps ", maps.shape(), " cannot be drawn at ",
          height, " x ", width);
  const Affine from = boxed(0, 0, static_cast<float>(w), static_cast<float>(h),
                            narrow<int>(height, "attention: height"), narrow<int>(width, "attention: width"));
  Tensor<float, Cpu> drawn({maps.dim(0), height, width});
  parallel_for(maps.dim(0) * height, 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const Tap y = tap(from.y(0, static_cast<float>(row % height)), h);
      const float* map = maps.data() + row / height * h * w;
      const float *above = map + std::int64_t{y.first} * w, *below = map + std::int64_t{y.second} * w;
      for (std::int64_t column = 0; column < width; ++column) {
        const Tap x = tap(from.x(static_cast<float>(column), 0), w);
        const float top = above[x.first] + x.fraction * (above[x.second] - above[x.first]);
        const float bottom = below[x.first] + x.fraction * (below[x.second] - below[x.first]);
        drawn.data()[row * width + column] = top + y.fraction * (bottom - top);
      }
    }
  });
  return drawn;
}

/// x[N, S, S] or [N, S, S, C], each turned counter-clockwise by `turns` quarters.
inline Tensor<float, Cpu> turned(const Tensor<float, Cpu>& x, int turns) {
  require(x.shape().rank() >= 3 && x.dim(1) == x.dim(2), "attention: ", x.shape(),
          " cannot be turned; expected squares [N, S, S] or [N, S, S, C]");
  const std::int64_t size = x.dim(1), pixel = x.shape().rank() == 3 ? 1 : x.dim(3);
  const Affine from = quarter_turns(turns, narrow<int>(size, "attention: size"));
  Tensor<float, Cpu> y(x.shape());
  parallel_for(x.dim(0) * size, 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row)
      for (std::int64_t column = 0; column < size; ++column) {
        const auto px = static_cast<float>(column), py = static_cast<float>(row % size);
        const auto source = (row / size * size + static_cast<std::int64_t>(from.y(px, py))) * size +
                            static_cast<std::int64_t>(from.x(px, py));
        std::copy_n(x.data() + source * pixel, pixel, y.data() + (row * size + column) * pixel);
      }
  });
  return y;
}

struct AttentionOptions {
  double power = 2;
  std::int64_t batch = 64;  ///< pictures in memory at a time
  Watch watch{};            ///< null: nobody is told
};

/// What one tap attends to: maps[k] [N, H, W] are of the pictures turned counter-clockwise by k quarters, as
/// the network saw them.
struct Attention {
  std::string tap{};
  std::array<Tensor<float, Cpu>, 4> maps{};
};

/// The maps of all taps for every picture of a data set in its four quarter turns. `render(dataset, indices)`
/// makes the network's input [n, S, S, C], and "pixels" as a tap is that input itself.
template <class Render>
std::vector<Attention> attention(nn::Sequential<Cpu, float>& net, Span<const std::string> taps,
                                 const data::Dataset& dataset, Render&& render,
                                 const AttentionOptions& options = {}) {
  require(dataset.size() > 0, "attention: data set ", dataset.name(), " has no pictures");
  require(options.batch > 0, "attention: batch must be positive, not ", options.batch);
  std::vector<Attention> result;
  for (const Features& named : detail::name_taps(taps, net.taps(), dataset)) result.push_back({named.tap});
  detail::each_batch(dataset.size(), options.batch, [&](std::int64_t first, auto indices) {
    if (options.watch) options.watch("attention", first, dataset.size());
    const Tensor<float, Cpu> upright = render(dataset, indices);
    for (int turns = 0; turns < 4; ++turns) {
      const auto put = [&](const std::string& name, const Pending<float, Cpu>& activation) {
        for (Attention& of_tap : result) {
          if (of_tap.tap != name) continue;
          const Tensor<float, Cpu> map = attention_map(activation, options.power);
          Tensor<float, Cpu>& all = of_tap.maps[static_cast<std::size_t>(turns)];
          if (!all.defined()) all = Tensor<float, Cpu>(map.shape().with(0, dataset.size()));
          all.rows(first, first + std::ssize(indices)).copy_from(map);
        }
      };
      const Tensor<float, Cpu> input = turned(upright, turns);
      put(pixels_tap, input);
      net(input, put);
    }
    return upright.shape();
  });
  return result;
}

}  // namespace pretext::eval
