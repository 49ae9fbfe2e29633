// SPDX-License-Identifier: MIT
#include "picture_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::decode_picture({data, size});
  return 0;
}
