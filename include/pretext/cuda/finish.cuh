// SPDX-License-Identifier: MIT
#pragma once

#if !defined(__CUDACC__)
#error \
    "a .cuh file is compiled by nvcc: include it from a .cu file, and the .hpp of the same name from a .cpp"
#endif

#include "pretext/cuda/elementwise.cuh"
#include "pretext/cuda/finish.hpp"

namespace pretext::cuda {
namespace detail {

/// A map that adds a bias by channels.
struct BiasMap {
  static constexpr int inputs = 1;
  template <int N>
  struct Kept {
    float bias[N];
  };
  const float* bias;
  int channels;

  template <int N>
  __device__ void keep(Kept<N>& kept, int c) const {
    load_channels(kept.bias, bias, c, channels);
  }
  template <int N>
  __device__ float value(const Kept<N>& kept, int k, float v, float) const {
    return v + kept.bias[k];
  }
};

/// A map of all that can become of sums, and of what is added to them.
template <bool Addend>
struct FinishMap {
  static constexpr int inputs = Addend ? 2 : 1;
  template <int N>
  struct Kept {
    float bias[N];
    LaneMap<N> sums, addend;
  };
  Finish finish;
  int channels;

  template <int N>
  __device__ void keep(Kept<N>& kept, int c) const {
    if (finish.bias != nullptr) load_channels(kept.bias, finish.bias, c, channels);
    if (finish.sums.affine != nullptr) kept.sums.load(finish.sums, c);
    if (Addend && finish.addend.affine != nullptr) kept.addend.load(finish.addend, c);
  }
  template <int N>
  __device__ float value(const Kept<N>& kept, int k, float v, float a) const {
    if (finish.bias != nullptr) v += kept.bias[k];
    if (finish.sums.affine != nullptr) kept.sums.of[k].evaluate(v);
    if (Addend && finish.addend.affine != nullptr) kept.addend.of[k].evaluate(a);
    if (Addend) v += a;
    return finish.relu ? ops::ReluFunctor().value(v) : v;
  }
};

}  // namespace detail

template <class T>
void launch_finish(const Finish& f, const T* addend, T* y, std::int64_t n, std::int64_t channels) {
  const int c = static_cast<int>(channels);
  const auto launch = [&](const auto& map, const T* other) {
    launch_map<T>("finish", map, n, channels, y, other, y);
  };
  if (addend != nullptr)
    launch(detail::FinishMap<true>{f, c}, addend);
  else if (f.sums.plain() && !f.relu)
    launch(detail::BiasMap{f.bias, c}, y);
  else
    launch(detail::FinishMap<false>{f, c}, y);
}

}  // namespace pretext::cuda
