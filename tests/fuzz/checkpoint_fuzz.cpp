// SPDX-License-Identifier: MIT
#include "pretext/train/checkpoint.hpp"

#include "checkpoint_target.hpp"
#include "safetensors_target.hpp"

namespace {

void read(const fuzz::Bytes& file) {
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
  const fuzz::Bytes file(data, data + size), mended = fuzz::with_checksum(file);
  read(file);
  if (mended != file) read(mended);
  return 0;
}
