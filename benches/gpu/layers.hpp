// SPDX-License-Identifier: MIT
#pragma once

#include <cstdio>

#include "gpu/timing.hpp"
#include "pretext/core/json.hpp"
#include "pretext/cuda/cuda.hpp"
#include "pretext/ops/pool.hpp"

namespace bench {

/// What the GPU can do: bytes copied a second, reads and writes counted, and operations of a large product.
struct Ceilings {
  double bytes_s = 0, flop_s = 0;
};

template <class T>
Tensor<T, Cuda> drawn_there(const Shape& shape, std::uint32_t stream = 0) {
  Rng rng(1, Use::test, 0, stream);
  std::vector<T> values(static_cast<std::size_t>(std::min<std::int64_t>(shape.size(), 1 << 20)));
  for (T& v : values) v = static_cast<T>(rng.uniform(-0.5F, 0.5F));
  Tensor<T, Cuda> x(shape);
  for (std::int64_t at = 0; at < x.size(); at += std::ssize(values))
    Cuda::upload(
        x.data() + at, values.data(),
        static_cast<std::size_t>(std::min<std::int64_t>(std::ssize(values), x.size() - at)) * sizeof(T));
  return x;
}

inline Ceilings ceilings() {
  Ceilings c;
  {
    const auto from = drawn_there<float>({std::int64_t{1} << 29});
    Tensor<float, Cuda> to(from.shape());
    using Relu = Kernel<ops::Relu, Cuda>;
    const double by_copy = seconds_a_call([&] { to.copy_from(from); }),
                 by_kernel = seconds_a_call([&] { Relu::forward(ops::ReluFunctor(), from, to); });
    c.bytes_s = 2 * static_cast<double>(from.bytes()) / std::min(by_copy, by_kernel);
  }
  const auto x = drawn_there<bf16>({8192, 8192});
  const auto w = drawn_there<float>({8192, 8192}, 1);
  Tensor<bf16, Cuda> y({8192, 8192});
  const double seconds =
      seconds_a_call([&] { Kernel<ops::Linear, Cuda>::forward(x, w, Tensor<float, Cuda>(), y); });
  c.flop_s = 2 * 8192.0 * 8192 * 8192 / seconds;
  return c;
}

/// Times the passes of one layer and prints them.
class LayerTimes {
 public:
  LayerTimes(const Ceilings& c, std::string type) : ceilings_(c), type_(std::move(type)) {}

  /// One pass: seconds, the operations it must do and the bytes it must move.
  template <class F>
  void pass(const std::string& layer, const std::string& name, double flop, double bytes, F&& f) {
    const double seconds = seconds_a_call(f);
    const double floor = std::max(flop / ceilings_.flop_s, bytes / ceilings_.bytes_s);
    std::puts(JsonObject()
                  .add("layer", layer)
                  .add("pass", name)
                  .add("type", type_)
                  .add("us", seconds * 1e6)
                  .add("tflop_s", flop / seconds * 1e-12)
                  .add("gb_s", bytes / seconds * 1e-9)
                  .add("of_ceiling", floor / seconds)
                  .text()
                  .c_str());
    std::fflush(stdout);
  }

