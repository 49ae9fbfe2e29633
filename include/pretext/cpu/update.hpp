// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cpu/reduce.hpp"
#include "pretext/ops/update.hpp"

namespace pretext {
namespace cpu {

/// The Euclidean norm, summed in double.
template <class T>
double norm(const T* x, std::int64_t size) {
  double sum = 0;
  reduce_rows<double>(size, reduction_grain(size, 1), 1, &sum,
                      [&](std::int64_t begin, std::int64_t end, double* partial) {
                        for (std::int64_t i = begin; i < end; ++i)
                          *partial += static_cast<double>(x[i]) * static_cast<double>(x[i]);
                      });
  return std::sqrt(sum);
}

}  // namespace cpu

template <class F>
struct Kernel<ops::Update<F>, Cpu> {
  template <class T>
  static void run(Span<const ops::UpdateItem<F, T>> items) {
    for (const auto& item : items) {
      F f = item.f;
      if constexpr (ops::ScaledByNorms<F>)
        f = f.scaled(cpu::norm(item.weight, item.size), cpu::norm(item.gradient, item.size));
      parallel_for(item.size, cpu::chunk,
                   [&](std::int64_t begin, std::int64_t end) { update(f, item, begin, end); });
    }
  }

 private:
  template <class T>
  static void update(const F f, const ops::UpdateItem<F, T>& item, std::int64_t begin, std::int64_t end) {
    constexpr std::size_t slots = F::slots.size();
    const auto [unused, weight, gradient, state, size] = item;
    for (std::int64_t i = begin; i < end; ++i) {
      std::array<T, slots> s;
      for (std::size_t k = 0; k < slots; ++k) s[k] = state[k][i];
      f(weight[i], gradient[i], s.data());
      for (std::size_t k = 0; k < slots; ++k) state[k][i] = s[k];
    }
  }
};

}  // namespace pretext
