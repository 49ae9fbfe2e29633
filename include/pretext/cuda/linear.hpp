// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cuda/finish.hpp"
#include "pretext/cuda/gemm.hpp"
#include "pretext/cuda/operands.hpp"
#include "pretext/ops/linear.hpp"

namespace pretext {

/// Matrices here have their rows first and cuBLAS has its columns first, so that it sees all of them
/// transposed and computes y^T = weight x^T.
template <>
struct Kernel<ops::Linear, Cuda> {
  template <class T>
  using X = Tensor<T, Cuda>;
  template <class T>
  using W = ops::WideTensor<T, Cuda>;

  template <class T>
  static void forward(const X<T>& x, const W<T>& weight, const W<T>& bias, X<T>& y) {
    const std::int64_t n = x.dim(0), in = x.dim(1), out = weight.dim(0);
    if (y.size() == 0) return;
    if (in == 0)
      y.fill(T(0.0f));
    else
      cuda::gemm({type<T>, type<T>, out, n, in, true}, cuda::cast<T>(weight).data(), cuda::aligned(x).data(),
                 y.data());
    if (bias.defined())
      cuda::launch_finish<T>({bias.data(), {}, {}, false}, nullptr, y.data(), y.size(), out);
  }

  template <class T>
  static void grad_input(const X<T>& dy, const W<T>& weight, X<T>& dx) {
    const std::int64_t n = dy.dim(0), in = weight.dim(1), out = weight.dim(0);
    if (dx.size() == 0) return;
    if (out == 0) return dx.fill(T(0.0f));
    cuda::gemm({type<T>, type<T>, in, n, out}, cuda::cast<T>(weight).data(), cuda::aligned(dy).data(),
               dx.data());
  }

  template <class T>
  static void grad_weight(const X<T>& x, const X<T>& dy, W<T>& dw) {
    const std::int64_t n = x.dim(0), in = x.dim(1), out = dy.dim(1);
    if (dw.size() == 0) return;
    if (n == 0) return dw.fill(0);
    cuda::gemm({type<T>, CUDA_R_32F, in, out, n, false, true}, cuda::aligned(x).data(),
               cuda::aligned(dy).data(), dw.data());
  }

 private:
  template <class T>
  static constexpr cudaDataType_t type = std::is_same_v<T, float> ? CUDA_R_32F : CUDA_R_16BF;
};

}  // namespace pretext
