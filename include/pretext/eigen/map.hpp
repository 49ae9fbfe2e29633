// SPDX-License-Identifier: MIT
#pragma once

#if defined(EIGEN_GPUCC) || defined(__CUDACC__)
#error \
    "pretext/eigen/map.hpp brings Eigen, which nvcc compiles to another ABI: include it from .cpp files only"
#endif
#include <Eigen/Core>

#include "pretext/tensor/tensor.hpp"

// Tensors of the CPU as Eigen sees them. Nothing else of the library includes Eigen, and pretext.hpp does not
// include this file.
namespace pretext::eigen {

/// Rows of numbers, one after the other, as a tensor has them.
template <class T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <class T>
using Array = Eigen::Array<T, Eigen::Dynamic, 1>;

/// x[..., C] as a matrix of C columns over the same memory, which must outlive it. Throws where x is
/// undefined or of rank 0.
template <class T>
Eigen::Map<Matrix<T>> matrix(Tensor<T, Cpu>& x) {
  require(x.defined() && x.shape().rank() >= 1, "eigen: a matrix needs a tensor [..., C]");
  const std::int64_t columns = x.dim(-1);
  return {x.data(), columns == 0 ? 0 : x.size() / columns, columns};
}
template <class T>
Eigen::Map<const Matrix<T>> matrix(const Tensor<T, Cpu>& x) {
  require(x.defined() && x.shape().rank() >= 1, "eigen: a matrix needs a tensor [..., C]");
  const std::int64_t columns = x.dim(-1);
  return {x.data(), columns == 0 ? 0 : x.size() / columns, columns};
}

/// All elements of x as one array over the same memory, which must outlive it.
template <class T>
Eigen::Map<Array<T>> array(Tensor<T, Cpu>& x) {
  return {x.data(), x.size()};
}
template <class T>
Eigen::Map<const Array<T>> array(const Tensor<T, Cpu>& x) {
  return {x.data(), x.size()};
}

/// A tensor [rows, columns] with the values of an Eigen matrix or expression.
template <class Expression>
Tensor<typename Expression::Scalar, Cpu> tensor(const Eigen::MatrixBase<Expression>& values) {
  Tensor<typename Expression::Scalar, Cpu> result({values.rows(), values.cols()});
  matrix(result) = values;
  return result;
}

}  // namespace pretext::eigen
