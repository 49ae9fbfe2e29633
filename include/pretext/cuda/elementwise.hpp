// SPDX-License-Identifier: MIT
// A functor of your own, for ops::Elementwise<MyFunctor>, gets its kernels from one line in a .cu file of
// yours:
//
//   #include "pretext/cuda/elementwise.cuh"
//   #include "my_functor.hpp"
//   template struct pretext::cuda::ElementwiseLauncher<MyFunctor, float>;   // and one for pretext::bf16
#pragma once

#include "pretext/cuda/channel_map.hpp"
#include "pretext/cuda/device.hpp"
#include "pretext/ops/add.hpp"
#include "pretext/ops/elementwise.hpp"
#include "pretext/ops/gradient.hpp"

namespace pretext {
namespace cuda {

/// y[i] = f(x[i]), and dx[i] = f'(v[i]) dy[i], for n elements.
template <class F, class T>
struct ElementwiseLauncher {
  static void forward(const F& f, const T* x, T* y, std::int64_t n);
  static void backward(const F& f, const T* v, const T* dy, T* dx, std::int64_t n);
};

/// y[i] = what the map makes of x[i].
template <class T>
void launch_affine(const ChannelMap& map, const T* x, T* y, std::int64_t n);

/// dx = scale * (d - level - (x - center) * slope), where d is dy, or 0 where the map cuts; factors[2, C] are
/// level and slope. dx may be dy.
template <class T>
void launch_affine_gradient(const ChannelMap& map, const float* factors, const T* x, const T* dy, T* dx,
                            std::int64_t n);

/// y = a + b, each of them mapped, and with `relu` 0 in place of negatives.
template <class T>
void launch_add(const ChannelMap& map_a, const T* a, const ChannelMap& map_b, const T* b, bool relu, T* y,
                std::int64_t n);

}  // namespace cuda

template <class F>
struct Kernel<ops::Elementwise<F>, Cuda> {
  template <class T>
  static void forward(const F& f, const Tensor<T, Cuda>& x, Tensor<T, Cuda>& y) {
    cuda::ElementwiseLauncher<F, T>::forward(f, x.data(), y.data(), x.size());
  }
  template <class T>
  static void backward(const F& f, const Tensor<T, Cuda>& v, const Tensor<T, Cuda>& dy, Tensor<T, Cuda>& dx) {
    cuda::ElementwiseLauncher<F, T>::backward(f, v.data(), dy.data(), dx.data(), dy.size());
  }
};

template <>
struct Kernel<ops::Affine, Cuda> {
  template <class T>
  static void forward(const ops::Operand<T, Cuda>& operand, Tensor<T, Cuda>& y) {
    cuda::launch_affine(cuda::channel_map(operand), operand.x.data(), y.data(), y.size());
  }
};

template <>
struct Kernel<ops::AffineGradient, Cuda> {
  /// dx may be dy.
  template <class T>
  static void forward(const Tensor<T, Cuda>& dy, const ops::Operand<T, Cuda>& normalized,
                      const ops::WideTensor<T, Cuda>& factors, Tensor<T, Cuda>& dx) {
    cuda::launch_affine_gradient(cuda::channel_map(normalized), factors.data(), normalized.x.data(),
                                 dy.data(), dx.data(), dx.size());
  }
};

template <>
struct Kernel<ops::Add, Cuda> {
  template <class T>
  static void forward(const ops::Operand<T, Cuda>& a, const ops::Operand<T, Cuda>& b, bool relu,
                      Tensor<T, Cuda>& y) {
    cuda::launch_add(cuda::channel_map(a), a.x.data(), cuda::channel_map(b), b.x.data(), relu, y.data(),
                     y.size());
  }
};

}  // namespace pretext
