// SPDX-License-Identifier: MIT
// The config files of the command-line tool: a text becomes settings or an Error, and what was read is
// written to the same settings again.
#include <cmath>
#include <cstdint>
#include <stdexcept>

#include "../../examples/pretext/settings.hpp"
#include "pretext/core/error.hpp"

namespace {

struct Config {
  std::string model = "nin";
  std::int64_t width = 96;
  double lr = 0.1;
  bool mirror = true;
  Settings settings;

  Config() {
    settings.add("model", &model, "");
    settings.add("width", &width, "");
    settings.add("lr", &lr, "");
    settings.add("mirror", &mirror, "");
  }
};

bool same(const Config& a, const Config& b) {
  return a.model == b.model && a.width == b.width && a.mirror == b.mirror &&
         (a.lr == b.lr || (std::isnan(a.lr) && std::isnan(b.lr)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Config read, again;
  try {
    read.settings.read_toml(std::string(reinterpret_cast<const char*>(data), size), "config.toml");
  } catch (const pretext::Error&) {
    return 0;
  }
  again.settings.read_toml(read.settings.toml(), "stored.toml");
  if (!same(read, again)) throw std::logic_error("a config changed on its way:\n" + read.settings.toml());
  return 0;
}
