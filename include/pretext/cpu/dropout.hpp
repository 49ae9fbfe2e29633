// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cpu/map.hpp"
#include "pretext/ops/dropout.hpp"

namespace pretext {

template <>
struct Kernel<ops::Dropout, Cpu> {
  /// y = x * scale where the mask keeps it, else x * 0; backward is the same function of dy.
  template <class T>
  static void forward(const ops::DropoutMask& mask, T scale, const Tensor<T, Cpu>& x, Tensor<T, Cpu>& y) {
    static_assert(cpu::chunk % at_once == 0);
    parallel_for(x.size(), cpu::chunk, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t first = begin; first < end; first += at_once)
        scale_some(mask, scale, first, std::min(at_once, end - first), x.data() + first, y.data() + first);
    });
  }

 private:
  static constexpr std::int64_t at_once = 1024;  // draws taken first, so that the choice is free of branches

  template <class T>
  static void scale_some(ops::DropoutMask mask, T scale, std::int64_t first, std::int64_t count, const T* x,
                         T* __restrict y) {
    std::uint32_t draws[at_once];
    for (std::int64_t i = 0; i < count; i += 4) {
      const Words words = mask.draws(static_cast<std::uint32_t>((first + i) / 4));
      std::copy_n(words.w, 4, draws + i);
    }
    for (std::int64_t i = 0; i < count; ++i) y[i] = x[i] * (mask.keeps(draws[i]) ? scale : T(0));
  }
};

}  // namespace pretext
