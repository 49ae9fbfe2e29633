// SPDX-License-Identifier: MIT
#include "pretext/train/event_file.hpp"

#include <sstream>
#include <vector>

#include "peers.hpp"

using namespace pretext;
using train::EventFile;

namespace {

/// The files of a folder in the order that TensorBoard reads them in.
std::vector<std::filesystem::path> files_of(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

template <class Number>
Number number_at(const std::string& bytes, std::size_t at) {
  Number number;
  REQUIRE(at + sizeof number <= bytes.size());
  std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

std::uint32_t unmasked(std::uint32_t sum) {
  sum -= 0xA282EAD8U;
  return sum << 15 | sum >> 17;
}

/// The whole records of a file, each with sums that are right.
std::vector<std::string> records_of(const std::string& bytes) {
  std::vector<std::string> records;
  for (std::size_t at = 0; at + 16 <= bytes.size();) {
    const auto length = static_cast<std::size_t>(number_at<std::uint64_t>(bytes, at));
    REQUIRE(unmasked(number_at<std::uint32_t>(bytes, at + 8)) == crc32c(bytes.substr(at, 8)));
    if (at + 16 + length > bytes.size()) break;
    records.push_back(bytes.substr(at + 12, length));
    REQUIRE(unmasked(number_at<std::uint32_t>(bytes, at + 12 + length)) == crc32c(records.back()));
    at += 16 + length;
  }
  return records;
}

/// An event without its time, which comes first: a tag of one byte and a double.
std::string timeless(const std::string& record) { return record.substr(9); }

}  // namespace

TEST_CASE("an event file is made of records with right sums: a version, and what was written") {
  const test::TempDir folder;
  EventFile file(folder / "events", 0);
  file.scalar("loss", 300, 0.5);
  const auto files = files_of(folder / "events");
  REQUIRE(files.size() == 1);
  const auto records = records_of(test::read_file(files[0]));
  REQUIRE(records.size() == 2);
  CHECK(timeless(records[0]) == std::string("\x10\x00\x1A\x0D", 4) + "brain.Event:2");
  CHECK(timeless(records[1]) ==
        std::string("\x10\xAC\x02\x2A\x0D\x0A\x0B\x0A\x04loss\x15\x00\x00\x00\x3F", 18));
}

TEST_CASE("a torn event file loses its last record, and a later file begins behind it") {
  const test::TempDir folder;
  EventFile(folder.path(), 0).scalar("loss", 1, 2);
  const auto first = files_of(folder.path()).front();
  const std::string whole = test::read_file(first);
  const std::size_t version = 16 + 9 + 2 + 2 + 13;
  for (std::size_t kept = version; kept < whole.size(); ++kept)
    REQUIRE(records_of(whole.substr(0, kept)).size() == 1);
  EventFile(folder.path(), 7).scalar("loss", 8, 1);
  const auto files = files_of(folder.path());
  REQUIRE(files.size() == 2);
  CHECK(files[0] == first);
  const auto records = records_of(test::read_file(files[1]));
  REQUIRE(records.size() == 3);
  CHECK(timeless(records[1]) == std::string("\x10\x08\x3A\x02\x08\x01", 6));
}

TEST_CASE("a histogram counts every finite value once, and none makes no record") {
  const test::TempDir folder;
  {
    EventFile file(folder.path(), 0);
    file.histogram("none", 1, std::vector<float>{NAN, INFINITY});
    file.histogram("one", 1, std::vector<float>{3, 3});
  }
  CHECK(records_of(test::read_file(files_of(folder.path()).front())).size() == 2);
}

TEST_CASE("TensorBoard reads back what was written, and forgets what a resumed training writes anew") {
  if (!test::has_python_modules("tensorboard")) return;
  const test::TempDir folder;
  Image picture(5, 7, 3);
  std::fill_n(picture.pixels(), 5 * 7 * 3, std::uint8_t{200});
  {
    EventFile file(folder / "events", 0);
    for (const std::int64_t step : {1, 2, 3}) file.scalar("step/loss", step, 1.0 / static_cast<double>(step));
    file.image("inputs", 2, picture.view());
    file.histogram("conv1.weight", 2, std::vector<float>{-1, 0, 0.5F, 3, NAN});
  }
  EventFile(folder / "events", 2).scalar("step/loss", 3, 0.25);
  REQUIRE(test::run_peer("read_events.py", "'" + (folder / "events").string() + "' > '" +
                                               (folder / "read").string() + "' 2> /dev/null"));
  const std::string png = std::to_string(encode_png(picture.view()).size());
  CHECK(test::read_file(folder / "read") ==
        "scalar step/loss 1 1.0\nscalar step/loss 2 0.5\n"
        "scalar step/loss 3 0.25\nimage inputs 2 5 7 " +
            png + "\nhistogram conv1.weight 2 -1.0 3.0 4.0 2.5 4.0 3.0\n");
}
