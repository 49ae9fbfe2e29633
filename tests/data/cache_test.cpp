// SPDX-License-Identifier: MIT
#include "pretext/data/cache.hpp"

#include <set>

#include "data/fixtures.hpp"

using namespace pretext;
using data::Dataset;
namespace fs = std::filesystem;

namespace {

Dataset sample() {
  data::DatasetBuilder builder("set", {"cat", "", "a longer name of a class"});
  for (int i = 0; i < 5; ++i) builder.add(test::picture(i, 3 + i, 11 - i).view(), i % 4 - 1);
  builder.skip("bad.jpg", "was empty");
  builder.skip("worse.jpg", "");
  return std::move(builder).build();
}

std::string cache_refusal(const fs::path& path, const data::CacheOptions& options = {}) {
  return test::error_of([&] { data::open_cache(path, options); });
}

// The file as the format describes it, with hashes that fit: what a test changes in it is all that is wrong.
std::string sealed(std::string file) {
  data::detail::CacheHeader header;
  REQUIRE(file.size() >= sizeof(header));
  std::memcpy(&header, file.data(), sizeof(header));
  const auto bytes = bytes_of(file);
  const std::size_t begin = std::min(file.size(), static_cast<std::size_t>(data::detail::pixels_at(header)));
  header.table_hash = hash_of(bytes.subspan(sizeof(header), begin - sizeof(header)));
  header.pixel_hash = data::detail::pixel_hash(bytes.subspan(begin));
  header.header_hash = data::detail::header_hash(header);
  std::memcpy(file.data(), &header, sizeof(header));
  return file;
}

template <class T>
std::string with(std::string file, std::size_t at, T value) {
  std::memcpy(file.data() + at, &value, sizeof(value));
  return sealed(std::move(file));
}

}  // namespace

TEST_CASE("a cache file gives back the data set that was saved") {
  test::TempDir folder;
  const Dataset set = sample();
  data::save_cache(set, folder / "a.ptx", "key");
  const Dataset back = data::open_cache(folder / "a.ptx");
  CHECK(test::same(back, set));
  CHECK(back.name() == "set");
  CHECK(test::same(data::open_cache(folder / "a.ptx", {.verify_pixels = false}), set));
}

TEST_CASE("an empty data set and a subset can be saved too") {
  test::TempDir folder;
  data::save_cache({}, folder / "empty.ptx");
  CHECK(data::open_cache(folder / "empty.ptx").size() == 0);
  const std::int64_t chosen[] = {4, 1, 4};
  const Dataset part = sample().subset(chosen);
  data::save_cache(part, folder / "part.ptx");
  CHECK(test::same(data::open_cache(folder / "part.ptx"), part));
}

TEST_CASE("pixels of many blocks are saved, and hashed the same on any number of threads") {
  test::TempDir folder;
  data::DatasetBuilder builder("large");
  for (int i = 0; i < 3; ++i) builder.add(test::picture(i, 700, 601).view());
  builder.add(test::picture(3, 1, 1).view());
  const Dataset set = std::move(builder).build();
  data::save_cache(set, folder / "a.ptx");
  for (const int threads : {1, 2, 4}) {
    set_num_threads(threads);
    CHECK(test::same(data::open_cache(folder / "a.ptx"), set));
  }
  set_num_threads(2);
}

TEST_CASE("a cache file is written whole or not at all") {
  test::TempDir folder;
  data::save_cache(sample(), folder / "a.ptx");
  const std::string before = test::read_file(folder / "a.ptx");
  CHECK_THROWS_AS(data::save_cache(sample(), folder / "nowhere/a.ptx"), Error);
  data::save_cache(sample(), folder / "a.ptx");
  CHECK(test::read_file(folder / "a.ptx") == before);
  CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()) == 1);
}

TEST_CASE("a change of any byte of a cache file is found") {
  test::TempDir folder;
  data::save_cache(sample(), folder / "a.ptx");
  const std::string whole = test::read_file(folder / "a.ptx");
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 1 << i % 8);
    test::write_file(folder / "b.ptx", damaged);
    REQUIRE_MESSAGE(cache_refusal(folder / "b.ptx").find("b.ptx: ") != std::string::npos, "byte " << i);
  }
}

TEST_CASE("every truncation of a cache file is found, even without a look at the pixels") {
  test::TempDir folder;
  data::save_cache(sample(), folder / "a.ptx");
  const std::string whole = test::read_file(folder / "a.ptx");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    test::write_file(folder / "b.ptx", whole.substr(0, size));
    REQUIRE_MESSAGE(cache_refusal(folder / "b.ptx", {.verify_pixels = false}) != "", size << " bytes");
  }
  test::write_file(folder / "b.ptx", whole + '\0');
  CHECK(cache_refusal(folder / "b.ptx", {.verify_pixels = false}).find("bytes after its last picture") !=
        std::string::npos);
}

