// SPDX-License-Identifier: MIT
#pragma once

#include <map>

#include "pretext/autograd/param.hpp"
#include "pretext/tensor/named_tensor.hpp"

namespace pretext {

/// One tensor of a state that is saved and loaded: where it lies in a device's memory, and how.
struct StateEntry {
  std::string name;
  Dtype dtype;
  Shape shape;
  ParamLayout layout;
  std::byte* data;
  void (*upload)(void* to, const void* from, std::size_t bytes);
  void (*download)(void* to, const void* from, std::size_t bytes);

  template <class T, Device D>
  StateEntry(std::string entry_name, Tensor<T, D>& tensor, ParamLayout tensor_layout = ParamLayout::plain)
      : name(std::move(entry_name)),
        dtype(dtype_of<T>),
        shape(tensor.shape()),
        layout(tensor_layout),
        data(reinterpret_cast<std::byte*>(tensor.data())),
        upload(&D::upload),
        download(&D::download) {}

  /// The shape in files.
  Shape file_shape() const {
    if (layout == ParamLayout::plain) return shape;
    if (layout == ParamLayout::dense_kernel) return {shape[3], shape[2] * shape[0] * shape[1]};
    return {shape[3], shape[2], shape[0], shape[1]};
  }

  std::size_t bytes() const { return static_cast<std::size_t>(shape.size() * size_of(dtype)); }
};

namespace detail {

/// Calls f(byte offset in memory, byte offset in files, bytes) for every contiguous piece of a tensor.
template <class F>
void for_each_piece(const StateEntry& entry, F&& f) {
  if (entry.layout == ParamLayout::plain) return f(std::size_t{0}, std::size_t{0}, entry.bytes());
  const std::int64_t taps = entry.shape[0] * entry.shape[1], in = entry.shape[2], out = entry.shape[3];
  const auto size = static_cast<std::size_t>(size_of(entry.dtype));
  for (std::int64_t tap = 0; tap < taps; ++tap)
    for (std::int64_t ci = 0; ci < in; ++ci)
      for (std::int64_t co = 0; co < out; ++co)
        f(size * static_cast<std::size_t>((tap * in + ci) * out + co),
          size * static_cast<std::size_t>((co * in + ci) * taps + tap), size);
}

/// "f32 [4, 192]"
inline std::string described(Dtype dtype, const Shape& shape) { return message(name_of(dtype), ' ', shape); }

}  // namespace detail

/// The state as files hold it, in order.
inline std::vector<NamedTensor> save_entries(Span<const StateEntry> entries) {
  std::vector<NamedTensor> tensors;
  tensors.reserve(entries.size());
  for (const StateEntry& entry : entries) {
    NamedTensor& tensor = tensors.emplace_back(
        NamedTensor{entry.name, entry.dtype, entry.file_shape(), std::vector<std::byte>(entry.bytes())});
    std::vector<std::byte> values(entry.bytes());
    entry.download(values.data(), entry.data, values.size());
    detail::for_each_piece(entry, [&](std::size_t here, std::size_t there, std::size_t size) {
      Cpu::copy(tensor.data.data() + there, values.data() + here, size);
    });
  }
  return tensors;
}

/// Writes the tensors into the entries of the same names; floats may be given as bf16 or f16. Where any name
/// is missing, unexpected, given twice or of another type or shape, one Error lists them all and nothing is
/// written.
inline void load_entries(std::string_view what, Span<const StateEntry> entries,
                         Span<const NamedTensor* const> tensors) {
  std::map<std::string_view, const NamedTensor*> given;
  std::string faults;
  for (const NamedTensor* tensor : tensors)
    if (!given.emplace(tensor->name, tensor).second) faults += "\n  given twice: " + tensor->name;
  std::vector<const NamedTensor*> sources;
  std::vector<NamedTensor> floats;
  floats.reserve(entries.size());  // they are pointed to
  for (const StateEntry& entry : entries) {
    const auto found = given.extract(entry.name);
    const NamedTensor* source = found ? found.mapped() : nullptr;
    if (source != nullptr && entry.dtype == Dtype::f32 && widens(source->dtype) &&
        source->shape == entry.file_shape() && 2 * source->data.size() == entry.bytes())
      source = &floats.emplace_back(widened(*source));
    sources.push_back(source);
    if (source == nullptr) {
      faults += "\n  missing: " + entry.name;
    } else if (const NamedTensor& t = *source;
               t.dtype != entry.dtype || t.shape != entry.file_shape() || t.data.size() != entry.bytes()) {
      faults += "\n  misfit: " + entry.name + " is " + detail::described(t.dtype, t.shape) + " in " +
                std::to_string(t.data.size()) + " bytes, expected " +
                detail::described(entry.dtype, entry.file_shape());
    }
  }
  for (const auto& [name, tensor] : given) faults += "\n  unexpected: " + std::string(name);
  require(faults.empty(), what, ": the state does not fit:", faults);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    std::vector<std::byte> values(entries[i].bytes());
    detail::for_each_piece(entries[i], [&](std::size_t here, std::size_t there, std::size_t size) {
      Cpu::copy(values.data() + here, sources[i]->data.data() + there, size);
    });
    entries[i].upload(entries[i].data, values.data(), values.size());
  }
}

}  // namespace pretext
