// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "pretext/cpu/vector.hpp"
#include "pretext/ops/gradient.hpp"
#include "pretext/ops/normalized.hpp"

namespace pretext::cpu {

using ops::Normalized;

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

  const S* data() const { return x; }
  bool plain() const { return center == nullptr; }
  Source from(std::int64_t element) const {
    Source part = *this;
    part.x += element;
    return part;
  }

  /// The channels from c on: a whole vector of them, or the first `there` lanes. This is not plain.
  template <bool Whole, class V>
  PRETEXT_INLINE void load_channels(Normalized<V>& n, std::int64_t c, std::int64_t there) const {
    load_lanes<Whole>(n.center, center + c, there);
    load_lanes<Whole>(n.scale, scale + c, there);
    load_lanes<Whole>(n.shift, shift + c, there);
    n.relu = relu;
  }
};

/// A gradient as a kernel reads it: in plain pointers. Null factors: dy as it lies.
template <class S>
struct GradientSource {
  const S* dy;
  Source<S> normalized = nullptr;
  const S *level = nullptr, *slope = nullptr;

  GradientSource(const S* plain) : dy(plain) {}
  explicit GradientSource(const ops::Gradient<S, Cpu>& g)
      : GradientSource(g.dy.data(), g.normalized, g.factors) {}
  GradientSource(const S* raw, const ops::Operand<S, Cpu>& of, const Tensor<S, Cpu>& factors)
      : dy(raw), normalized(of), level(factors.data()) {
    if (factors.defined()) slope = level + factors.dim(1);
  }

  const S* data() const { return dy; }
  bool plain() const { return level == nullptr; }
  GradientSource from(std::int64_t element) const {
    GradientSource part = *this;
    part.dy += element;
    if (!plain()) part.normalized.x += element;
    return part;
  }
};

/// Rows of one source, or of the sum of two, evaluated; with 0 in place of negatives if so marked.
template <class S, int Sources>
struct Evaluation {
  std::array<Source<S>, Sources> sources;
  bool relu = false;
  std::int64_t rows, channels;
  S* to;

  template <int Bytes>
  PRETEXT_INLINE static void run(const Evaluation& e) {
    each_vector<Bytes, S>(e, e.rows, e.channels);
  }

  template <int Bytes, bool Whole>
  PRETEXT_INLINE void vector_of(std::int64_t row, std::int64_t c) const {
    using V = Vector<S, Bytes>;
    const std::int64_t there = channels - c;
    V sum{};
    for (int i = 0; i < Sources; ++i) {
      V v;
      load_lanes<Whole>(v, sources[i].x + row + c, there);
      if (!sources[i].plain()) {
        Normalized<V> of;
        sources[i].template load_channels<Whole>(of, c, there);
        of.evaluate(v);
      }
      sum = i == 0 ? v : sum + v;
    }
    if (relu) sum = sum < V{} ? V{} : sum;
    store_lanes<Whole>(to + row + c, sum, there);
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

/// dx = scale * (dy - level - (x - center) * slope) over a few rows, by columns; dy is 0 where the source
/// cuts. dx may be dy.
template <class S>
struct NormalizedGradient {
  GradientSource<S> from;
  std::int64_t rows, columns;
  S* dx;

  template <int Bytes>
  PRETEXT_INLINE static void run(const NormalizedGradient& g) {
    each_vector<Bytes, S>(g, g.rows, g.columns);
  }

  template <int Bytes, bool Whole>
  PRETEXT_INLINE void vector_of(std::int64_t row, std::int64_t c) const {
    using V = Vector<S, Bytes>;
    const std::int64_t there = columns - c;
    Normalized<V> of;
    V x, d, level, slope;
    from.normalized.template load_channels<Whole>(of, c, there);
    load_lanes<Whole>(level, from.level + c, there);
    load_lanes<Whole>(slope, from.slope + c, there);
    load_lanes<Whole>(x, from.normalized.x + row + c, there);
    load_lanes<Whole>(d, from.dy + row + c, there);
    of.evaluate_gradient(d, x, level, slope);
    store_lanes<Whole>(dx + row + c, d, there);
  }
};

/// to[rows, channels] = what the gradient is there; it may be where dy lies.
template <class S>
void evaluate(const GradientSource<S>& gradient, std::int64_t rows, std::int64_t channels, S* to) {
  dispatch<NormalizedGradient<S>>(NormalizedGradient<S>{gradient, rows, channels, to});
}

}  // namespace pretext::cpu
