// SPDX-License-Identifier: MIT
#pragma once

#include "cuda/gpu.hpp"

// Values of bf16 and what is made of them, exact until it is rounded once: for comparing kernels that fuse a
// convolution with what lies around it.
namespace test {

using Floats = Tensor<float, Cpu>;

/// The same on the host, in float.
inline Floats drawn(const Shape& shape, std::uint32_t stream, int low = -64, int high = 64) {
  return drawn<float, Cpu>(shape, stream, low, high);
}

/// Center, scale and shift of so many channels, such that what they make is exact before it is rounded.
inline Floats drawn_affine(std::int64_t channels, std::uint32_t stream) {
  Floats affine = drawn({3, channels}, stream);
  for (std::int64_t c = 0; c < channels; ++c)
    affine.data()[channels + c] = c % 3 == 0 ? 0.5F : c % 3 == 1 ? 1 : 2;
  return affine;
}

inline Floats rounded(const Floats& x) {
  Floats y(x.shape());
  for (std::int64_t i = 0; i < x.size(); ++i) y.data()[i] = bf16(x.data()[i]);
  return y;
}

inline Tensor<bf16, Cuda> narrow(const Floats& x) {
  std::vector<bf16> values;
  for (const float v : x.span()) values.push_back(bf16(v));
  return Tensor<bf16, Cuda>::from(x.shape(), values);
}

inline Tensor<float, Cuda> there(const Floats& x) {
  return x.defined() ? x.to<Cuda>() : Tensor<float, Cuda>();
}

/// The mean and the sum of squared deviations in each channel, in double: [2, C].
template <class T, Device D>
std::vector<double> moments_of(const Tensor<T, D>& y) {
  const std::vector<double> v = values(y);
  const auto channels = static_cast<std::size_t>(y.dim(-1));
  std::vector<double> m(2 * channels);
  for (std::size_t i = 0; i < v.size(); ++i)
    m[i % channels] += v[i] * static_cast<double>(channels) / static_cast<double>(v.size());
  for (std::size_t i = 0; i < v.size(); ++i) {
    const double deviation = v[i] - m[i % channels];
    m[channels + i % channels] += deviation * deviation;
  }
  return m;
}

/// A gradient that is exact before it is rounded: dy as it lies or, if `normalized`, what a batch norm makes
/// of it.
inline ops::Gradient<float, Cpu> drawn_gradient(const Shape& shape, bool normalized, bool relu) {
  const std::int64_t channels = shape[shape.rank() - 1];
  const Floats dy = drawn(shape, 3);
  if (!normalized) return dy;
  return {dy, {drawn(shape, 5), drawn_affine(channels, 6), relu}, drawn({2, channels}, 7, -8, 8)};
}

/// The same on the GPU.
inline ops::Gradient<bf16, Cuda> there(const ops::Gradient<float, Cpu>& dy) {
  if (dy.plain()) return narrow(dy.dy);
  const ops::Operand<float, Cpu>& of = dy.normalized;
  return {narrow(dy.dy), {narrow(of.x), there(of.affine), of.relu}, there(dy.factors)};
}

inline std::vector<double> part(const std::vector<double>& all, bool second) {
  const auto half = static_cast<std::ptrdiff_t>(all.size() / 2);
  return {all.begin() + (second ? half : 0), second ? all.end() : all.begin() + half};
}

inline void check_halves(const std::vector<double>& is, const std::vector<double>& should) {
  for (const bool second : {false, true}) CHECK(difference(part(is, second), part(should, second)) <= 1e-5);
}

}  // namespace test
