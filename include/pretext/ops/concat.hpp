// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/ops/op.hpp"

namespace pretext::ops {

/// Two tensors as rows to be laid side by side: `rows` times `a` elements and then `b` elements.
struct ConcatShape {
  std::int64_t rows, a, b;
};

/// y = a followed by b along an axis; the other axes are equal. Negative axes count from the end.
struct Concat {
  static constexpr std::string_view name = "concat";
  static constexpr std::size_t inputs = 2;

  int axis = -1;

  template <class T, Device D>
  struct Saved {
    Shape a, b;
  };

  template <class T, Device D>
  Tensor<T, D> forward(const Tensor<T, D>& a, const Tensor<T, D>& b, Saved<T, D>* saved) const {
    require(a.defined() && b.defined(), name, ": an argument is undefined");
    const int rank = a.shape().rank(), at = axis < 0 ? axis + rank : axis;
    require(at >= 0 && at < rank, name, ": no axis ", axis, " in ", a.shape());
    require(b.shape().rank() == rank && a.shape() == b.shape().with(at, a.dim(at)), name, ": ", a.shape(),
            " and ", b.shape(), " differ on another axis than ", axis);
    Tensor<T, D> y(a.shape().with(at, checked_add(a.dim(at), b.dim(at), "concat")));
    Kernel<Concat, D>::forward(split(a.shape(), b.shape()), a, b, y);
    if (saved != nullptr) *saved = {a.shape(), b.shape()};
    return y;
  }

  template <class T, Device D>
  Grads<T, D, 2> backward(const Tensor<T, D>& dy, const Saved<T, D>& saved, Wanted<2> wanted) const {
    Grads<T, D, 2> grads;
    if (wanted[0]) grads[0] = Tensor<T, D>(saved.a);
    if (wanted[1]) grads[1] = Tensor<T, D>(saved.b);
    Kernel<Concat, D>::backward(split(saved.a, saved.b), dy, grads[0], grads[1]);
    return grads;
  }

 private:
  ConcatShape split(const Shape& a, const Shape& b) const {
    const int at = axis < 0 ? axis + a.rank() : axis;
    ConcatShape s{1, 1, 1};
    for (int i = 0; i < a.rank(); ++i) {
      s.rows *= i < at ? a[i] : 1;
      s.a *= i < at ? 1 : a[i];
      s.b *= i < at ? 1 : b[i];
    }
    return s;
  }
};

}  // namespace pretext::ops
