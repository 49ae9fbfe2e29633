// SPDX-License-Identifier: MIT
#include <stdexcept>
#include <utility>

#include "pretext/data/cifar.hpp"

namespace {

using namespace pretext::data;

void read(pretext::Span<const std::uint8_t> file, detail::CifarFormat format, std::size_t classes) {
  try {
    DatasetBuilder builder("input", std::vector<std::string>(classes, "class"));
    detail::add_cifar(file, "input", format, classes, builder);
    const Dataset set = std::move(builder).build();
    if (static_cast<std::size_t>(set.size()) * format.record() != file.size())
      throw std::logic_error("the pictures are not as many as the records");
    set.hash();
  } catch (const pretext::Error&) {
  }
}

}  // namespace

// The bytes as they are, as whole records, and as a list of class names.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const pretext::Span<const std::uint8_t> file(data, size);
  constexpr detail::CifarFormat ten{}, hundred{.label_bytes = 2, .label_at = 1};
  read(file, ten, 10);
  read(file, hundred, 100);
  read(file.first(size / ten.record() * ten.record()), ten, 256);
  std::size_t names = 0;
  for (const auto& name : detail::split_names({reinterpret_cast<const char*>(data), size}, '\n'))
    names += name.size();
  if (names > size) throw std::logic_error("there are more names than bytes");
  return 0;
}
