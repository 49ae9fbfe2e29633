// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "pretext/core/random.hpp"

namespace fuzz {

using Input = std::vector<std::uint8_t>;

/// Makes damaged files of whole ones: flipped bits, extreme bytes, cuts, repeats, parts of other files, wrong
/// lengths. What it makes is a function of the seed and the number of the input.
class Mutator {
 public:
  Mutator(const std::vector<Input>& corpus, std::uint64_t seed) : corpus_(corpus), seed_(seed) {}

  Input operator()(std::uint64_t number) {
    rng_ = pretext::Rng(seed_, pretext::Use::test, static_cast<std::uint32_t>(number >> 32),
                        static_cast<std::uint32_t>(number));
    Input input = any_file();
    const std::uint32_t steps = 1 + (rng_.chance(0.25F) ? rng_.below(8) : rng_.below(2));
    for (std::uint32_t i = 0; i < steps; ++i) step(input);
    if (input.size() > most_bytes) input.resize(most_bytes);
    return input;
  }

 private:
  static constexpr std::size_t most_bytes = std::size_t{1} << 20;

  const Input& any_file() { return corpus_[rng_.below(static_cast<std::uint32_t>(corpus_.size()))]; }

  // A place in the input; every other time near its start, where headers are.
  std::size_t place(const Input& input) {
    double u = rng_.uniform();
    if (rng_.chance(0.5F)) u *= u * u;
    return static_cast<std::size_t>(u * static_cast<double>(input.size()));
  }

  // A length from a place on: mostly short, at times up to the end.
  std::size_t length(const Input& input, std::size_t from) {
    const auto left = static_cast<std::uint32_t>(input.size() - from);
    return left == 0 ? 0 : 1 + rng_.below(rng_.chance(0.75F) ? std::min(left, 16U) : left);
  }

  void step(Input& input) {
    if (input.empty()) input = any_file();
    if (input.empty()) return;
    const std::size_t at = place(input);
    switch (rng_.below(10)) {
      case 0:
      case 1:
        input[at] ^= static_cast<std::uint8_t>(1U << rng_.below(8));
        return;
      case 2:
        input[at] = static_cast<std::uint8_t>(rng_.below(256));
        return;
      case 3:
        input[at] = extreme_byte();
        return;
      case 4:
        input.resize(at);
        return;
      case 5:
        input.erase(offset(input, at), offset(input, at + length(input, at)));
        return;
      case 6:
        return repeat(input, at);
      case 7:
        return splice(input, at);
      case 8:
        return wrong_length(input, at);
      default:
        std::fill_n(offset(input, at), length(input, at), extreme_byte());
        return;
    }
  }

  static Input::iterator offset(Input& input, std::size_t at) {
    return input.begin() + static_cast<std::ptrdiff_t>(at);
  }

  std::uint8_t extreme_byte() {
    constexpr std::uint8_t values[] = {0, 1, 2, 0x0F, 0x10, 0x3F, 0x40, 0x7F, 0x80, 0xF0, 0xFE, 0xFF};
    return values[rng_.below(sizeof(values))];
  }

  void repeat(Input& input, std::size_t at) {
    const Input part(offset(input, at), offset(input, at + length(input, at)));
    input.insert(offset(input, place(input)), part.begin(), part.end());
  }

  // Puts a part of any file over the bytes from a place on, or in front of them.
  void splice(Input& input, std::size_t at) {
    const Input& other = any_file();
    if (other.empty()) return;
    const std::size_t from = place(other), size = length(other, from);
    const auto first = other.begin() + static_cast<std::ptrdiff_t>(from);
    if (rng_.chance(0.5F)) input.erase(offset(input, at), offset(input, std::min(input.size(), at + size)));
    input.insert(offset(input, at), first, first + static_cast<std::ptrdiff_t>(size));
  }

  // Moves a number of 2, 4 or 8 bytes of either byte order by a little, or to an extreme.
  void wrong_length(Input& input, std::size_t at) {
    const std::size_t size = std::size_t{2} << rng_.below(3);
    if (at + size > input.size()) return;
    const bool little = rng_.chance(0.5F);
    const auto byte = [&](std::size_t i) -> std::uint8_t& {
      return input[little ? at + size - 1 - i : at + i];
    };
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i) value = value << 8 | byte(i);
    constexpr std::uint64_t extremes[] = {
        0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, ~std::uint64_t{0}};
    value = rng_.chance(0.5F) ? value + rng_.below(33) - 16 : extremes[rng_.below(9)];
    for (std::size_t i = size; i-- > 0; value >>= 8) byte(i) = static_cast<std::uint8_t>(value);
  }

  const std::vector<Input>& corpus_;
  std::uint64_t seed_;
  pretext::Rng rng_{0};
};

}  // namespace fuzz
