// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/ops/op.hpp"

namespace pretext::ops {

/// Which rows of a batch a triplet loss compares.
enum class Mining {
  semi_hard,  ///< each row with each of its class, and the nearest of another class that is farther than that
              ///< one, or where there is none the farthest of another class (Schroff et al., CVPR 2015)
  hard        ///< each row with the farthest of its class and the nearest of another (Hermans et al. 2017)
};

/// The mean over the mined triplets of max(0, margin + D(anchor, positive) - D(anchor, negative)) of rows
/// x[N, C] and their labels[N], as [1]; D is the squared Euclidean distance. A row that lacks another of its
/// class or one of another class is no anchor; without anchors the loss is 0. The choice of triplets receives
/// no gradient.
struct TripletLoss {
  static constexpr std::string_view name = "triplet_loss";
  static constexpr std::size_t inputs = 1;
  static constexpr bool wide = true;

  double margin = 0.5;
  Mining mining = Mining::semi_hard;

  template <class T, Device D>
  struct Saved {
    Tensor<T, D> x;
    WideTensor<T, D> factors;  ///< dx = factors[N, N] x
  };

  template <class T, Device D>
  WideTensor<T, D> forward(const Tensor<T, D>& x, const Tensor<std::int32_t, D>& labels,
                           Saved<T, D>* saved) const {
    require_rank(name, "x", x, 2);
    require_shape(name, "labels", labels, {x.dim(0)});
    require(margin >= 0, name, ": margin must not be negative, but is ", margin);
    WideTensor<T, D> loss({1}), factors;
    if (saved != nullptr) *saved = {x, factors = WideTensor<T, D>({x.dim(0), x.dim(0)})};
    Kernel<TripletLoss, D>::forward(static_cast<Wide<T>>(margin), mining, x, labels, loss, factors);
    return loss;
  }

  template <class T, Device D>
  Grads<T, D, 1> backward(const WideTensor<T, D>& dy, const Saved<T, D>& saved, Wanted<1>) const {
    Tensor<T, D> dx(saved.x.shape());
    Kernel<TripletLoss, D>::backward(saved.factors, saved.x, dy, dx);
    return {dx};
  }
};

}  // namespace pretext::ops
