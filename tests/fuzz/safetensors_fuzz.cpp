// SPDX-License-Identifier: MIT
#include "safetensors_target.hpp"

namespace {

void read_tensors(const fuzz::Bytes& file) {
  try {
    fuzz::check(pretext::parse_safetensors(file, "input").tensors);
  } catch (const pretext::Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::read_with_and_without_checksum(data, size, read_tensors);
  return 0;
}
