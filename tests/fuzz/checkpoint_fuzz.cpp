// SPDX-License-Identifier: MIT
#include "pretext/train/checkpoint.hpp"

#include "checkpoint_target.hpp"
#include "safetensors_target.hpp"

namespace {

void read_checkpoint(const fuzz::Bytes& file) {
  try {
    fuzz::TinyState state;
    const auto checkpoint = pretext::train::parse_checkpoint(file, "input");
    for (const auto* tensors : {&checkpoint.network, &checkpoint.head, &checkpoint.optimizer})
      fuzz::check(*tensors);
    state.load(checkpoint);
  } catch (const pretext::Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::read_with_and_without_checksum(data, size, read_checkpoint);
  return 0;
}
