// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/core/thread_pool.hpp"
#include "pretext/cpu/gemm.hpp"

namespace pretext::cpu {

/// A matrix in panels that is the sum of several parts, each added up by one thread at a time. The number of
/// parts depends on shapes alone, so that the sum has the same bits for any number of threads.
template <class S>
class PanelSums {
 public:
  /// How many parts of so many elements fit in 8 MB, at most 16. Padding does not count: the parts are the
  /// same for all widths of a panel.
  static std::int64_t most_parts(std::int64_t elements) {
    const std::int64_t bytes = elements * static_cast<std::int64_t>(sizeof(S));
    return std::clamp<std::int64_t>((8 << 20) / std::max<std::int64_t>(1, bytes), 1, 16);
  }

  PanelSums(std::int64_t parts, std::int64_t panels, std::int64_t rows)
      : parts_(parts),
        panels_(panels),
        rows_(rows),
        memory_({std::max<std::int64_t>(1, parts), panels, size()}) {
    parallel_for(memory_.size(), 1 << 16, [&](std::int64_t begin, std::int64_t end) {
      std::fill(memory_.data() + begin, memory_.data() + end, S(0));
    });
  }

  std::int64_t panels() const { return panels_; }

  /// Rows of one panel of one part.
  S* panel(std::int64_t part, std::int64_t panel) {
    return memory_.data() + (part * panels_ + panel) * size();
  }

  /// Adds the parts in order, and calls store(panel, row, values) for each row of the sum.
  template <class F>
  void add_up(F&& store) {
    const std::int64_t width = panel_columns<S>();
    parallel_for(panels_ * rows_, 64, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        S* const total = memory_.data() + i * width;
        for (std::int64_t part = 1; part < parts_; ++part)
          for (std::int64_t c = 0; c < width; ++c) total[c] += total[part * panels_ * size() + c];
        store(i / rows_, i % rows_, total);
      }
    });
  }

 private:
  std::int64_t size() const { return rows_ * panel_columns<S>(); }

  std::int64_t parts_, panels_, rows_;
  Tensor<S, Cpu> memory_;
};

}  // namespace pretext::cpu
