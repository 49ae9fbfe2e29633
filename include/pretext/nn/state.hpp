// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/autograd/state.hpp"
#include "pretext/core/span.hpp"
#include "pretext/nn/visit.hpp"

namespace pretext::nn {

/// Where the parameters and buffers of a network lie, in order, with a prefix before their names.
template <class L>
std::vector<StateEntry> state_entries(L& net, const std::string& prefix = "") {
  std::vector<StateEntry> entries;
  net.each([&](const std::string& name, auto& member) {
    if (!member.defined()) return;
    if constexpr (is_param<decltype(member)>)
      entries.emplace_back(prefix + name, member.value, member.layout);
    else
      entries.emplace_back(prefix + name, member.value);
  });
  return entries;
}

/// A copy of the parameters and buffers of a network, named and laid out as PyTorch does.
template <class L>
std::vector<NamedTensor> save_state(L& net, const std::string& prefix = "") {
  return save_entries(state_entries(net, prefix));
}

/// Takes over the tensors whose names start with the prefix; the others are somebody else's. Where they do
/// not fit the network one Error lists every missing, unexpected and mis-shaped name, and nothing changes.
template <class L>
void load_state(L& net, Span<const NamedTensor> tensors, const std::string& prefix = "") {
  std::vector<const NamedTensor*> own;
  for (const NamedTensor& tensor : tensors)
    // PyTorch's batch norms count batches for a kind of average that does not exist here.
    if (tensor.name.starts_with(prefix) && !tensor.name.ends_with("num_batches_tracked"))
      own.push_back(&tensor);
  load_entries("load_state", state_entries(net, prefix), own);
}

/// A hash of the names, shapes and bits of all parameters and buffers.
template <class L>
std::uint64_t hash_state(L& net) {
  return hash_of(save_state(net));
}

}  // namespace pretext::nn
