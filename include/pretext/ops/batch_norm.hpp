// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/ops/channel_steps.hpp"
#include "pretext/ops/gradient.hpp"

namespace pretext::ops {

/// Refuses a per-channel argument that is there but not of shape [channels].
template <class T, Device D>
void require_channels(std::string_view op, std::string_view argument, const Tensor<T, D>& x,
                      std::int64_t channels) {
  if (x.defined()) require_shape(op, argument, x, {channels});
}

/// y = (x - mean) / sqrt(variance + epsilon) * gamma + beta for x[..., C], with the mean and the biased
/// variance of this batch, over all axes but the last; with `relu`, 0 in place of negatives. Undefined gamma
/// and beta[C] are 1 and 0. A recorded forward moves running_mean and running_var[C], where defined, in place
/// towards the mean and the unbiased variance of the batch: running += momentum * (batch - running).
struct BatchNorm {
  static constexpr std::string_view name = "batch_norm";
  static constexpr std::size_t inputs = 3, operands = 1;
  static constexpr bool prepares = true, reads_gradients = true;

  double momentum = 0.1, epsilon = 1e-5;
  bool relu = false;

  template <class T, Device D>
  struct Saved {
    Tensor<T, D> x;
    WideTensor<T, D> affine, inverse_deviation;
  };

  template <class T, Device D>
  Tensor<T, D> forward(const Operand<T, D>& x, const WideTensor<T, D>& gamma, const WideTensor<T, D>& beta,
                       const WideTensor<T, D>& running_mean, const WideTensor<T, D>& running_var,
                       Saved<T, D>* saved) const {
    return prepare(x, gamma, beta, running_mean, running_var, saved).value();
  }

  /// What forward returns, not yet computed.
  template <class T, Device D>
  Operand<T, D> prepare(const Operand<T, D>& from, const WideTensor<T, D>& gamma,
                        const WideTensor<T, D>& beta, WideTensor<T, D> running_mean,
                        WideTensor<T, D> running_var, Saved<T, D>* saved) const {
    using K = Kernel<BatchNorm, D>;
    const Tensor<T, D> x = from.value();
    require(x.defined() && x.shape().rank() >= 1, name, ": x must be [..., C]");
    const std::int64_t channels = x.dim(-1);
    require(x.size() >= 2 * channels && x.size() > 0, name, ": x ", x.shape(),
            " has fewer than two values a channel, which have no variance; use a larger batch or the running "
            "statistics");
    require_channels(name, "gamma", gamma, channels);
    require_channels(name, "beta", beta, channels);
    require_channels(name, "running_mean", running_mean, channels);
    require_channels(name, "running_var", running_var, channels);
    if (saved == nullptr) running_mean = running_var = {};
    WideTensor<T, D> inverse_deviation({channels}), affine({3, channels});
    const Tensor<double, D> moments = from.plain() && from.moments.defined() ? from.moments : K::moments(x);
    K::each_channel(channels, BatchStatistics<Wide<T>>{momentum,
                                                       epsilon,
                                                       static_cast<double>(x.size() / channels),
                                                       moments.data(),
                                                       running_mean.data(),
                                                       running_var.data(),
                                                       inverse_deviation.data(),
                                                       {channels, gamma.data(), beta.data(), affine.data()}});
    if (saved != nullptr) *saved = {x, affine, inverse_deviation};
    return {x, affine, relu};
  }

