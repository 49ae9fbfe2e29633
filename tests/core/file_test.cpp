// SPDX-License-Identifier: MIT
#include "pretext/core/file.hpp"

#include <algorithm>

#include "support.hpp"

using namespace pretext;
using doctest::Contains;

namespace {

Span<const std::uint8_t> bytes(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::size_t entries(const std::filesystem::path& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

}  // namespace

TEST_CASE("a mapped file holds the file's bytes; an empty one holds none") {
  const test::TempDir dir;
  const std::string text = "some bytes\0and more";
  test::write_file(dir / "full", text);
  test::write_file(dir / "empty", "");
  const MappedFile full(dir / "full");
  CHECK(std::ranges::equal(full.bytes(), bytes(text)));
  full.release();
  CHECK(std::ranges::equal(full.bytes(), bytes(text)));
  CHECK(MappedFile(dir / "empty").bytes().empty());
}

TEST_CASE("what cannot be mapped is refused with its name and the reason") {
  const test::TempDir dir;
  CHECK_THROWS_WITH_AS(MappedFile(dir / "absent"), Contains("absent: cannot be opened: No such file"), Error);
  CHECK_THROWS_WITH_AS(MappedFile(dir.path()), Contains("is not a regular file"), Error);
  REQUIRE(::mkfifo((dir / "pipe").c_str(), 0600) == 0);
  CHECK_THROWS_WITH_AS(MappedFile(dir / "pipe"), Contains("pipe: is not a regular file"), Error);
}

TEST_CASE("an atomic file appears whole at commit, in place of an older one") {
  const test::TempDir dir;
  test::write_file(dir / "data", "old");
  {
    AtomicFile file(dir / "data");
    file.write(4, bytes("world"));
    file.write(0, bytes("new "));
    CHECK(test::read_file(dir / "data") == "old");
    file.commit();
    CHECK(test::read_file(dir / "data") == "new world");
  }
  CHECK(test::read_file(dir / "data") == "new world");
  CHECK(entries(dir.path()) == 1);
}

TEST_CASE("an atomic file that fails leaves the old file and nothing else") {
  const test::TempDir dir;
  test::write_file(dir / "data", "old");
  CHECK_THROWS_AS(
      [&] {
        AtomicFile file(dir / "data");
        file.write(0, bytes("half of it"));
        fail("the writer fails");
      }(),
      Error);
  CHECK(test::read_file(dir / "data") == "old");
  CHECK(entries(dir.path()) == 1);
}

TEST_CASE("an atomic file that cannot be put in place says so and leaves nothing behind") {
  const test::TempDir dir;
  std::filesystem::create_directories(dir / "occupied" / "inside");
  CHECK_THROWS_WITH_AS(
      [&] {
        AtomicFile file(dir / "occupied");
        file.write(0, bytes("text"));
        file.commit();
      }(),
      Contains("occupied: cannot be renamed into place: Is a directory"), Error);
  CHECK(entries(dir.path()) == 1);
  CHECK_THROWS_WITH_AS(AtomicFile(dir / "no folder" / "data"), Contains("cannot be created"), Error);
}

TEST_CASE("what a killed writer leaves behind is told from other files by its name") {
  CHECK(AtomicFile::is_torn("data.part-77", "data"));
  for (const char* other : {"data", "data.part-", "data.part-7x", "data.part-two", "data.part-7.rar",
                            "my data.part-77", "data.txt.part-77", "data.part77"})
    CHECK_MESSAGE(!AtomicFile::is_torn(other, "data"), other);
}

TEST_CASE("a write that the system refuses is an error that names the file") {
  const test::TempDir dir;
  AtomicFile file(dir / "data");
  // A file cannot be longer than the system's offsets can say.
  CHECK_THROWS_WITH_AS(file.write(~std::uint64_t{0} >> 1, bytes("more")), Contains("cannot be written"),
                       Error);
}
