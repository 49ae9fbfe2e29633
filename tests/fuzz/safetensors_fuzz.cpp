// SPDX-License-Identifier: MIT
#include "safetensors_target.hpp"

namespace {

void read(const fuzz::Bytes& file) {
  try {
    fuzz::check(pretext::parse_safetensors(file, "input").tensors);
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
