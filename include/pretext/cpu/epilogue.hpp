// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cpu/source.hpp"
#include "pretext/ops/conv2d.hpp"

namespace pretext::cpu {

/// What becomes of a convolution's sums before they leave the cache: ops::Epilogue in plain pointers.
template <class S>
struct Epilogue {
  S* y = nullptr;              ///< where the result begins
  Source<S> sums = nullptr;    ///< their x is not used
  Source<S> addend = nullptr;  ///< null: none
  bool relu = false;

  Epilogue() = default;
  Epilogue(const ops::Epilogue<S, Cpu>& e, Tensor<S, Cpu>& result)
      : y(result.data()), sums(ops::Operand<S, Cpu>({}, e.affine, false)), addend(e.addend), relu(e.relu) {}

  bool empty() const { return sums.plain() && addend.x == nullptr && !relu; }

  /// Finishes so many rows of the result, all of its channels.
  void finish(S* rows, std::int64_t count, std::int64_t channels) const {
    if (empty()) return;
    Source<S> here = sums;
    here.x = rows;
    if (addend.x == nullptr)
      dispatch<Evaluation<S, 1>>(Evaluation<S, 1>{{here}, relu, count, channels, rows});
    else
      evaluate_sum(here, addend.from(rows - y), relu, count, channels, rows);
  }
};

/// The same for a vector of channels, from c on, at many places; of the channels so many are left.
template <class S, int Bytes>
class ChannelEpilogue {
 public:
  using V = Vector<S, Bytes>;

  PRETEXT_INLINE ChannelEpilogue(const Epilogue<S>& e, std::int64_t c, std::int64_t left)
      : e_(e), there_(left < lanes<S, Bytes> ? left : lanes<S, Bytes>) {
    if (!e.sums.plain()) load_channels(e.sums, sums_, c);
    if (!e.addend.plain()) load_channels(e.addend, addend_, c);
  }

  /// v is the sum that belongs to a place of the result.
  PRETEXT_INLINE void finish(V& v, const S* place) const {
    if (!e_.sums.plain()) sums_.evaluate(v);
    if (e_.addend.x != nullptr) {
      V other;
      const S* const from = e_.addend.x + (place - e_.y);
      there_ < lanes<S, Bytes> ? load_lanes<false>(other, from, there_) : load(other, from);
      if (!e_.addend.plain()) addend_.evaluate(other);
      v += other;
    }
    if (e_.relu) v = v < V{} ? V{} : v;
  }

 private:
  PRETEXT_INLINE void load_channels(const Source<S>& source, Normalized<V>& of, std::int64_t c) const {
    if (there_ < lanes<S, Bytes>)
      source.template load_channels<false>(of, c, there_);
    else
      source.template load_channels<true>(of, c, there_);
  }

  const Epilogue<S>& e_;
  const std::int64_t there_;
  Normalized<V> sums_, addend_;
};

}  // namespace pretext::cpu
