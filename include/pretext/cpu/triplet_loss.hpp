// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cpu/reduce.hpp"
#include "pretext/ops/triplet_loss.hpp"

namespace pretext {

template <>
struct Kernel<ops::TripletLoss, Cpu> {
  template <class T>
  using X = Tensor<T, Cpu>;
  using Labels = Tensor<std::int32_t, Cpu>;

  /// Undefined factors are not wanted.
  template <class T>
  static void forward(T margin, ops::Mining mining, const X<T>& x, const Labels& labels, X<T>& loss,
                      X<T>& factors) {
    const std::int64_t n = x.dim(0);
    const X<T> distances = distances_of(x);
    std::vector<Anchor> anchors(static_cast<std::size_t>(n));
    parallel_for(n, 8, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t a = begin; a < end; ++a)
        anchors[static_cast<std::size_t>(a)] = mine(a, mining, distances.data() + a * n, labels);
    });
    if (factors.defined()) factors.fill(T(0));
    double sum = 0;
    std::int64_t count = 0;
    for (std::int64_t a = 0; a < n; ++a)
      for (const auto& [p, q] : anchors[static_cast<std::size_t>(a)]) {
        const T term = margin + distances.data()[a * n + p] - distances.data()[a * n + q];
        ++count;
        if (term <= 0) continue;
        sum += static_cast<double>(term);
        if (factors.defined()) add_factors(factors, a, p, q);
      }
    loss.data()[0] = count == 0 ? T(0) : static_cast<T>(sum / static_cast<double>(count));
    for (std::int64_t i = 0; i < factors.size(); ++i)
      factors.data()[i] /= static_cast<T>(std::max<std::int64_t>(1, count));
  }

  template <class T>
  static void backward(const X<T>& factors, const X<T>& x, const X<T>& dy, X<T>& dx) {
    const std::int64_t n = x.dim(0), columns = x.dim(1);
    parallel_for(n, 8, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        T* row = dx.data() + i * columns;
        std::fill_n(row, columns, T(0));
        for (std::int64_t j = 0; j < n; ++j) {
          const T factor = dy.data()[0] * factors.data()[i * n + j];
          if (factor == 0) continue;
          for (std::int64_t c = 0; c < columns; ++c) row[c] += factor * x.data()[j * columns + c];
        }
      }
    });
  }

 private:
  /// The positive and the negative of each triplet of one anchor.
  using Anchor = std::vector<std::pair<std::int64_t, std::int64_t>>;

  template <class T>
  static X<T> distances_of(const X<T>& x) {
    const std::int64_t n = x.dim(0), columns = x.dim(1);
    X<T> distances({n, n});
    parallel_for(n, 8, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i)
        for (std::int64_t j = 0; j < n; ++j) {
          const T *a = x.data() + i * columns, *b = x.data() + j * columns;
          distances.data()[i * n + j] =
              cpu::sum_of<T>(columns, [&](std::int64_t c) { return (a[c] - b[c]) * (a[c] - b[c]); });
        }
    });
    return distances;
  }

  /// The triplets of one anchor by its distances to all rows.
  template <class T>
  static Anchor mine(std::int64_t a, ops::Mining mining, const T* distance, const Labels& labels) {
    const std::int32_t* label = labels.data();
    std::int64_t nearest = -1, farthest = -1, positive = -1;
    for (std::int64_t j = 0; j < labels.size(); ++j) {
      if (label[j] != label[a]) {
        if (nearest < 0 || distance[j] < distance[nearest]) nearest = j;
        if (farthest < 0 || distance[j] > distance[farthest]) farthest = j;
      } else if (j != a && (positive < 0 || distance[j] > distance[positive])) {
        positive = j;
      }
    }
    if (nearest < 0 || positive < 0) return {};
    if (mining == ops::Mining::hard) return {{positive, nearest}};
    Anchor triplets;
    for (std::int64_t p = 0; p < labels.size(); ++p) {
      if (p == a || label[p] != label[a]) continue;
      std::int64_t beyond = -1;
      for (std::int64_t q = 0; q < labels.size(); ++q)
        if (label[q] != label[a] && distance[q] > distance[p] &&
            (beyond < 0 || distance[q] < distance[beyond]))
          beyond = q;
      triplets.emplace_back(p, beyond < 0 ? farthest : beyond);
    }
    return triplets;
  }

  /// What one triplet that counts adds to the matrix of the gradient.
  template <class T>
  static void add_factors(X<T>& factors, std::int64_t a, std::int64_t p, std::int64_t q) {
    const std::int64_t n = factors.dim(0);
    T* f = factors.data();
    f[a * n + q] += 2;
    f[a * n + p] -= 2;
    f[p * n + p] += 2;
    f[p * n + a] -= 2;
    f[q * n + a] += 2;
    f[q * n + q] -= 2;
  }
};

}  // namespace pretext
