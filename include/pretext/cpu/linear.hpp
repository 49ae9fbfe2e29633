// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cpu/gemm.hpp"
#include "pretext/cpu/reduce.hpp"
#include "pretext/ops/linear.hpp"

namespace pretext {

template <>
struct Kernel<ops::Linear, Cpu> {
  template <class T>
  using X = Tensor<T, Cpu>;
  static constexpr std::int64_t grain = 64;  // samples a chunk

  template <class T>
  static void forward(const X<T>& x, const X<T>& weight, const X<T>& bias, X<T>& y) {
    const std::int64_t in = x.dim(1), out = weight.dim(0);
    parallel_for(x.dim(0), grain, [&](std::int64_t begin, std::int64_t end) {
      T* rows = y.data() + begin * out;
      if (bias.defined())
        for (std::int64_t r = begin; r < end; ++r) std::copy_n(bias.data(), out, y.data() + r * out);
      cpu::gemm_nt<T>({x.data() + begin * in, end - begin, in, in}, {weight.data(), out, in, in},
                      {rows, end - begin, out, out}, bias.defined());
    });
  }

  template <class T>
  static void grad_input(const X<T>& dy, const X<T>& weight, X<T>& dx) {
    const std::int64_t in = weight.dim(1), out = weight.dim(0);
    parallel_for(dy.dim(0), grain, [&](std::int64_t begin, std::int64_t end) {
      cpu::gemm<T>({dy.data() + begin * out, end - begin, out, out}, {weight.data(), out, in, in},
                   {dx.data() + begin * in, end - begin, in, in});
    });
  }

  template <class T>
  static void grad_weight(const X<T>& x, const X<T>& dy, X<T>& dw) {
    const std::int64_t in = x.dim(1), out = dy.dim(1), n = x.dim(0);
    parallel_for(out, std::max<std::int64_t>(8, (out + 15) / 16), [&](std::int64_t begin, std::int64_t end) {
      cpu::gemm_tn<T>({dy.data() + begin, n, end - begin, out}, {x.data(), n, in, in},
                      {dw.data() + begin * in, end - begin, in, in});
    });
  }
};

}  // namespace pretext