TEST_CASE("hostile numbers with fitting checksums are refused before memory is taken for them") {
  test::TempDir folder;
  data::save_cache(sample(), folder / "a.ptx", "key");
  const std::string whole = test::read_file(folder / "a.ptx");
  const auto check = [&](const std::string& file, const std::string& reason) {
    test::write_file(folder / "b.ptx", file);
    const std::string message = cache_refusal(folder / "b.ptx");
    CHECK_MESSAGE(message.find(reason) != std::string::npos, reason << " in: " << message);
  };
  check(sealed(whole).replace(0, 1, "Q"), "is not a cache file");
  check(with(whole, 8, std::uint32_t{2}), "has version 2");
  for (const std::uint64_t huge : {std::uint64_t{1} << 60, ~std::uint64_t{0}, ~std::uint64_t{0} / 12}) {
    std::string file = whole;
    std::memcpy(file.data() + 16, &huge, 8);
    data::detail::CacheHeader header;
    std::memcpy(&header, file.data(), sizeof(header));
    header.header_hash = data::detail::header_hash(header);
    std::memcpy(file.data(), &header, sizeof(header));
    check(file, "");
  }
  check(with(whole, 12, std::uint32_t{0xFFFFFFFF}), "a text ends early");
  check(with(whole, 12, std::uint32_t{2}), "bytes after its last text");
  check(with(whole, 16, std::uint64_t{4}), "");
  check(with(whole, 16, std::uint64_t{300}), "");
  check(with(whole, 24, ~std::uint64_t{0}), "a text ends early");
  check(with(whole, 32, std::uint64_t{8}), "a text ends early");
  check(with(whole, 64, std::int32_t{0}), "a picture has no size");
  check(with(whole, 64, std::int32_t{-3}), "a picture has no size");
  check(with(whole, 64, std::int32_t{0x7FFFFFFF}), "its pixels end early");
  check(with(whole, 68, std::int32_t{1}), "bytes after its last picture");
  check(with(whole, 72, std::int32_t{3}), "a label is not one of its classes");
  check(with(whole, 72, std::int32_t{-2}), "a label is not one of its classes");
}

TEST_CASE("the file format is the one that is documented, byte by byte") {
  test::TempDir folder;
  data::DatasetBuilder builder("n", {"c"});
  builder.add(test::picture(0, 1, 2).view(), 0);
  builder.skip("s", "r");
  data::save_cache(std::move(builder).build(), folder / "a.ptx", "k");
  const std::string file = test::read_file(folder / "a.ptx");
  REQUIRE(file.size() == 4096 + 6);
  CHECK(file.substr(0, 16) == std::string("PTXCACHE\1\0\0\0\1\0\0\0", 16));
  CHECK(file.substr(16, 24) == std::string("\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\x19\0\0\0\0\0\0\0", 24));
  CHECK(file.substr(64, 12) == std::string("\1\0\0\0\2\0\0\0\0\0\0\0", 12));
  CHECK(file.substr(76, 25) == std::string("\1\0\0\0k\1\0\0\0n\1\0\0\0c\1\0\0\0s\1\0\0\0r", 25));
  CHECK(file.substr(101, 4096 - 101) == std::string(4096 - 101, '\0'));
  CHECK(std::memcmp(file.data() + 4096, test::picture(0, 1, 2).pixels(), 6) == 0);
}

TEST_CASE("cached makes the set once, and again for another key or a damaged file") {
  test::TempDir folder;
  int made = 0;
  const auto make = [&] {
    ++made;
    return sample();
  };
  const fs::path path = folder / "new/folder/a.ptx";
  CHECK(test::same(data::cached(path, "one", make), sample()));
  CHECK(test::same(data::cached(path, "one", make), sample()));
  CHECK(made == 1);
  CHECK(test::same(data::cached(path, "two", make), sample()));
  CHECK(made == 2);
  std::string damaged = test::read_file(path);
  damaged[damaged.size() - 3] ^= 1;
  test::write_file(path, damaged);
  CHECK(test::same(data::cached(path, "two", make), sample()));
  CHECK(made == 3);
  CHECK(test::same(data::cached(path, "two", make), sample()));
  CHECK(made == 3);
}

TEST_CASE("a mapped data set survives the replacement of its file") {
  test::TempDir folder;
  data::save_cache(sample(), folder / "a.ptx");
  const Dataset old = data::open_cache(folder / "a.ptx");
  data::save_cache({}, folder / "a.ptx");
  CHECK(test::same(old, sample()));
}

TEST_CASE("the key of a source changes with its size, its time and the files in it") {
  test::TempDir folder;
  fs::create_directories(folder / "set/deep");
  test::write_file(folder / "set/deep/a.png", "1234");
  const auto key = [&] { return data::source_key(folder / "set"); };
  const std::string first = key();
  CHECK(key() == first);
  const auto time = fs::last_write_time(folder / "set/deep/a.png");
  test::write_file(folder / "set/deep/a.png", "12345");
  fs::last_write_time(folder / "set/deep/a.png", time);
  const std::string longer = key();
  CHECK(longer != first);
  fs::last_write_time(folder / "set/deep/a.png", time + std::chrono::seconds(1));
  CHECK(key() != longer);
  fs::last_write_time(folder / "set/deep/a.png", time);
  CHECK(key() == longer);
  fs::rename(folder / "set/deep/a.png", folder / "set/deep/b.png");
  CHECK(key() != longer);
  CHECK(data::source_key(folder / "set/deep/b.png").find("bytes=5") != std::string::npos);
  CHECK_THROWS_AS(data::source_key(folder / "nowhere"), Error);
}

TEST_CASE("the key of a source names the decoders and changes with every read option") {
  test::TempDir folder;
  test::write_file(folder / "a.png", "1234");
  const auto key = [&](const data::ReadOptions& read) { return data::source_key(folder / "a.png", read); };
  CHECK(key({}).find(decoder_versions()) != std::string::npos);
  CHECK(key({}) == data::source_key(folder / "a.png"));
  const std::set<std::string> keys{key({}),
                                   key({.max_bad = 0.02}),
                                   key({.max_bad = 0.0100000001}),
                                   key({.max_bytes = 1}),
                                   key({.limits = {.max_side = 1}}),
                                   key({.limits = {.max_pixels = 1}}),
                                   key({.limits = {.memory_budget = 1}}),
                                   key({.limits = {.max_scans = 1}})};
  CHECK(keys.size() == 8);
}
