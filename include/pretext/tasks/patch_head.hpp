// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "pretext/nn/activation.hpp"
#include "pretext/nn/batch_norm2d.hpp"
#include "pretext/nn/dropout.hpp"
#include "pretext/nn/linear.hpp"
#include "pretext/nn/sequential.hpp"
#include "pretext/ops/gather.hpp"
#include "pretext/ops/pool.hpp"
#include "pretext/ops/reshape.hpp"

namespace pretext::tasks {

/// What follows a fully connected layer before its ReLU: nothing, batch norm, or batch norm without scale and
/// shift.
enum class DenseNorm : std::uint8_t { none, batch, plain_batch };

inline const char* to_string(DenseNorm norm) {
  return norm == DenseNorm::none ? "none" : norm == DenseNorm::batch ? "batch" : "plain_batch";
}

/// One fully connected layer of a head.
struct DenseOptions {
  std::int64_t width = 0;  ///< 0: there is no such layer
  DenseNorm norm = DenseNorm::none;
  bool relu = true;
  double dropout = 0;

  /// f(name, value, meaning) for each constant of the layer of this name.
  void each_constant(const std::string& layer, auto&& f) const {
    f(layer + ".width", width, "units of the fully connected layer; 0: there is none");
    f(layer + ".norm", to_string(norm), "what follows it: none, batch norm, or that without scale and shift");
    f(layer + ".relu", relu, "whether ReLU follows");
    f(layer + ".dropout", dropout, "rate of dropout after it");
  }
};

/// How many values a backbone gives for one tile of this size: what a head of patches is asked to take.
/// Throws where the tile is too small for the backbone. Averaged: channels of its last tap alone.
template <Device D, class T>
std::int64_t tile_features(nn::Sequential<D, T>& backbone, int tile, bool averaged = false) {
  const Tensor<T, D> y = backbone(Tensor<T, D>::zeros({1, tile, tile, 3}));
  return averaged ? y.dim(-1) : y.size();
}

struct PatchHeadOptions {
  std::int64_t features = 0;  ///< values that the backbone gives for a patch
  bool averaged = false;      ///< global average pooling first; otherwise every value counts
  DenseOptions fc6{}, fc7{}, fc8{};
};

/// Classifies groups of patches: fc6 sees each patch by itself, then the patches of a group side by side go
/// through fc7 and fc8, where there are such layers, to one logit a class. A patch is computed once and takes
/// part in as many groups as ask for it.
template <Device D = Cpu, class T = float>
class PatchHead {
 public:
  PatchHead(std::string task, const PatchHeadOptions& o, std::int64_t group, std::int64_t classes, Rng& rng)
      : task_(std::move(task)), features_(o.features), group_(group), averaged_(o.averaged) {
    require(o.features >= 1, task_,
            ": options.features must be what tile_features(backbone, tile) says, not ", o.features);
    std::int64_t width = o.features;
    add(each_patch_, "6", o.fc6, width, rng);
    width *= group;
    add(each_group_, "7", o.fc7, width, rng);
    add(each_group_, "8", o.fc8, width, rng);
    each_group_.add("classes", nn::Linear<D, T>({.in = width, .out = classes}, rng));
  }

  /// logits[M, classes] of features y[P, ...] and the numbers [M * group] of the patches in each group.
  template <class X>
  X operator()(const X& y, const Tensor<std::int32_t, D>& members) {
    require(members.size() % group_ == 0, task_, ": ", members.size(), " patches are no groups of ", group_);
    const X patches = each_patch_(flat(y));
    const std::int64_t groups = members.size() / group_, width = patches.dim(1);
    const X gathered = apply(ops::Gather{}, patches, members);
    return each_group_(apply(ops::Reshape{{groups, group_ * width}}, gathered));
  }

  void each(auto&& f) {
    each_patch_.each(f);
    each_group_.each(f);
  }

 private:
  void add(nn::Sequential<D, T>& to, const std::string& number, const DenseOptions& o, std::int64_t& width,
           Rng& rng) const {
    require(o.width >= 0, task_, ": fc", number, " cannot have ", o.width, " units");
    nn::check_dropout(task_, o.dropout);
    if (o.width == 0) return;
    to.add("fc" + number,
           nn::Linear<D, T>({.in = width, .out = o.width, .bias = o.norm == DenseNorm::none}, rng));
    if (o.norm != DenseNorm::none)
      to.add("bn" + number,
             nn::BatchNorm2d<D, T>({.channels = o.width, .affine = o.norm == DenseNorm::batch}));
    if (o.relu) to.add("relu" + number, nn::Relu());
    if (o.dropout > 0) to.add("drop" + number, nn::Dropout{.rate = o.dropout});
    width = o.width;
  }

  template <class X>
  X flat(const X& y) const {
    const X rows = averaged_ ? X(apply(ops::GlobalAvgPool{}, y)) : X(apply(ops::Flatten{}, y));
    require(rows.dim(1) == features_, task_, ": the backbone gives ", rows.dim(1),
            " values for a tile, but options.features is ", features_);
    return rows;
  }

  std::string task_;
  std::int64_t features_, group_;
  bool averaged_;
  nn::Sequential<D, T> each_patch_, each_group_;
};

}  // namespace pretext::tasks
