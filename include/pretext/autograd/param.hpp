// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pretext/tensor/tensor.hpp"

namespace pretext {

/// How a parameter is laid out here, so that files can hold it the way other tools do.
enum class ParamLayout {
  plain,        ///< as in files
  conv_kernel,  ///< [KH, KW, Ci, Co] here, [Co, Ci, KH, KW] in files
  dense_kernel  ///< [KH, KW, Ci, Co] here, [Co, Ci * KH * KW] in files: a fully connected layer on a map
};

/// A learnt tensor and the gradient of the last backward pass; an undefined value stands for "none".
/// Owned by one layer: it moves, but does not copy by accident.
template <class T, Device D>
struct Param {
  Tensor<T, D> value;
  Tensor<T, D> grad;
  ParamLayout layout = ParamLayout::plain;
  bool trainable = true;  ///< false: no gradient is computed and no optimiser touches it

  Param() = default;
  explicit Param(Tensor<T, D> v, ParamLayout l = ParamLayout::plain) : value(std::move(v)), layout(l) {}
  Param(Param&&) = default;
  Param& operator=(Param&&) = default;

  bool defined() const { return value.defined(); }
};

/// What a layer measures instead of learning, such as running statistics; saved with its parameters.
template <class T, Device D>
struct Buffer {
  Tensor<T, D> value;
  bool frozen = false;  ///< true: training takes it as it is and does not update it

  Buffer() = default;
  explicit Buffer(Tensor<T, D> v) : value(std::move(v)) {}
  Buffer(Buffer&&) = default;
  Buffer& operator=(Buffer&&) = default;

  bool defined() const { return value.defined(); }
};

/// Tells a Param from a Buffer.
template <class Member>
inline constexpr bool is_param = requires(Member member) {
  member.grad;
};

/// True where a name is that of the part, or of something in it: "block1.conv.weight" belongs to "block1" (or
/// "block1."), and not to "block". Everything belongs to the part without a name.
inline bool belongs_to(std::string_view name, std::string_view part) {
  if (part.empty()) return true;
  if (part.ends_with('.')) part.remove_suffix(1);
  return name.starts_with(part) && (name.size() == part.size() || name[part.size()] == '.');
}

/// A parameter and its full name in the network that owns it.
template <class T, Device D>
struct NamedParam {
  std::string name;
  Param<T, D>* param;
};

/// The parameters of a network, in order. They must stay where they are while the list is in use.
template <class T, Device D>
using ParamList = std::vector<NamedParam<T, D>>;

}  // namespace pretext
