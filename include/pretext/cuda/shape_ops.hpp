// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cuda/device.hpp"
#include "pretext/ops/concat.hpp"
#include "pretext/ops/dropout.hpp"
#include "pretext/ops/gather.hpp"
#include "pretext/ops/upsample.hpp"

namespace pretext {
namespace cuda {

// What only copies knows no element type: sizes are in bytes.

/// y = `rows` times a bytes of one tensor and then b bytes of the other.
void launch_concat(const ops::ConcatShape& bytes, const void* a, const void* b, void* y);
/// The inverse; null: not wanted.
void launch_split(const ops::ConcatShape& bytes, const void* y, void* a, void* b);

/// y[m] = x[index[m]], rows of so many bytes. An index that is not one of `rows` rows gives bytes of ones,
/// which are no numbers: a GPU cannot throw.
void launch_gather(std::int64_t rows, std::int64_t row_bytes, std::int64_t count, const std::int32_t* index,
                   const void* x, void* y);
/// dx[r] = the sum of dy[m] over all m with index[m] = r, in order; rows of `size` elements.
template <class T>
void launch_gather_backward(std::int64_t rows, std::int64_t size, std::int64_t count,
                            const std::int32_t* index, const T* dy, T* dx);

/// y[rows * factor, width * factor] of x[rows, width], pixels of so many bytes.
void launch_upsample(std::int64_t rows, std::int64_t width, std::int64_t pixel_bytes, std::int64_t factor,
                     const void* x, void* y);
/// dx[n, h, w, c] = the sum of dy over the square that each pixel became.
template <class T>
void launch_upsample_backward(const Shape& dx_shape, std::int64_t factor, const T* dy, T* dx);

/// y = x * scale where the mask keeps it, else x * 0; where `step` is not null it is the key's.
template <class T>
void launch_dropout(const ops::DropoutMask& mask, const std::uint32_t* step, float scale, const T* x, T* y,
                    std::int64_t n);

}  // namespace cuda

template <>
struct Kernel<ops::Concat, Cuda> {
  template <class T>
  using X = Tensor<T, Cuda>;

  template <class T>
  static void forward(const ops::ConcatShape& s, const X<T>& a, const X<T>& b, X<T>& y) {
    cuda::launch_concat(in_bytes<T>(s), a.data(), b.data(), y.data());
  }

  /// Undefined gradients are not wanted.
  template <class T>
  static void backward(const ops::ConcatShape& s, const X<T>& dy, X<T>& da, X<T>& db) {
    cuda::launch_split(in_bytes<T>(s), dy.data(), da.data(), db.data());
  }

 private:
  template <class T>
  static ops::ConcatShape in_bytes(const ops::ConcatShape& s) {
    constexpr auto size = static_cast<std::int64_t>(sizeof(T));
    return {s.rows, s.a * size, s.b * size};
  }
};

template <>
struct Kernel<ops::Gather, Cuda> {
  template <class T>
  using X = Tensor<T, Cuda>;
  using Index = Tensor<std::int32_t, Cuda>;

  template <class T>
  static void forward(const X<T>& x, const Index& index, X<T>& y) {
    const std::int64_t row_bytes = x.shape().row_size() * static_cast<std::int64_t>(sizeof(T));
    cuda::launch_gather(x.dim(0), row_bytes, index.size(), index.data(), x.data(), y.data());
  }

  template <class T>
  static void backward(const X<T>& dy, const Index& index, X<T>& dx) {
    cuda::launch_gather_backward(dx.dim(0), dx.shape().row_size(), index.size(), index.data(), dy.data(),
                                 dx.data());
  }
};

template <>
struct Kernel<ops::Upsample, Cuda> {
  template <class T>
  using X = Tensor<T, Cuda>;

  template <class T>
  static void forward(std::int64_t factor, const X<T>& x, X<T>& y) {
    cuda::launch_upsample(x.dim(0) * x.dim(1), x.dim(2), x.dim(3) * static_cast<std::int64_t>(sizeof(T)),
                          factor, x.data(), y.data());
  }

  template <class T>
  static void backward(std::int64_t factor, const X<T>& dy, X<T>& dx) {
    cuda::launch_upsample_backward(dx.shape(), factor, dy.data(), dx.data());
  }
};

template <>
struct Kernel<ops::Dropout, Cuda> {
  /// y = x * scale where the mask keeps it, else x * 0; backward is the same function of dy.
  template <class T>
  static void forward(const ops::DropoutMask& mask, Wide<T> scale, const Tensor<T, Cuda>& x,
                      Tensor<T, Cuda>& y) {
    cuda::launch_dropout(mask, cuda::device_step(), scale, x.data(), y.data(), x.size());
  }
};

}  // namespace pretext
