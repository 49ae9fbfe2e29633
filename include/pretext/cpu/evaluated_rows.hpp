// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cpu/source.hpp"

namespace pretext::cpu {

/// Rows of a Source or a GradientSource in memory: where they lie, or evaluated once while the same ones are
/// asked for.
template <class From, class S>
class EvaluatedRows {
 public:
  /// At most `most` rows at a time.
  EvaluatedRows(const From& from, std::int64_t most, std::int64_t channels)
      : from_(from), channels_(channels) {
    if (!from.plain()) rows_ = Tensor<S, Cpu>({most, channels});
  }

  const S* operator()(std::int64_t first, std::int64_t count) {
    if (from_.plain()) return from_.data() + first * channels_;
    if (std::exchange(first_, first) != first)
      evaluate(from_.from(first * channels_), count, channels_, rows_.data());
    return rows_.data();
  }

 private:
  From from_;
  std::int64_t channels_, first_ = -1;
  Tensor<S, Cpu> rows_;
};

}  // namespace pretext::cpu