  template <class T, Device D>
  LayerGrads<Gradient<T, D>, T, D> backward(Gradient<T, D> from, const Saved<T, D>& saved,
                                            Wanted<3> wanted) const {
    using K = Kernel<BatchNorm, D>;
    const std::int64_t channels = saved.inverse_deviation.size();
    Tensor<double, D> sums = from.plain() ? from.sums : Tensor<double, D>();
    Tensor<T, D> dy = from.take();
    Operand<T, D> y(saved.x, saved.affine, relu);
    if (!sums.defined()) sums = K::gradient_sums(y, dy);
    WideTensor<T, D> factors({2, channels}), dgamma, dbeta;
    if (wanted[1]) dgamma = WideTensor<T, D>({channels});
    if (wanted[2]) dbeta = WideTensor<T, D>({channels});
    K::each_channel(channels, BatchGradients<Wide<T>>{static_cast<double>(dy.size() / channels), channels,
                                                      sums.data(), saved.inverse_deviation.data(),
                                                      factors.data(), dgamma.data(), dbeta.data()});
    return {Gradient<T, D>(std::move(dy), std::move(y), std::move(factors)), dgamma, dbeta};
  }
};

/// The same with given statistics: y = (x - mean) / sqrt(var + epsilon) * gamma + beta; mean and var[C] are
/// constants.
struct BatchNormInference {
  static constexpr std::string_view name = "batch_norm_inference";
  static constexpr std::size_t inputs = 3;

  double epsilon = 1e-5;

  template <class T, Device D>
  struct Saved {
    Tensor<T, D> x;
    WideTensor<T, D> gamma, mean, var;
  };

  template <class T, Device D>
  Tensor<T, D> forward(const Tensor<T, D>& x, const WideTensor<T, D>& gamma, const WideTensor<T, D>& beta,
                       const WideTensor<T, D>& mean, const WideTensor<T, D>& var, Saved<T, D>* saved) const {
    require(x.defined() && x.shape().rank() >= 1, name, ": x must be [..., C]");
    if (saved != nullptr) *saved = {x, gamma, mean, var};
    return Operand<T, D>(x, affine<T, D>(x.dim(-1), gamma, beta, mean, var), false).value();
  }

  /// affine[3, C] of an Operand: what forward does to each of so many channels; and 1 / sqrt(var + epsilon)
  /// into inverse_deviation[C] where that is defined.
  template <class T, Device D>
  WideTensor<T, D> affine(std::int64_t channels, const WideTensor<T, D>& gamma, const WideTensor<T, D>& beta,
                          const WideTensor<T, D>& mean, const WideTensor<T, D>& var,
                          WideTensor<T, D> inverse_deviation = {}) const {
    require_channels(name, "gamma", gamma, channels);
    require_channels(name, "beta", beta, channels);
    require_shape(name, "mean", mean, {channels});
    require_shape(name, "var", var, {channels});
    WideTensor<T, D> affine({3, channels});
    Kernel<BatchNorm, D>::each_channel(
        channels, GivenStatistics<Wide<T>>{epsilon,
                                           mean.data(),
                                           var.data(),
                                           inverse_deviation.data(),
                                           {channels, gamma.data(), beta.data(), affine.data()}});
    return affine;
  }

  template <class T, Device D>
  LayerGrads<Tensor<T, D>, T, D> backward(Tensor<T, D> dy, const Saved<T, D>& saved, Wanted<3> wanted) const {
    using K = Kernel<BatchNorm, D>;
    const std::int64_t channels = saved.mean.size();
    WideTensor<T, D> inverse_deviation({channels}), dgamma, dbeta;
    const WideTensor<T, D> none,
        map = affine<T, D>(channels, saved.gamma, none, saved.mean, saved.var, inverse_deviation);
    if (wanted[1]) dgamma = WideTensor<T, D>({channels});
    if (wanted[2]) dbeta = WideTensor<T, D>({channels});
    if (wanted[1] || wanted[2]) {
      const Tensor<double, D> sums = K::gradient_sums(Operand<T, D>(saved.x, map, false), dy);
      K::each_channel(channels, BatchGradients<Wide<T>>{1, channels, sums.data(), inverse_deviation.data(),
                                                        nullptr, dgamma.data(), dbeta.data()});
    }
    Tensor<T, D> dx;
    if (wanted[0]) dx = dy.unique() ? dy : Tensor<T, D>(dy.shape());
    if (wanted[0]) Kernel<BatchNormInference, D>::scale(map, dy, dx);
    return {dx, dgamma, dbeta};
  }
};

}  // namespace pretext::ops
