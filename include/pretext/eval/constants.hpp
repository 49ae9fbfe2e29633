// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "pretext/core/error.hpp"

namespace pretext::eval {

/// One of the numbers that a measurement is defined by, for people.
struct Constant {
  std::string name, value, meaning;
};

/// What the each_constant() of some options says.
template <class Options>
void add_constants(std::vector<Constant>& constants, const Options& options) {
  options.each_constant([&](const std::string& name, const auto& value, const std::string& meaning) {
    constants.push_back({name, message(value), meaning});
  });
}

/// The values with commas between them.
template <class T>
std::string list_text(const std::vector<T>& values) {
  std::string text;
  for (const T& value : values) text += (text.empty() ? "" : ", ") + message(value);
  return text;
}

}  // namespace pretext::eval
