// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>

#include "pretext/models/cfn.hpp"
#include "pretext/models/colorization_net.hpp"
#include "pretext/models/exemplar_cnn.hpp"
#include "pretext/models/nin.hpp"
#include "pretext/models/resnet.hpp"

namespace pretext::models {

/// What every backbone can be asked for.
struct BackboneOptions {
  std::int64_t width = 0;  ///< 0: the width of the publication
  std::int64_t channels = 3;
  bool recompute = false;  ///< less memory in training, for the time of another forward pass
};

/// Makes the backbone of a name.
template <Device D, class T>
using Maker = std::function<nn::Sequential<D, T>(const BackboneOptions&, Rng&)>;

/// All backbones by name: a new model adds its lines here.
template <Device D = Cpu, class T = float>
const std::map<std::string, Maker<D, T>>& backbones() {
  const auto nin_of = [](std::int64_t blocks) -> Maker<D, T> {
    return [blocks](const BackboneOptions& o, Rng& rng) {
      return nin<D, T>({blocks, o.width == 0 ? NinOptions{}.width : o.width, o.channels, o.recompute}, rng);
    };
  };
  const auto cfn_of = [](bool batch_norm, bool small) -> Maker<D, T> {
    return [=](const BackboneOptions& o, Rng& rng) {
      return cfn<D, T>(
          {o.width == 0 ? CfnOptions{}.width : o.width, o.channels, batch_norm, small, o.recompute}, rng);
    };
  };
  using Blocks = std::array<std::int64_t, 4>;
  const auto resnet_of = [](const Blocks& blocks, bool small) -> Maker<D, T> {
    return [=](const BackboneOptions& o, Rng& rng) {
      return resnet<D, T>(
          {blocks, o.width == 0 ? ResNetOptions{}.width : o.width, o.channels, small, o.recompute}, rng);
    };
  };
  const auto colorization_of = [](const BackboneOptions& o, Rng& rng) {
    return colorization_net<D, T>(
        {o.width == 0 ? ColorizationNetOptions{}.width : o.width, o.channels, o.recompute}, rng);
  };
  // A width is that of the first convolution; the others grow or shrink with it.
  const auto exemplar_of = [](const ExemplarCnnOptions& published) -> Maker<D, T> {
    return [published](const BackboneOptions& o, Rng& rng) {
      ExemplarCnnOptions size = published;
      const std::int64_t first = published.convolutions[0], width = o.width == 0 ? first : o.width;
      require(width >= 1 && width <= 65536,
              "exemplar_cnn: width must be 1 to 65536, or 0 for the published, not ", width);
      for (std::int64_t& channels : size.convolutions)
        channels = std::max<std::int64_t>(1, channels * width / first);
      size.features = std::max<std::int64_t>(1, published.features * width / first);
      size.channels = o.channels;
      size.recompute = o.recompute;
      return exemplar_cnn<D, T>(size, rng);
    };
  };
  const Blocks eighteen{2, 2, 2, 2}, thirty_four{3, 4, 6, 3};
  static const std::map<std::string, Maker<D, T>> table{
      {"cfn", cfn_of(false, false)},
      {"cfn_bn", cfn_of(true, false)},
      {"cfn_small", cfn_of(true, true)},
      {"colorization_net", colorization_of},
      {"exemplar_cnn_small", exemplar_of(exemplar_cnn_small)},
      {"exemplar_cnn_medium", exemplar_of(exemplar_cnn_medium)},
      {"exemplar_cnn_large", exemplar_of(exemplar_cnn_large)},
      {"nin3", nin_of(3)},
      {"nin4", nin_of(4)},
      {"nin5", nin_of(5)},
      {"resnet18", resnet_of(eighteen, false)},
      {"resnet18_small", resnet_of(eighteen, true)},
      {"resnet34", resnet_of(thirty_four, false)},
      {"resnet34_small", resnet_of(thirty_four, true)}};
  return table;
}

/// The names that backbone() knows.
template <Device D = Cpu, class T = float>
std::vector<std::string> backbone_names() {
  std::vector<std::string> names;
  for (const auto& [name, maker] : backbones<D, T>()) names.push_back(name);
  return names;
}

/// A freshly drawn backbone by name.
template <Device D = Cpu, class T = float>
nn::Sequential<D, T> backbone(const std::string& name, const BackboneOptions& options, Rng& rng) {
  const auto found = backbones<D, T>().find(name);
  if (found != backbones<D, T>().end()) return found->second(options, rng);
  std::string known;
  for (const std::string& other : backbone_names<D, T>()) known += (known.empty() ? "" : ", ") + other;
  fail("backbone: none is called '", name, "'; there are ", known);
}

}  // namespace pretext::models
