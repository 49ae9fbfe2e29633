// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "pretext/cpu/vector.hpp"
#include "pretext/ops/operand.hpp"

namespace pretext::cpu {

/// Channels as a kernel reads them: an operand of an op in plain pointers. Null pointers: x as it lies.
template <class S>
struct Source {
  const S* x;
  const S *center = nullptr, *scale = nullptr, *shift = nullptr;
  bool relu = false;

  Source(const S* plain) : x(plain) {}
  explicit Source(const ops::Operand<S, Cpu>& o) : x(o.x.data()), relu(o.relu) {
    if (o.plain()) return;
    center = o.affine.data();
    scale = center + o.affine.dim(1);
    shift = scale + o.affine.dim(1);
  }

  bool plain() const { return center == nullptr; }
  Source from(std::int64_t element) const {
    Source part = *this;
    part.x += element;
    return part;
  }

  /// What becomes of the channels from c on: a whole vector of them, or the first `there` lanes.
  template <bool Whole, class V>
  PRETEXT_INLINE void evaluate(V& v, std::int64_t c, std::int64_t there) const {
    V middle, factor, level;
    load_lanes<Whole>(middle, center + c, there);
    load_lanes<Whole>(factor, scale + c, there);
    load_lanes<Whole>(level, shift + c, there);
    v = (v - middle) * factor + level;
    if (relu) v = v < V{} ? V{} : v;
  }

  /// d becomes 0 where what is made of x is cut: the gradient that passes the relu.
  template <bool Whole, class V>
  PRETEXT_INLINE void cut_gradient(V& d, const V& x, std::int64_t c, std::int64_t there) const {
    if (!relu) return;
    V y = x;
    evaluate<Whole>(y, c, there);
    d = y > V{} ? d : V{};
  }
};

/// Rows of one source, or of the sum of two, evaluated; with 0 in place of negatives if so marked.
template <class S, int Sources>
struct Evaluation {
  std::array<Source<S>, Sources> sources;
  bool relu;
  std::int64_t rows, channels;
  S* to;

  template <int Bytes>
  PRETEXT_INLINE static void run(const Evaluation& e) {
    each_vector<Bytes, S>(e, e.rows, e.channels);
  }

  template <int Bytes, bool Whole>
  PRETEXT_INLINE void vector_of(std::int64_t row, std::int64_t c) const {
    using V = Vector<S, Bytes>;
    V sum{};
    for (int i = 0; i < Sources; ++i) {
      V v;
      load_lanes<Whole>(v, sources[i].x + row + c, channels - c);
      if (!sources[i].plain()) sources[i].template evaluate<Whole>(v, c, channels - c);
      sum = i == 0 ? v : sum + v;
    }
    if (relu) sum = sum < V{} ? V{} : sum;
    store_lanes<Whole>(to + row + c, sum, channels - c);
  }
};

/// to[rows, channels] = what the source is there.
template <class S>
void evaluate(const Source<S>& source, std::int64_t rows, std::int64_t channels, S* to) {
  dispatch<Evaluation<S, 1>>(Evaluation<S, 1>{{source}, false, rows, channels, to});
}

/// to[rows, channels] = a + b, with 0 in place of negatives if `relu`.
template <class S>
void evaluate_sum(const Source<S>& a, const Source<S>& b, bool relu, std::int64_t rows, std::int64_t channels,
                  S* to) {
  dispatch<Evaluation<S, 2>>(Evaluation<S, 2>{{a, b}, relu, rows, channels, to});
}

}  // namespace pretext::cpu
