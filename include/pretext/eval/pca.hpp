// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "pretext/eval/inner_products.hpp"
#include "pretext/eval/standardize.hpp"
#include "pretext/eval/symmetric_eigen.hpp"

namespace pretext::eval {

/// Principal components, exactly: the eigenvectors of the covariance, or of the rows' inner products where
/// there are fewer rows than features. Of each, the entry of largest magnitude is positive. A component
/// beyond the rank of the data has variance 0 and is all zeros.
template <class T>
class Pca {
 public:
  /// Of x [N, dims], with 2 rows at least; `count` of the min(N - 1, dims) that there are. Throws where a
  /// value is not finite.
  Pca(const Tensor<T, Cpu>& x, std::int64_t count) {
    ops::require_rank("PCA", "x", x, 2);
    const std::int64_t n = x.dim(0), d = x.dim(1), most = std::min(n - 1, d);
    require(1 <= count && count <= most, "PCA: ", count, " components of x ", x.shape(),
            "; there are 1 to min(rows - 1, features), here ", std::max<std::int64_t>(0, most));
    mean_ = detail::column_sums(x, [](double value, std::int64_t) { return value; });
    for (double& mean : mean_) mean /= static_cast<double>(n);
    const Tensor<double, Cpu> rows = centred(x, 0, n);
    Tensor<double, Cpu> products = n > d ? column_products<double>({rows.data(), n, d, d})
                                         : row_products<double>({rows.data(), n, d, d});
    const std::int64_t size = products.dim(0);
    for (std::int64_t i = 0; i < size; ++i)
      total_ += products.data()[i * size + i] / static_cast<double>(n - 1);
    require(std::isfinite(total_), "PCA: x has a value that is not finite; look at the network that made it");
    take(largest_eigenpairs(products, count), rows, n > d);
  }

  std::int64_t dims() const { return static_cast<std::int64_t>(mean_.size()); }
  Span<const double> mean() const { return mean_; }

  /// [count, dims], largest variance first; rows of length 1.
  const Tensor<double, Cpu>& components() const { return components_; }

  /// Of the data along each component, with N - 1 below.
  Span<const double> variance() const { return variance_; }

  /// The part of all variance that each component has; 0 where there is none.
  std::vector<double> shares() const {
    std::vector<double> shares;
    for (const double variance : variance_) shares.push_back(total_ > 0 ? variance / total_ : 0);
    return shares;
  }

  /// (x - mean) components^T, [N, count]
  Tensor<T, Cpu> operator()(const Tensor<T, Cpu>& x) const {
    ops::require_rank("PCA", "x", x, 2);
    require(x.dim(1) == dims(), "PCA: x ", x.shape(), " has ", x.dim(1), " features, but ", dims(),
            " were measured");
    const std::int64_t count = components_.dim(0);
    Tensor<T, Cpu> y({x.dim(0), count});
    parallel_for(x.dim(0), cpu::row_block, [&](std::int64_t begin, std::int64_t end) {
      const Tensor<double, Cpu> rows = centred(x, begin, end);
      Tensor<double, Cpu> out({end - begin, count});
      cpu::gemm_nt<double>({rows.data(), end - begin, dims(), dims()},
                           {components_.data(), count, dims(), dims()},
                           {out.data(), end - begin, count, count});
      std::transform(out.data(), out.data() + out.size(), y.data() + begin * count,
                     [](double value) { return static_cast<T>(value); });
    });
    return y;
  }

 private:
  /// Rows [begin, end) of x less the mean.
  Tensor<double, Cpu> centred(const Tensor<T, Cpu>& x, std::int64_t begin, std::int64_t end) const {
    Tensor<double, Cpu> rows({end - begin, dims()});
    parallel_for(end - begin, cpu::row_block, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t r = first; r < last; ++r)
        for (std::int64_t c = 0; c < dims(); ++c)
          rows.data()[r * dims() + c] = static_cast<double>(x.data()[(begin + r) * dims() + c]) - mean_[c];
    });
    return rows;
  }

  void take(const Eigenpairs& pairs, const Tensor<double, Cpu>& rows, bool of_covariance) {
    const std::int64_t n = rows.dim(0), d = dims(), count = pairs.vectors.dim(0);
    if (of_covariance) {
      components_ = pairs.vectors;
    } else {
      components_ = Tensor<double, Cpu>({count, d});
      cpu::gemm<double>({pairs.vectors.data(), count, n, n}, {rows.data(), n, d, d},
                        {components_.data(), count, d, d});
    }
    const double rounding = std::numeric_limits<double>::epsilon() * static_cast<double>(std::max(n, d)) *
                            std::max(0.0, pairs.values[0]);
    for (std::int64_t k = 0; k < count; ++k) {
      const bool real = pairs.values[k] > rounding;
      variance_.push_back(real ? pairs.values[k] / static_cast<double>(n - 1) : 0);
      scale_row(components_.data() + k * d, real);
    }
  }

  /// To length 1 and the sign that the class promises, or to zeros.
  void scale_row(double* row, bool real) const {
    const std::int64_t d = dims();
    const double largest =
        *std::max_element(row, row + d, [](double a, double b) { return std::abs(a) < std::abs(b); });
    const double scale = real ? std::copysign(1 / std::sqrt(detail::dot(row, row, d)), largest) : 0;
    for (std::int64_t i = 0; i < d; ++i) row[i] *= scale;
  }

  std::vector<double> mean_, variance_;
  Tensor<double, Cpu> components_;
  double total_ = 0;
};

}  // namespace pretext::eval
