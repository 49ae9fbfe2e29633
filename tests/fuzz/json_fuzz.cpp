// SPDX-License-Identifier: MIT
#include "pretext/core/json_reader.hpp"

#include <cstdint>
#include <stdexcept>

#include "pretext/train/metrics.hpp"

namespace {

using pretext::Error;
using pretext::JsonReader;

void read_all(const std::string& text) {
  JsonReader reader(text, "input");
  if (reader.peek() != '"') {
    reader.skip();
  } else {
    const std::string value = reader.string(), again = pretext::json_string(value);
    if (JsonReader(again, "again").string() != value) throw std::logic_error("a string changed on its way");
  }
  reader.finish();
}

template <class F>
void attempt(F&& f) {
  try {
    f();
  } catch (const Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  attempt([&] { read_all(text); });
  attempt([&] { pretext::train::detail::parse_record(text, "input"); });
  return 0;
}
