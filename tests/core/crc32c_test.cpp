// SPDX-License-Identifier: MIT
#include "pretext/core/crc32c.hpp"

#include <string>

#include "support.hpp"

using namespace pretext;

TEST_CASE("checksums are those of RFC 3720") {
  CHECK(crc32c("") == 0);
  CHECK(crc32c("123456789") == 0xE3069283);
  CHECK(crc32c(std::string(32, '\0')) == 0x8A9136AA);
  CHECK(crc32c(std::string(32, '\xFF')) == 0x62A8AB43);
}
