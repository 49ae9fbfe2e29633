// SPDX-License-Identifier: MIT
#include "pretext/data/cifar.hpp"

#include "data/fixtures.hpp"

using namespace pretext;
using data::Split;

namespace {

std::string batch(int count, int first, int classes = 10) {
  std::string file;
  for (int i = first; i < first + count; ++i) file += test::cifar_record({static_cast<char>(i % classes)}, i);
  return file;
}

void write_cifar10(const test::TempDir& folder) {
  for (int i = 1; i <= 5; ++i)
    test::write_file(folder / ("data_batch_" + std::to_string(i) + ".bin"), batch(3, 3 * (i - 1)));
  test::write_file(folder / "test_batch.bin", batch(4, 100));
}

bool is_record(const data::Dataset& set, std::int64_t i, int number) {
  const ImageView image = set.image(i);
  if (image.height != 32 || image.width != 32 || image.channels != 3) return false;
  for (int p = 0; p < 1024; ++p)
    for (int c = 0; c < 3; ++c)
      if (image.pixels[3 * p + c] != static_cast<std::uint8_t>(number + 5 * c + p)) return false;
  return true;
}

}  // namespace

TEST_CASE("CIFAR-10 is read from its folder, batch by batch, with planes turned into pixels") {
  test::TempDir folder;
  write_cifar10(folder);
  const auto train = data::cifar10(folder.path()), test = data::cifar10(folder.path(), Split::test);
  REQUIRE(train.size() == 15);
  REQUIRE(test.size() == 4);
  for (int i = 0; i < 15; ++i) {
    CHECK(is_record(train, i, i));
    CHECK(train.label(i) == i % 10);
  }
  for (int i = 0; i < 4; ++i) CHECK(is_record(test, i, 100 + i));
  CHECK(train.labelled());
  CHECK(train.classes()[3] == "cat");
  CHECK(train.classes().size() == 10);
}

TEST_CASE("CIFAR-10 is found in the folder that its archive unpacks to, and read from one file") {
  test::TempDir folder;
  const auto inner = folder / "cifar-10-batches-bin";
  std::filesystem::create_directories(inner);
  for (int i = 1; i <= 5; ++i)
    test::write_file(inner / ("data_batch_" + std::to_string(i) + ".bin"), batch(1, i));
  CHECK(data::cifar10(folder.path()).size() == 5);
  const auto one = data::cifar10(inner / "data_batch_2.bin");
  REQUIRE(one.size() == 1);
  CHECK(is_record(one, 0, 2));
}

TEST_CASE("CIFAR-100 is labelled by its fine classes, or by the coarse ones on demand") {
  test::TempDir folder;
  std::string file;
  for (int i = 0; i < 20; ++i)
    file += test::cifar_record({static_cast<char>(i), static_cast<char>(99 - i)}, i);
  test::write_file(folder / "train.bin", file);
  test::write_file(folder / "test.bin", file.substr(0, 3074));
  const auto fine = data::cifar100(folder.path());
  const auto coarse = data::cifar100(folder.path(), Split::train, {.coarse = true});
  REQUIRE(fine.size() == 20);
  CHECK(data::cifar100(folder.path(), Split::test).size() == 1);
  for (int i = 0; i < 20; ++i) {
    CHECK(is_record(fine, i, i));
    CHECK(fine.label(i) == 99 - i);
    CHECK(coarse.label(i) == i);
  }
  CHECK(fine.classes().size() == 100);
  CHECK(std::ranges::is_sorted(fine.classes()));
  CHECK(fine.classes()[99] == "worm");
  CHECK(coarse.classes().size() == 20);
  CHECK(std::ranges::is_sorted(coarse.classes()));
}

TEST_CASE("class names come from the file beside the data where there is one") {
  test::TempDir folder;
  write_cifar10(folder);
  test::write_file(folder / "batches.meta.txt", "a\nb\r\nc\nd\ne\nf\ng\nh\ni\nlast one\n\n");
  const auto set = data::cifar10(folder.path());
  CHECK(set.classes()[1] == "b");
  CHECK(set.classes()[9] == "last one");
  test::write_file(folder / "batches.meta.txt", "a\nb\n");
  CHECK(test::error_of([&] { data::cifar10(folder.path()); }).find("has 2 class names, not 10") !=
        std::string::npos);
  test::write_file(folder / "batches.meta.txt", std::string(70000, 'x'));
  CHECK_THROWS_AS(data::cifar10(folder.path()), Error);
}

TEST_CASE("every truncation of a CIFAR file that cuts a record is refused") {
  test::TempDir folder;
  const std::string whole = batch(2, 0);
  const auto path = folder / "data_batch_1.bin";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    data::DatasetBuilder builder("set", std::vector<std::string>(10, "x"));
    const std::string cut = whole.substr(0, size);
    const std::string message =
        test::error_of([&] { data::detail::add_cifar(bytes_of(cut), "cut.bin", {}, 10, builder); });
    REQUIRE_MESSAGE(message.empty() == (size == 3073), size << " bytes");
  }
  test::write_file(path, whole.substr(0, 3074));
  CHECK(test::error_of([&] { data::cifar10(path); }).find("has 3074 bytes, not a multiple of the 3073") !=
        std::string::npos);
  test::write_file(path, "");
  CHECK_THROWS_AS(data::cifar10(path), Error);
}

TEST_CASE("a label that is none of the classes is refused with its record") {
  test::TempDir folder;
  for (int label = 0; label < 256; ++label) {
    test::write_file(folder / "one.bin", batch(1, 0) + test::cifar_record({static_cast<char>(label)}, 0));
    const std::string message = test::error_of([&] { data::cifar10(folder / "one.bin"); });
    CHECK(message.empty() == (label < 10));
    if (label >= 10) CHECK(message.find("record 1 has label " + std::to_string(label)) != std::string::npos);
  }
}

TEST_CASE("a missing file of a CIFAR folder is named") {
  test::TempDir folder;
  write_cifar10(folder);
  std::filesystem::remove(folder / "data_batch_4.bin");
  CHECK(test::error_of([&] { data::cifar10(folder.path()); }).find("data_batch_4.bin is missing") !=
        std::string::npos);
  CHECK(data::cifar10(folder.path(), Split::test).size() == 4);
  CHECK(test::error_of([&] { data::cifar10(folder / "nowhere"); }).find("no such file") != std::string::npos);
}
