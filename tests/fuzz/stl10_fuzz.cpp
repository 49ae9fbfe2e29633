// SPDX-License-Identifier: MIT
#include <stdexcept>
#include <utility>

#include "pretext/data/stl10.hpp"

namespace {

using namespace pretext::data;
using Bytes = pretext::Span<const std::uint8_t>;

void read(Bytes pictures, Bytes label_file, bool labelled) {
  try {
    std::vector<int> labels;
    if (labelled) labels = detail::stl10_labels(label_file, "y", detail::stl10_count(pictures, "X"));
    DatasetBuilder builder("input", std::vector<std::string>(labelled ? 10 : 0, "class"));
    std::size_t parts = 0;
    detail::add_stl10(pictures, "X", labels, builder, [&] { ++parts; });
    const Dataset set = std::move(builder).build();
    if (static_cast<std::size_t>(set.size()) * detail::stl10_record != pictures.size() || parts == 0)
      throw std::logic_error("the pictures are not as many as the records");
    set.hash();
  } catch (const pretext::Error&) {
  }
}

}  // namespace

// A byte with the number of labels, the labels, and the pictures: as they are, and as whole records.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Bytes file(data, size);
  const std::size_t count = std::min<std::size_t>(file[0], size - 1);
  const Bytes labels = file.subspan(1, count), pictures = file.subspan(1 + count);
  read(pictures, labels, true);
  read(pictures, {}, false);
  read(pictures.first(pictures.size() / detail::stl10_record * detail::stl10_record), labels, true);
  return 0;
}