 private:
  Ceilings ceilings_;
  std::string type_;
};

/// One convolution without bias that keeps the resolution, with the batch norm and relu after it.
template <class T>
void convolution_times(LayerTimes& times, const std::string& layer, std::int64_t n, std::int64_t side,
                       std::int64_t in, std::int64_t kernel, std::int64_t out) {
  const ops::Conv2d op{{.padding = kernel / 2}};
  const auto x = drawn_there<T>({n, side, side, in}), y = drawn_there<T>({n, side, side, out}, 1);
  const auto w = drawn_there<float>({kernel, kernel, in, out}, 2);
  const ops::ConvShape s = op.shape(x.shape(), w.shape());
  Tensor<T, Cuda> to(y.shape()), dx(x.shape()), none;
  Tensor<float, Cuda> dw(w.shape()), no_dw;
  const double flop = 2.0 * static_cast<double>(y.size() * kernel * kernel * in);
  const auto bytes = static_cast<double>(x.bytes() + y.bytes());
  using K = Kernel<ops::Conv2d, Cuda>;
  times.pass(layer, "forward", flop, bytes, [&] { K::forward(s, ops::Operand<T, Cuda>(x), w, no_dw, to); });
  if (in > 4)
    times.pass(layer, "data gradient", flop, bytes,
               [&] { K::backward(s, ops::Gradient<T, Cuda>(y), ops::Operand<T, Cuda>(x), w, dx, no_dw); });
  times.pass(layer, "weight gradient", flop, bytes,
             [&] { K::backward(s, ops::Gradient<T, Cuda>(y), ops::Operand<T, Cuda>(x), w, none, dw); });
}

/// One 1 x 1 convolution of n pixels between two batch norms with relu, as training meets it.
inline void pointwise_times(LayerTimes& times, const std::string& layer, std::int64_t n, std::int64_t in,
                            std::int64_t out) {
  using T = bf16;
  const auto x = drawn_there<T>({n, 1, 1, in}), y = drawn_there<T>({n, 1, 1, out}, 1),
             dy = drawn_there<T>({n, 1, 1, out}, 2);
  const auto w = drawn_there<float>({1, 1, in, out}, 3), before = drawn_there<float>({3, in}, 4),
             after = drawn_there<float>({3, out}, 5), factors = drawn_there<float>({2, out}, 6);
  const ops::ConvShape s = ops::Conv2d{}.shape(x.shape(), w.shape());
  const ops::Operand<T, Cuda> normalized(x, before, true);
  const ops::Gradient<T, Cuda> gradient(dy, {y, after, true}, factors);
  Tensor<T, Cuda> to(y.shape()), dx(x.shape());
  Tensor<float, Cuda> dw(w.shape());
  Tensor<double, Cuda> moments;
  const double flop = 2.0 * static_cast<double>(n * in * out);
  const auto in_bytes = static_cast<double>(x.bytes()), out_bytes = static_cast<double>(y.bytes());
  using K = Kernel<ops::Conv2d, Cuda>;
  cuda::fuse_pointwise_convolutions(true);
  times.pass(layer, "normalise, forward, moments", flop, in_bytes + out_bytes,
             [&] { K::forward(s, normalized, w, Tensor<float, Cuda>(), to, &moments); });
  times.pass(layer, "both gradients, sums", 2 * flop, 2 * in_bytes + 2 * out_bytes,
             [&] { K::backward(s, gradient, normalized, w, dx, dw, &moments); });
  cuda::fuse_pointwise_convolutions(false);
}

/// What a batch norm with relu adds to a map of so many pixels and channels.
template <class T>
void batch_norm_times(LayerTimes& times, const std::string& layer, std::int64_t pixels,
                      std::int64_t channels) {
  const auto x = drawn_there<T>({pixels, channels}), dy = drawn_there<T>({pixels, channels}, 1);
  const auto affine = drawn_there<float>({3, channels}, 2), factors = drawn_there<float>({2, channels}, 3);
  const ops::Operand<T, Cuda> normalized(x, affine, true);
  Tensor<T, Cuda> to(x.shape());
  const auto map = static_cast<double>(x.bytes());
  using K = Kernel<ops::BatchNorm, Cuda>;
  times.pass(layer, "moments", 0, map, [&] { (void)K::moments(x); });
  times.pass(layer, "normalise, relu", 0, 2 * map,
             [&] { Kernel<ops::Affine, Cuda>::forward(normalized, to); });
  times.pass(layer, "gradient sums", 0, 2 * map, [&] { (void)K::gradient_sums(normalized, dy); });
  times.pass(layer, "gradient", 0, 3 * map,
             [&] { Kernel<ops::AffineGradient, Cuda>::forward(dy, normalized, factors, to); });
}

/// Every kind of layer in RotNet's network in network of four blocks, for n views of 32 x 32.
template <class T>
void nin_times(const std::string& type, const Ceilings& c, std::int64_t n) {
  LayerTimes times(c, type);
  convolution_times<T>(times, "5x5 3-192 @32", n, 32, 3, 5, 192);
  convolution_times<T>(times, "1x1 192-160 @32", n, 32, 192, 1, 160);
  convolution_times<T>(times, "1x1 160-96 @32", n, 32, 160, 1, 96);
  convolution_times<T>(times, "5x5 96-192 @16", n, 16, 96, 5, 192);
  convolution_times<T>(times, "1x1 192-192 @16", n, 16, 192, 1, 192);
  convolution_times<T>(times, "3x3 192-192 @8", n, 8, 192, 3, 192);
  convolution_times<T>(times, "1x1 192-192 @8", n, 8, 192, 1, 192);
  if constexpr (std::is_same_v<T, bf16>) {
    pointwise_times(times, "1x1 192-160 @32, fused", n * 1024, 192, 160);
    pointwise_times(times, "1x1 160-96 @32, fused", n * 1024, 160, 96);
    pointwise_times(times, "1x1 192-192 @16, fused", n * 256, 192, 192);
    pointwise_times(times, "1x1 192-192 @8, fused", n * 64, 192, 192);
  }
  batch_norm_times<T>(times, "norm 192 @32", n * 1024, 192);
  batch_norm_times<T>(times, "norm 96 @32", n * 1024, 96);
  batch_norm_times<T>(times, "norm 192 @16", n * 256, 192);
  batch_norm_times<T>(times, "norm 192 @8", n * 64, 192);
  const ops::MaxPool2d pool{3, {.stride = 2, .padding = 1}};
  const auto x = drawn_there<T>({n, 32, 32, 96});
  const ops::PoolShape s = ops::PoolShape::of("pool", x.shape(), 3, pool.window, false);
  Tensor<T, Cuda> y({n, 16, 16, 96}), dx(x.shape());
  Tensor<ops::MaxPool2d::Tap, Cuda> winner(y.shape());
  using K = Kernel<ops::MaxPool2d, Cuda>;
  const auto bytes = static_cast<double>(x.bytes() + y.bytes() + winner.bytes());
  times.pass("max pool 96 @32", "forward", 0, bytes,
             [&] { K::forward(s, ops::Operand<T, Cuda>(x), y, winner); });
  times.pass("max pool 96 @32", "backward", 0, bytes, [&] { K::backward(s, y, winner, dx); });
}

}  // namespace bench
