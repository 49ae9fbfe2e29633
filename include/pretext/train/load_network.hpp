// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/tensor/pth.hpp"
#include "pretext/train/checkpoint.hpp"

namespace pretext::train {

/// The tensors of the network alone, from a checkpoint or from any safetensors or .pth file.
inline std::vector<NamedTensor> load_network(const std::filesystem::path& path,
                                             const ReadOptions& options = {}) {
  TensorFile file = read_tensors(path, options);
  std::erase_if(file.tensors, [](const NamedTensor& t) { return !detail::is_network_name(t.name); });
  return std::move(file.tensors);
}

}  // namespace pretext::train
