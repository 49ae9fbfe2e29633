// SPDX-License-Identifier: MIT
#include "pretext/data/gunzip.hpp"

#include "data/fixtures.hpp"
#include "pretext/core/random.hpp"

using namespace pretext;

namespace {

std::string unpack(const std::string& file, const data::GunzipLimits& limits = {}) {
  const auto content = data::gunzip(bytes_of(file), "file.gz", limits);
  return {content.begin(), content.end()};
}

std::string noise(std::size_t size) {
  Rng rng(1, Use::test);
  std::string result(size, '\0');
  for (char& c : result) c = static_cast<char>(rng.bits());
  return result;
}

}  // namespace

TEST_CASE("gunzip gives back what gzip packed, of any size") {
  for (const std::size_t size : {0, 1, 10, 1000, 70000, 3000000}) {
    const std::string content = noise(size);
    CHECK(unpack(test::gzip(content)) == content);
  }
  CHECK(unpack(test::gzip(std::string(100000, 'a'))) == std::string(100000, 'a'));
}

TEST_CASE("gunzip joins the members of a file and passes over zeros behind them") {
  CHECK(unpack(test::gzip("one ") + test::gzip("") + test::gzip("two") + std::string(100, '\0')) ==
        "one two");
  CHECK_THROWS_AS(unpack(test::gzip("one") + "more"), Error);
}

TEST_CASE("gunzip finds every truncation of a file") {
  const std::string file = test::gzip(noise(300));
  for (std::size_t size = 0; size < file.size(); ++size)
    CHECK_MESSAGE(!test::error_of([&] { unpack(file.substr(0, size)); }).empty(), size << " bytes");
}

TEST_CASE("gunzip never gives wrong content for a file with a flipped bit") {
  const std::string content = noise(200) + std::string(200, 'a'), file = test::gzip(content);
  int found = 0;
  for (std::size_t i = 0; i < 8 * file.size(); ++i) {
    std::string damaged = file, unpacked;
    damaged[i / 8] = static_cast<char>(damaged[i / 8] ^ 1 << i % 8);
    const bool refused = !test::error_of([&] { unpacked = unpack(damaged); }).empty();
    found += refused;
    CHECK_MESSAGE((refused || unpacked == content), "bit " << i);
  }
  CHECK(found > static_cast<int>(7 * file.size()));  // the time and the system of origin may change
}

TEST_CASE("gunzip stops a file that grows past a limit, and no earlier") {
  const std::string bomb = test::gzip(std::string(8 << 20, '\0'));
  const std::string message = test::error_of([&] { unpack(bomb); });
  CHECK(message.find("file.gz: grows to more than") != std::string::npos);
  CHECK(unpack(bomb, {.max_ratio = 2000}).size() == 8 << 20);
  const std::string content = noise(5000), file = test::gzip(content);
  CHECK(unpack(file, {.max_bytes = 5000}) == content);
  CHECK_THROWS_AS(unpack(file, {.max_bytes = 4999}), Error);
  CHECK_THROWS_AS(unpack(test::gzip(content) + test::gzip("x"), {.max_bytes = 5000}), Error);
  CHECK(unpack(test::gzip(std::string(1 << 20, 'x')), {.max_ratio = 1}).size() == 1 << 20);
}

TEST_CASE("gunzip refuses what is no gzip file") {
  CHECK(test::error_of([] { unpack(""); }).find("file.gz: is not a gzip file") != std::string::npos);
  CHECK_THROWS_AS(unpack("\x1F"), Error);
  CHECK_THROWS_AS(unpack("plain text"), Error);
}
