// SPDX-License-Identifier: MIT
#include "settings.hpp"

#include <toml++/toml.h>
#include <algorithm>
#include <fstream>
#include <numeric>
#include <pretext/core/error.hpp>
#include <sstream>
#include <utility>

using pretext::fail;
using pretext::require;

namespace {

std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, changed}));
    }
  }
  return row.back();
}

std::string where(const std::string& name, const toml::source_region& source) {
  std::ostringstream text;
  text << name << ":" << source.begin.line << ": ";
  return text.str();
}

template <class T>
void assign(T& value, const toml::node& node, const std::string& place, const std::string& key) {
  constexpr const char* kind = std::is_same_v<T, bool>          ? "true or false"
                               : std::is_same_v<T, double>      ? "a number"
                               : std::is_same_v<T, std::string> ? "a text in quotes"
                                                                : "a whole number";
  auto read = node.value_exact<T>();
  if constexpr (std::is_same_v<T, double>)
    if (!read && node.is_integer()) read = static_cast<double>(*node.value<std::int64_t>());
  require(read.has_value(), place, "'", key, "' must be ", kind);
  value = *read;
}

}  // namespace

std::string suggestion(const std::string& word, const std::vector<std::string>& known) {
  std::string best;
  std::size_t least = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : known)
    if (const std::size_t distance = edit_distance(word, candidate); distance < least) {
      least = distance;
      best = candidate;
    }
  return best.empty() ? "" : " Did you mean '" + best + "'?";
}

std::string Settings::toml() const {
  toml::table table;
  for (const Field& field : fields_)
    if (field.stored)
      std::visit([&](auto* value) { table.insert_or_assign(field.name, *value); }, field.value);
  std::ostringstream text;
  text << table << "\n";
  return text.str();
}

void Settings::read_toml(const std::filesystem::path& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  require(!error, file.string(), ": cannot be read: ", error.message());
  require(size <= 1'000'000, file.string(), ": a config has at most 1 MB, this file has ", size, " bytes");
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  require(in.good(), file.string(), ": cannot be read");
  read_toml(text.str(), file.string());
}

void Settings::read_toml(const std::string& text, const std::string& name) {
  toml::table table;
  try {
    table = toml::parse(text, name);
  } catch (const toml::parse_error& error) {
    fail(where(name, error.source()), error.description());
  }
  std::vector<std::string> known;
  for (const Field& field : fields_)
    if (field.stored) known.push_back(field.name);
  for (auto&& [toml_key, node] : table) {
    const std::string key(toml_key.str()), place = where(name, node.source());
    const auto field =
        std::ranges::find_if(fields_, [&](const Field& f) { return f.stored && f.name == key; });
    if (field == fields_.end()) fail(place, "there is no setting '", key, "'.", suggestion(key, known));
    std::visit(
        [&](auto* value) {
          auto read = *value;
          assign(read, node, place, key);
          if (!field->given) *value = read;
        },
        field->value);
  }
}
