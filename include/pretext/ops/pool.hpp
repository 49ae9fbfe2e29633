// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/ops/operand.hpp"
#include "pretext/ops/pool_axis.hpp"
#include "pretext/ops/window.hpp"

namespace pretext::ops {

/// All extents of one pooling: x[n, h, w, c], y[n, oh, ow, c], windows of kernel x kernel taps.
struct PoolShape {
  std::int64_t n, h, w, c, oh, ow, kernel;
  Window window;

  PoolAxis<std::int64_t> rows() const { return axis(h, oh); }
  PoolAxis<std::int64_t> columns() const { return axis(w, ow); }

  /// Throws where the window does not go with the picture.
  static PoolShape of(std::string_view op, const Shape& x, std::int64_t kernel, Window window, bool ceil) {
    require(x.rank() == 4 && x[1] > 0 && x[2] > 0, op,
            ": x must be [N, H, W, C] with pixels, but its shape is ", x);
    require(kernel <= 255, op, ": the kernel must be at most 255, not ", kernel);
    require(window.padding <= kernel / 2, op, ": padding ", window.padding,
            " is more than half of the kernel, which is ", kernel);
    return {x[0],
            x[1],
            x[2],
            x[3],
            window.output(op, x[1], kernel, ceil),
            window.output(op, x[2], kernel, ceil),
            kernel,
            window};
  }

 private:
  PoolAxis<std::int64_t> axis(std::int64_t extent, std::int64_t outputs) const {
    return {extent, outputs, kernel, window.stride, window.padding, window.dilation};
  }
};

/// y[N, OH, OW, C] = the largest value of each window of x[N, H, W, C]. The border never wins; of equal
/// values the first one gets the gradient; NaN wins over all. A window of border alone gives -inf and takes
/// no gradient.
struct MaxPool2d {
  static constexpr std::string_view name = "max_pool2d";
  static constexpr std::size_t inputs = 1, operands = 1;

  std::int64_t kernel = 2;
  Window window{};
  bool ceil = false;

  /// Where a value came from: the tap ky * kernel + kx of its window.
  using Tap = std::uint16_t;
  static constexpr Tap no_tap = 0xFFFF;

  template <class T, Device D>
  struct Saved {
    Shape x;
    Tensor<Tap, D> winner;
  };

  template <class T, Device D>
  Tensor<T, D> forward(const Operand<T, D>& x, Saved<T, D>* saved) const {
    const PoolShape s = PoolShape::of(name, x.shape(), kernel, window, ceil);
    Tensor<T, D> y({s.n, s.oh, s.ow, s.c});
    Tensor<Tap, D> winner;
    if (saved != nullptr) *saved = {x.shape(), winner = Tensor<Tap, D>(y.shape())};
    Kernel<MaxPool2d, D>::forward(s, x, y, winner);
    return y;
  }

  template <class T, Device D>
  Grads<T, D, 1> backward(const Tensor<T, D>& dy, const Saved<T, D>& saved, Wanted<1>) const {
    Tensor<T, D> dx(saved.x);
    Kernel<MaxPool2d, D>::backward(PoolShape::of(name, saved.x, kernel, window, ceil), dy, saved.winner, dx);
    return {dx};
  }
};

/// y[N, OH, OW, C] = the mean of each window of x[N, H, W, C]. The border counts as zeros, or not at all
/// without `count_padding`; what hangs over the border in ceil mode never counts.
struct AvgPool2d {
  static constexpr std::string_view name = "avg_pool2d";
  static constexpr std::size_t inputs = 1, operands = 1;

  std::int64_t kernel = 2;
  Window window{};
  bool ceil = false;
  bool count_padding = true;

  template <class T, Device D>
  struct Saved {
    Shape x;
  };

  PoolShape shape(const Shape& x) const {
    require(window.dilation == 1, name, ": dilation must be 1, not ", window.dilation);
    return PoolShape::of(name, x, kernel, window, ceil);
  }

  template <class T, Device D>
  Tensor<T, D> forward(const Operand<T, D>& x, Saved<T, D>* saved) const {
    const PoolShape s = shape(x.shape());
    Tensor<T, D> y({s.n, s.oh, s.ow, s.c});
    Kernel<AvgPool2d, D>::forward(s, count_padding, x, y);
    if (saved != nullptr) saved->x = x.shape();
    return y;
  }

  template <class T, Device D>
  Grads<T, D, 1> backward(const Tensor<T, D>& dy, const Saved<T, D>& saved, Wanted<1>) const {
    Tensor<T, D> dx(saved.x);
    Kernel<AvgPool2d, D>::backward(shape(saved.x), count_padding, dy, dx);
    return {dx};
  }
};

/// y[N, C] = the mean of x[N, H, W, C] over all pixels.
struct GlobalAvgPool {
  static constexpr std::string_view name = "global_avg_pool";
  static constexpr std::size_t inputs = 1;

  template <class T, Device D>
  struct Saved {
    Shape x;
  };

  template <class T, Device D>
  Tensor<T, D> forward(const Tensor<T, D>& x, Saved<T, D>* saved) const {
    require_rank(name, "x", x, 4);
    require(x.dim(1) > 0 && x.dim(2) > 0, name, ": x ", x.shape(), " has no pixels to average");
    Tensor<T, D> y({x.dim(0), x.dim(3)});
    Kernel<GlobalAvgPool, D>::forward(x, y);
    if (saved != nullptr) saved->x = x.shape();
    return y;
  }

  template <class T, Device D>
  Grads<T, D, 1> backward(const Tensor<T, D>& dy, const Saved<T, D>& saved, Wanted<1>) const {
    Tensor<T, D> dx(saved.x);
    Kernel<GlobalAvgPool, D>::backward(dy, dx);
    return {dx};
  }
};

}  // namespace pretext::ops
