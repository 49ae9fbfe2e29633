// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <type_traits>
#include <utility>
#include <vector>

#include "pretext/tensor/allocator.hpp"
#include "pretext/tensor/shape.hpp"

namespace pretext {

/// What a tensor is apart from its element type: a shape over shared memory. What is moved from has neither.
/// Not inlined: a thousand places copy, move and drop tensors, none of them in a loop over elements.
template <Device D>
struct TensorBase {
  TensorBase() = default;
  [[gnu::noinline]] TensorBase(const Shape& extents, Storage<D> memory)
      : shape(extents), storage(std::move(memory)) {}
  [[gnu::noinline]] TensorBase(const TensorBase& other) = default;
  [[gnu::noinline]] TensorBase(TensorBase&& other) noexcept { swap(other); }
  TensorBase& operator=(TensorBase other) noexcept {
    swap(other);
    return *this;
  }
  [[gnu::noinline]] ~TensorBase() {}

  [[gnu::noinline]] void swap(TensorBase& other) noexcept {
    std::swap(shape, other.shape);
    std::swap(storage, other.storage);
    std::swap(offset, other.offset);
  }

  Shape shape;
  Storage<D> storage;
  std::size_t offset = 0;  // in bytes
};

/// A dense array of trivially copyable elements on a device, rows first. Copies share the memory; clone()
/// does not. A default-made tensor is undefined: it has no memory and stands for "none".
template <class T, Device D>
class Tensor : private TensorBase<D> {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  using Element = T;
  using DeviceType = D;

  Tensor() = default;

  /// Uninitialised memory of the shape.
  explicit Tensor(const Shape& shape) : TensorBase<D>(shape, Storage<D>(bytes_of(shape))) {}

  /// Views a base as elements of type T: the inverse of base().
  explicit Tensor(TensorBase<D> base) : TensorBase<D>(std::move(base)) {}
  const TensorBase<D>& base() const { return *this; }

  static Tensor full(const Shape& shape, T value) {
    Tensor result(shape);
    result.fill(value);
    return result;
  }
  static Tensor zeros(const Shape& shape) { return full(shape, T{}); }

  /// The values, rows first; their number must match the shape.
  static Tensor from(const Shape& shape, Span<const T> values) {
    require(shape.size() == static_cast<std::int64_t>(values.size()), "tensor: ", values.size(),
            " values do not fill the shape ", shape);
    Tensor result(shape);
    D::upload(result.data(), values.data(), values.size_bytes());
    return result;
  }

  bool defined() const { return storage_data() != nullptr; }
  const Shape& shape() const { return this->TensorBase<D>::shape; }
  std::int64_t dim(int axis) const { return shape()[axis]; }
  std::int64_t size() const { return defined() ? shape().size() : 0; }
  std::int64_t bytes() const { return size() * static_cast<std::int64_t>(sizeof(T)); }

  T* data() { return storage_data(); }
  const T* data() const { return storage_data(); }
  Span<T> span() requires std::same_as<D, Cpu> { return {data(), static_cast<std::size_t>(size())}; }
  Span<const T> span() const requires std::same_as<D, Cpu> {
    return {data(), static_cast<std::size_t>(size())};
  }

  /// The single element of a tensor of size 1; waits for a device that computes it.
  T item() const {
    require(size() == 1, "item: the tensor has shape ", shape(), ", not one element");
    T value;
    D::download(&value, data(), sizeof value);
    return value;
  }

  /// The same values on another device, of which one is the host; on this device this very tensor.
  template <Device To>
  Tensor<T, To> to() const {
    if constexpr (std::same_as<To, D>) {
      return *this;
    } else {
      if (!defined()) return {};
      Tensor<T, To> result(shape());
      if constexpr (std::same_as<To, Cpu>)
        D::download(result.data(), data(), static_cast<std::size_t>(bytes()));
      else
        To::upload(result.data(), data(), static_cast<std::size_t>(bytes()));
      return result;
    }
  }

  /// The same memory under another shape of the same size.
  Tensor reshape(const Shape& to) const {
    require(defined() && to.size() == size(), "reshape: ", shape(), " does not have the size of ", to);
    Tensor result = *this;
    result.TensorBase<D>::shape = to;
    return result;
  }

  /// Rows [first, last) of the first axis; shares the memory.
  Tensor rows(std::int64_t first, std::int64_t last) const {
    require(defined() && 0 <= first && first <= last && last <= dim(0), "rows: [", first, ", ", last,
            ") is not inside ", shape());
    Tensor result = *this;
    result.TensorBase<D>::shape = shape().with(0, last - first);
    result.offset += static_cast<std::size_t>(first * shape().row_size()) * sizeof(T);
    return result;
  }

  Tensor clone() const {
    if (!defined()) return {};
    Tensor result(shape());
    result.copy_from(*this);
    return result;
  }

  void copy_from(const Tensor& other) {
    require(other.defined() == defined() && other.shape() == shape(), "copy: ", other.shape(), " into ",
            shape(), defined() && other.defined() ? "" : "; one of them is undefined");
    D::copy(data(), other.data(), static_cast<std::size_t>(bytes()));
  }

  void fill(T value) {
    if constexpr (std::same_as<D, Cpu>)
      std::fill_n(data(), size(), value);
    else
      D::fill(data(), &value, sizeof value, static_cast<std::size_t>(size()));
  }

  /// True when no other tensor shares the memory, so that it may be written in place.
  bool unique() const { return this->storage.unique(); }

 private:
  static std::size_t bytes_of(const Shape& shape) {
    return static_cast<std::size_t>(
        checked_mul(shape.size(), static_cast<std::int64_t>(sizeof(T)), "tensor: bytes"));
  }

  T* storage_data() const {
    void* memory = this->storage.data();
    return memory == nullptr ? nullptr : reinterpret_cast<T*>(static_cast<std::byte*>(memory) + this->offset);
  }
};

}  // namespace pretext
