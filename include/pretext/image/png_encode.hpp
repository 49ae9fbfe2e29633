// SPDX-License-Identifier: MIT
#pragma once

#include <zlib.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "pretext/core/checked.hpp"
#include "pretext/image/image.hpp"

// stb_image_write, with zlib's compression in place of its own. Everything here has internal linkage: a
// program may hold other copies of stb_image_write.

namespace pretext::detail {
namespace {

/// What stb_image_write calls to compress; the result is its to free.
[[maybe_unused]] unsigned char* png_compress(unsigned char* data, int size, int* compressed_size, int level) {
  uLongf bytes = compressBound(static_cast<uLong>(size));
  auto* result = static_cast<unsigned char*>(std::malloc(bytes));
  if (result == nullptr) return nullptr;
  if (compress2(result, &bytes, data, static_cast<uLong>(size), level) != Z_OK) {
    std::free(result);
    return nullptr;
  }
  *compressed_size = static_cast<int>(bytes);
  return result;
}

}  // namespace
}  // namespace pretext::detail

#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#define STBI_WRITE_NO_STDIO
#define STBIW_ZLIB_COMPRESS ::pretext::detail::png_compress
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wunused-function"
#if __has_include(<stb_image_write.h>)
#include <stb_image_write.h>
#else
#include <stb/stb_image_write.h>
#endif
#pragma GCC diagnostic pop

namespace pretext::detail {
namespace {

/// The bytes of a PNG file of a picture with 1, 3 or 4 channels.
[[maybe_unused]] std::vector<std::uint8_t> stb_encode_png(const ImageView& image) {
  require(image.height >= 1 && image.width >= 1 &&
              (image.channels == 1 || image.channels == 3 || image.channels == 4),
          "encode_png: needs a picture [H, W, 1, 3 or 4], not [", image.height, ", ", image.width, ", ",
          image.channels, "]");
  const int row =
      checked_add(checked_mul(image.width, image.channels, "encode_png: width"), 1, "encode_png: width");
  // Room for what compression adds to noise, so that no size inside the encoder leaves the range of int.
  checked_mul(checked_add(checked_mul(row, image.height, "encode_png: size"), 1 << 20, "encode_png: size"), 2,
              "encode_png: size");
  int size = 0;
  const std::unique_ptr<unsigned char, void (*)(void*)> bytes(
      stbi_write_png_to_mem(image.pixels, row - 1, image.width, image.height, image.channels, &size),
      std::free);
  require(bytes != nullptr, "encode_png: out of memory");
  return {bytes.get(), bytes.get() + size};
}

}  // namespace
}  // namespace pretext::detail
