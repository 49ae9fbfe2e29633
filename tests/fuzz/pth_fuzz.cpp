// SPDX-License-Identifier: MIT
#include "pretext/tensor/pth.hpp"

#include "safetensors_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const pretext::TensorFile file = pretext::parse_pth({data, size}, "input");
    fuzz::check(file.tensors);
    std::size_t bytes = 0;
    for (const pretext::NamedTensor& tensor : file.tensors) bytes += tensor.data.size() + tensor.name.size();
    if (bytes > 4 * size) throw std::logic_error("tensors were read that take over four times the file");
  } catch (const pretext::Error&) {
  }
  return 0;
}
