// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <string_view>

#include "pretext/models/alexnet.hpp"
#include "pretext/models/cfn.hpp"
#include "pretext/models/colorization_net.hpp"
#include "pretext/models/exemplar_cnn.hpp"
#include "pretext/models/nin.hpp"
#include "pretext/models/resnet.hpp"
#include "pretext/models/revnet.hpp"
#include "pretext/models/vgg.hpp"

namespace pretext::models {

/// What every backbone can be asked for.
struct BackboneOptions {
  std::int64_t width = 0;  ///< of the first layer, others keep their ratio to it; 0: as published
  std::int64_t channels = 3;
  std::int64_t classes = 0;      ///< of a classifier at the end; 0: the backbone alone
  std::int64_t stem_stride = 0;  ///< of the first convolution; 0: as published; 1 for patches
  bool recompute = false;        ///< less memory in training, for the time of another forward pass
};

/// Makes the backbone of a name.
template <Device D, class T>
using Maker = std::function<nn::Sequential<D, T>(const BackboneOptions&, Rng&)>;

namespace detail {

/// All backbones by name: a new model adds its lines here.
template <Device D, class T>
class Registry {
 public:
  std::map<std::string, Maker<D, T>> table;

  Registry() {
    add("cfn", cfn<D, T>, CfnOptions{});
    add("cfn_bn", cfn<D, T>, {.batch_norm = true});
    add("cfn_small", cfn<D, T>, {.batch_norm = true, .small = true});
    add("colorization_net", colorization_net<D, T>, ColorizationNetOptions{});
    for (const std::int64_t blocks : {3, 4, 5})
      add("nin" + std::to_string(blocks), nin<D, T>, NinOptions{.blocks = blocks});
    exemplar("exemplar_cnn_small", exemplar_cnn_small);
    exemplar("exemplar_cnn_medium", exemplar_cnn_medium);
    exemplar("exemplar_cnn_large", exemplar_cnn_large);
    alexnets();
    vggs();
    resnets();
    add("revnet50", revnet<D, T>, RevNetOptions{});
    add("revnet50_small", revnet<D, T>, {.small = true});
  }

 private:
  template <class O>
  void add(const std::string& name, nn::Sequential<D, T> (*make)(const O&, Rng&),
           const std::type_identity_t<O>& published) {
    table[name] = [=](const BackboneOptions& o, Rng& rng) { return make(asked(name, published, o), rng); };
  }

  /// The options of one network with what it is asked for.
  template <class O>
  static O asked(const std::string& name, O own, const BackboneOptions& o) {
    if (o.width != 0) own.width = o.width;
    own.channels = o.channels;
    if constexpr (requires { own.classes; })
      own.classes = o.classes;
    else
      require(o.classes == 0, name, ": it has no classifier of its own; classes must be 0, not ", o.classes);
    if constexpr (requires { own.stem_stride; })
      own.stem_stride = o.stem_stride != 0 ? o.stem_stride : own.stem_stride;
    else
      require(o.stem_stride == 0, name,
              ": the stride of its first convolution is fixed; 0 must stand for it");
    if constexpr (requires { own.recompute; }) own.recompute = o.recompute;
    return own;
  }

  void alexnets() {
    add("alexnet", alexnet<D, T>, AlexNetOptions{});
    add("alexnet_bn", alexnet<D, T>, alexnet_bn);
    add("alexnet_color", alexnet<D, T>, alexnet_color);
    add("alexnet_small", alexnet<D, T>, alexnet_small);
    add("caffenet", alexnet<D, T>, caffenet);
  }

  void vggs() {
    using Named = std::pair<const char*, std::array<std::int64_t, 5>>;
    for (const auto& [name, convolutions] : {Named{"vgg11_bn", vgg11_blocks},
                                             {"vgg13_bn", vgg13_blocks},
                                             {"vgg16_bn", vgg16_blocks},
                                             {"vgg19_bn", vgg19_blocks}}) {
      add(name, vgg<D, T>, {.convolutions = convolutions});
      add(std::string(name) + "_small", vgg<D, T>, {.convolutions = convolutions, .small = true});
    }
  }

  void resnets() {
    struct Named {
      const char* name;
      ResNetOptions options;
    };
    const Named large[] = {{"resnet18", {}},
                           {"resnet34", {.blocks = {3, 4, 6, 3}}},
                           {"resnet50", {.blocks = {3, 4, 6, 3}, .bottleneck = true}},
                           {"resnet101", {.blocks = {3, 4, 23, 3}, .bottleneck = true}},
                           {"wide_resnet50_2", {.blocks = {3, 4, 6, 3}, .bottleneck = true, .middle = 2}}};
    for (auto [name, options] : large)
      for (const char* version : {"", "_v2"}) {
        options.pre_activation = *version != 0;
        options.small = false;
        add(std::string(name) + version, resnet<D, T>, options);
        options.small = true;
        add(std::string(name) + version + "_small", resnet<D, T>, options);
      }
    for (const std::int64_t n : {3, 5, 9})
      add("resnet" + std::to_string(6 * n + 2), resnet<D, T>,
          {.blocks = {n, n, n}, .width = 16, .padded = true, .small = true});
    for (const auto& [depth, factor] :
         {std::pair<std::int64_t, std::int64_t>{16, 4}, {16, 8}, {28, 10}, {40, 4}}) {
      const std::int64_t n = (depth - 4) / 6;
      add("wide_resnet_" + std::to_string(depth) + "_" + std::to_string(factor), resnet<D, T>,
          {.blocks = {n, n, n}, .width = 16 * factor, .stem = 16, .pre_activation = true, .small = true});
    }
  }

  /// A width is that of the first convolution.
  void exemplar(const std::string& name, const ExemplarCnnOptions& published) {
    table[name] = [=](const BackboneOptions& o, Rng& rng) {
      struct Asked : ExemplarCnnOptions {
        std::int64_t width = 0;
      };
      Asked size = asked(name, Asked{published}, o);
      const std::int64_t first = published.convolutions[0], width = o.width == 0 ? first : o.width;
      require(width >= 1 && width <= 65536,
              "exemplar_cnn: width must be 1 to 65536, or 0 for the published, not ", width);
      for (std::int64_t& channels : size.convolutions)
        channels = std::max<std::int64_t>(1, channels * width / first);
      size.features = std::max<std::int64_t>(1, published.features * width / first);
      return exemplar_cnn<D, T>(size, rng);
    };
  }
};

}  // namespace detail

/// All backbones by name.
template <Device D = Cpu, class T = float>
const std::map<std::string, Maker<D, T>>& backbones() {
  static const detail::Registry<D, T> registry;
  return registry.table;
}

/// The names that backbone() knows.
template <Device D = Cpu, class T = float>
std::vector<std::string> backbone_names() {
  std::vector<std::string> names;
  for (const auto& [name, maker] : backbones<D, T>()) names.push_back(name);
  return names;
}

/// The side of the pictures that a backbone was published for: 224 for those of ImageNet, a tile of 64 for
/// CFN, 32 for all others.
inline std::int64_t published_size(std::string_view name) {
  if (name.ends_with("_small")) return 32;
  if (name.starts_with("cfn")) return 64;
  for (const std::string_view large : {"alexnet", "caffenet", "colorization_net", "vgg", "resnet18",
                                       "resnet34", "resnet50", "resnet101", "wide_resnet50", "revnet50"})
    if (name.starts_with(large)) return 224;
  return 32;
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
