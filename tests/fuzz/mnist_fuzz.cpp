// SPDX-License-Identifier: MIT
#include <stdexcept>
#include <utility>

#include "pretext/data/mnist.hpp"

namespace {

using namespace pretext::data;
using Bytes = pretext::Span<const std::uint8_t>;

std::vector<std::uint8_t> plain(Bytes file) {
  constexpr GunzipLimits limits{.max_bytes = 1 << 20, .max_ratio = 100};
  if (is_gzip(file)) return gunzip(file, "input", limits);
  return {file.begin(), file.end()};
}

void read(Bytes image_file, Bytes label_file) {
  try {
    const auto images = plain(image_file), labels = plain(label_file);
    DatasetBuilder builder("input", std::vector<std::string>(10, "class"));
    detail::add_mnist(detail::read_idx<3>(images, "images"), "images", detail::read_idx<1>(labels, "labels"),
                      "labels", 10, builder);
    const Dataset set = std::move(builder).build();
    std::size_t pixels = 0;
    for (std::int64_t i = 0; i < set.size(); ++i) pixels += static_cast<std::size_t>(set.image(i).size()) / 3;
    if (pixels != images.size() - 16 || static_cast<std::size_t>(set.size()) != labels.size() - 8)
      throw std::logic_error("the pictures are not what the files hold");
    set.hash();
  } catch (const pretext::Error&) {
  }
}

// Labels for as many pictures as a file says it has, so that a damaged number gets past their comparison.
std::vector<std::uint8_t> labels_for(Bytes image_file) {
  std::vector<std::uint8_t> file = {0, 0, 8, 1};
  if (image_file.size() < 8) return file;
  file.insert(file.end(), image_file.data() + 4, image_file.data() + 8);
  file.resize(8 + std::min<std::size_t>(detail::big_endian(image_file.data() + 4), 1 << 20), 7);
  return file;
}

}  // namespace

// Two bytes with the size of the label file, that file, and the images: together, and the images with labels
// that fit.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const Bytes file(data, size);
  const std::size_t count = std::min<std::size_t>(std::size_t{file[0]} << 8 | file[1], size - 2);
  const Bytes labels = file.subspan(2, count), images = file.subspan(2 + count);
  read(images, labels);
  read(images, labels_for(images));
  return 0;
}
