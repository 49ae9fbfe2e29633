// SPDX-License-Identifier: MIT
#include <stdexcept>

#include "pretext/data/gunzip.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr pretext::data::GunzipLimits limits{.max_bytes = 1 << 20, .max_ratio = 100};
  try {
    if (pretext::data::gunzip({data, size}, "input", limits).size() > limits.max_bytes)
      throw std::logic_error("the content is larger than the limit");
  } catch (const pretext::Error&) {
  }
  return 0;
}
