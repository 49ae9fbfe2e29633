// SPDX-License-Identifier: MIT
#include "pretext/core/hash.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <set>
#include <vector>

using namespace pretext;

namespace {

std::vector<std::uint8_t> counting(std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 37 + 11);
  return bytes;
}

}  // namespace

TEST_CASE("the hash has fixed values, as files hold them") {
  CHECK(hash_of(std::vector<std::uint8_t>{}) == 0xE2166F5AD8B5DB1D);
  CHECK(hash_of(counting(1)) == 0xAB2F485EA696A6AE);
  CHECK(hash_of(counting(8)) == 0xA55A99435D108FF5);
  CHECK(hash_of(counting(29)) == 0x46B43D7C3A24A3DA);
  CHECK(hash_of("pretext") == 0x0AB7FE72A817F4D4);
}

TEST_CASE("every bit of the data, its length and its division into pieces change the hash") {
  const auto data = counting(40);
  int flipped = 0;
  for (std::size_t bit = 0; bit < 320; ++bit) {
    auto other = data;
    other[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    CHECK(hash_of(other) != hash_of(data));
    flipped += std::popcount(hash_of(other) ^ hash_of(data));
  }
  std::set<std::uint64_t> prefixes;
  for (std::size_t size = 0; size <= 40; ++size) prefixes.insert(hash_of(Span(data).first(size)));
  CHECK(prefixes.size() == 41);
  // A changed bit of data changes half of the 64 bits of the hash on average.
  CHECK(flipped / 320.0 == doctest::Approx(32).epsilon(0.03));

  const auto pieces = [&](std::size_t first) {
    Hash hash;
    hash.bytes(Span(data).first(first));
    hash.bytes(Span(data).subspan(first));
    return hash.value();
  };
  CHECK(pieces(8) != pieces(16));
  CHECK(hash_of(std::vector<std::uint8_t>(5)) != hash_of(std::vector<std::uint8_t>(6)));
}

TEST_CASE("the order of words counts") {
  Hash a, b;
  a.word(1), a.word(2);
  b.word(2), b.word(1);
  CHECK(a.value() != b.value());
}
