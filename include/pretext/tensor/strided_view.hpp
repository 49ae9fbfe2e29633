// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "pretext/tensor/shape.hpp"

namespace pretext {

/// How a tensor lies in its storage, counted in elements of `item` bytes.
struct StridedView {
  Shape shape;
  std::vector<std::int64_t> strides;
  std::int64_t offset, item;

  /// Throws where it reaches beyond the elements that there are, or repeats them to more than those.
  void check(std::int64_t elements) const {
    require(strides.size() == static_cast<std::size_t>(shape.rank()), "shape ", shape, " has ",
            strides.size(), " strides");
    std::int64_t end = checked_add(offset, std::int64_t{1}, "offset");
    for (std::size_t axis = 0; axis < strides.size(); ++axis) {
      require(strides[axis] >= 0, "stride ", strides[axis], " is negative");
      const std::int64_t steps = std::max<std::int64_t>(1, shape[static_cast<int>(axis)]) - 1;
      end = checked_add(end, checked_mul(steps, strides[axis], "strides"), "strides");
    }
    require(shape.size() <= elements, "shape ", shape, " repeats what a storage of ", elements,
            " elements holds once");
    require(offset >= 0 && (shape.size() == 0 || end <= elements), "shape ", shape, " from element ", offset,
            " ends at element ", end, " of a storage of ", elements);
  }

  /// True where the elements lie one after the other, rows first.
  bool packed() const {
    std::int64_t step = 1;
    for (int axis = shape.rank() - 1; axis >= 0; step *= shape[axis--])
      if (shape[axis] != 1 && strides[static_cast<std::size_t>(axis)] != step) return false;
    return true;
  }

  /// Copies the elements, of which there are some, rows first.
  void copy(const std::uint8_t* storage, std::byte* to) const {
    const std::uint8_t* from = storage + offset * item;
    if (packed()) {
      std::memcpy(to, from, static_cast<std::size_t>(shape.size() * item));
      return;
    }
    std::array<std::int64_t, Shape::max_rank> at{};
    for (std::int64_t left = shape.size(), place = 0; left > 0; --left, to += item) {
      std::memcpy(to, from + place * item, static_cast<std::size_t>(item));
      for (std::size_t axis = strides.size(); axis-- > 0;) {
        if (shape[static_cast<int>(axis)] == 1) continue;  // its stride means nothing and may be any number
        place += strides[axis];
        if (++at[axis] < shape[static_cast<int>(axis)]) break;
        place -= strides[axis] * std::exchange(at[axis], 0);
      }
    }
  }
};

}  // namespace pretext
