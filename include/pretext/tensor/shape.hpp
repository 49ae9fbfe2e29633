// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <ostream>
#include <string>

#include "pretext/core/checked.hpp"
#include "pretext/core/span.hpp"

namespace pretext {

/// The extents of a tensor, slowest first; pictures are [N, H, W, C]. At most six axes, none negative.
class Shape {
 public:
  static constexpr int max_rank = 6;

  Shape() = default;
  Shape(std::initializer_list<std::int64_t> dims) : Shape(Span(dims.begin(), dims.size())) {}
  explicit Shape(Span<const std::int64_t> dims) : rank_(static_cast<int>(dims.size())) {
    require(dims.size() <= max_rank, "shape: at most ", max_rank, " axes, not ", dims.size());
    for (int i = 0; i < rank_; ++i) dims_[i] = dims[i];
    for (const std::int64_t extent : dims) require(extent >= 0, "shape: negative extent in ", *this);
    size();
  }

  int rank() const { return rank_; }

  /// The extent of an axis; negative axes count from the end.
  std::int64_t operator[](int axis) const {
    const int i = axis < 0 ? axis + rank_ : axis;
    require(i >= 0 && i < rank_, "shape: no axis ", axis, " in ", *this);
    return dims_[i];
  }

  /// The number of elements: the product of all extents, 1 for rank 0.
  std::int64_t size() const {
    std::int64_t n = 1;
    for (int i = 0; i < rank_; ++i) n = checked_mul(n, dims_[i], "shape");
    return n;
  }

  /// The number of elements in one step along the first axis.
  std::int64_t row_size() const {
    std::int64_t n = 1;
    for (int i = 1; i < rank_; ++i) n *= dims_[i];
    return n;
  }

  /// The same shape with another extent on one axis.
  Shape with(int axis, std::int64_t extent) const {
    Shape result = *this;
    (*this)[axis];
    result.dims_[axis < 0 ? axis + rank_ : axis] = extent;
    return Shape(result.dims());
  }

  Span<const std::int64_t> dims() const { return {dims_.data(), static_cast<std::size_t>(rank_)}; }
  bool operator==(const Shape&) const = default;

  friend std::string to_string(const Shape& shape) {
    std::string text = "[";
    for (int i = 0; i < shape.rank_; ++i)
      text.append(i != 0 ? ", " : "").append(std::to_string(shape.dims_[i]));
    return text += ']';
  }
  friend std::ostream& operator<<(std::ostream& out, const Shape& shape) { return out << to_string(shape); }

 private:
  std::array<std::int64_t, max_rank> dims_{};
  int rank_ = 0;
};

}  // namespace pretext
