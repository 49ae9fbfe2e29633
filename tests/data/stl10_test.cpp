// SPDX-License-Identifier: MIT
#include "pretext/data/stl10.hpp"

#include "data/fixtures.hpp"

using namespace pretext;
using data::Dataset;
using data::Split;

namespace {

std::string pictures(int first, int count) {
  std::string file;
  for (int i = first; i < first + count; ++i) file += test::stl10_picture(i);
  return file;
}

void write_stl10(const test::TempDir& folder) {
  test::write_file(folder / "train_X.bin", pictures(0, 3));
  test::write_file(folder / "train_y.bin", "\x01\x0A\x05");
  test::write_file(folder / "test_X.bin", pictures(50, 2));
  test::write_file(folder / "test_y.bin", "\x02\x03");
  test::write_file(folder / "unlabeled_X.bin", pictures(90, 4));
}

bool is_picture(const Dataset& set, std::int64_t i, int number) {
  const ImageView image = set.image(i);
  if (image.height != 96 || image.width != 96 || image.channels != 3) return false;
  for (int y = 0; y < 96; ++y)
    for (int x = 0; x < 96; ++x)
      for (int c = 0; c < 3; ++c)
        if (image.at(y, x, c) != static_cast<std::uint8_t>(number + 7 * x + 3 * y + 50 * c)) return false;
  return true;
}

std::string stl10_refusal(const std::filesystem::path& folder, Split split = Split::train) {
  return test::error_of([&] { data::stl10(folder, split); });
}

}  // namespace

TEST_CASE("STL-10's columns become rows, and its labels 1 to 10 become 0 to 9") {
  test::TempDir folder;
  write_stl10(folder);
  const Dataset train = data::stl10(folder.path()), test = data::stl10(folder.path(), Split::test);
  REQUIRE(train.size() == 3);
  REQUIRE(test.size() == 2);
  for (int i = 0; i < 3; ++i) CHECK(is_picture(train, i, i));
  for (int i = 0; i < 2; ++i) CHECK(is_picture(test, i, 50 + i));
  CHECK(train.label(0) == 0);
  CHECK(train.label(1) == 9);
  CHECK(train.label(2) == 4);
  CHECK(test.label(1) == 2);
  CHECK(train.classes().size() == 10);
  CHECK(train.classes()[7] == "monkey");
}

TEST_CASE("the unlabeled part of STL-10 has neither labels nor classes, and needs no other file") {
  test::TempDir folder;
  test::write_file(folder / "unlabeled_X.bin", pictures(90, 4));
  const Dataset set = data::stl10(folder.path(), Split::unlabeled);
  REQUIRE(set.size() == 4);
  for (int i = 0; i < 4; ++i) CHECK(is_picture(set, i, 90 + i));
  CHECK(set.label(3) == -1);
  CHECK_FALSE(set.labelled());
  CHECK(set.classes().empty());
  CHECK(test::says(stl10_refusal(folder.path()), "train_X.bin is missing from this STL-10 folder"));
}

TEST_CASE("more pictures of STL-10 than are read at a time are all read, by any number of threads") {
  test::TempDir folder;
  test::write_file(folder / "unlabeled_X.bin", pictures(0, 1100));
  const Dataset set = data::stl10(folder.path(), Split::unlabeled);
  REQUIRE(set.size() == 1100);
  bool right = true;
  for (int i = 0; i < 1100; ++i) right = right && is_picture(set, i, i);
  CHECK(right);
  const int threads = thread_pool().threads();
  set_num_threads(3);
  CHECK(data::stl10(folder.path(), Split::unlabeled).hash() == set.hash());
  set_num_threads(threads);
}

TEST_CASE("class names of STL-10 come from the file beside the data where there is one") {
  test::TempDir folder;
  write_stl10(folder);
  test::write_file(folder / "class_names.txt", "a\nb\r\nc\nd\ne\nf\ng\nh\ni\nlast one\n");
  CHECK(data::stl10(folder.path()).classes()[9] == "last one");
  test::write_file(folder / "class_names.txt", "a\nb\n");
  CHECK(test::says(stl10_refusal(folder.path()), "class_names.txt: has 2 class names, not 10"));
}

TEST_CASE("a cut STL-10 file is refused by name, whichever it is") {
  test::TempDir folder;
  write_stl10(folder);
  for (const std::size_t size : {0U, 1U, 27647U, 27649U, 3U * 27648U - 1}) {
    test::write_file(folder / "train_X.bin", pictures(0, 3).substr(0, size));
    test::write_file(folder / "unlabeled_X.bin", pictures(0, 3).substr(0, size));
    const std::string expected =
        "_X.bin: has " + std::to_string(size) + " bytes, not a multiple of the 27648 bytes";
    CHECK(test::says(stl10_refusal(folder.path()), "train" + expected));
    CHECK(test::says(stl10_refusal(folder.path(), Split::unlabeled), "unlabeled" + expected));
  }
  test::write_file(folder / "train_X.bin", pictures(0, 2));
  CHECK(test::says(stl10_refusal(folder.path()), "train_y.bin: has 3 labels for 2 pictures"));
  for (const char* name : {"test_X.bin", "test_y.bin"}) {
    write_stl10(folder);
    std::filesystem::remove(folder / name);
    CHECK(test::says(stl10_refusal(folder.path(), Split::test), std::string(name) + " is missing"));
  }
}

TEST_CASE("a label of STL-10 that is not 1 to 10 is refused with its place") {
  test::TempDir folder;
  test::write_file(folder / "train_X.bin", pictures(0, 2));
  for (int label = 0; label < 256; ++label) {
    test::write_file(folder / "train_y.bin", std::string{3, static_cast<char>(label)});
    const std::string message = stl10_refusal(folder.path());
    CHECK(message.empty() == (1 <= label && label <= 10));
    if (!message.empty()) CHECK(test::says(message, "label 1 is " + std::to_string(label) + ", not 1 to 10"));
  }
}
