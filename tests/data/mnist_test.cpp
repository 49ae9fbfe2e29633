// SPDX-License-Identifier: MIT
#include "pretext/data/mnist.hpp"

#include "data/fixtures.hpp"

using namespace pretext;
using data::Dataset;
using data::Split;

namespace {

// Pixel p of picture i has value 10i + p.
std::string images(std::uint32_t count, std::uint32_t height, std::uint32_t width) {
  std::string values;
  for (std::uint32_t i = 0; i < count; ++i)
    for (std::uint32_t p = 0; p < height * width; ++p) values += static_cast<char>(10 * i + p);
  return test::idx_file({count, height, width}, values);
}

std::string labels(const std::string& values) {
  return test::idx_file({static_cast<std::uint32_t>(values.size())}, values);
}

void write_mnist(const test::TempDir& folder) {
  test::write_file(folder / "train-images-idx3-ubyte", images(3, 28, 28));
  test::write_file(folder / "train-labels-idx1-ubyte", labels({0, 9, 5}));
  test::write_file(folder / "t10k-images-idx3-ubyte", images(2, 28, 28));
  test::write_file(folder / "t10k-labels-idx1-ubyte", labels({7, 8}));
}

std::string mnist_refusal(const std::filesystem::path& folder, Split split = Split::train) {
  return test::error_of([&] { data::mnist(folder, split); });
}

}  // namespace

TEST_CASE("MNIST's grey pictures become RGB, of any size, labelled by the file beside them") {
  test::TempDir folder;
  write_mnist(folder);
  const Dataset train = data::mnist(folder.path()), test = data::mnist(folder.path(), Split::test);
  REQUIRE(train.size() == 3);
  REQUIRE(test.size() == 2);
  bool right = true;
  for (int i = 0; i < 3; ++i) {
    const ImageView image = train.image(i);
    REQUIRE(image.height == 28);
    REQUIRE(image.width == 28);
    for (int p = 0; p < 28 * 28 * 3; ++p)
      right = right && image.pixels[p] == static_cast<std::uint8_t>(10 * i + p / 3);
  }
  CHECK(right);
  CHECK(train.label(1) == 9);
  CHECK(test.label(0) == 7);
  CHECK(train.classes().size() == 10);
  CHECK(train.classes()[3] == "3");
  test::write_file(folder / "t10k-images-idx3-ubyte", images(2, 5, 31));
  CHECK(data::mnist(folder.path(), Split::test).image(1).width == 31);
}

TEST_CASE(
    "MNIST is read from gzip files as from plain ones, and the plain one is taken where both are there") {
  test::TempDir plain, packed;
  write_mnist(plain);
  for (const auto& entry : std::filesystem::directory_iterator(plain.path()))
    test::write_file(packed / (entry.path().filename().string() + ".gz"),
                     test::gzip(test::read_file(entry.path())));
  for (const Split split : {Split::train, Split::test})
    CHECK(data::mnist(packed.path(), split).hash() == data::mnist(plain.path(), split).hash());
  test::write_file(plain / "train-images-idx3-ubyte.gz", "no gzip file");
  CHECK(data::mnist(plain.path()).size() == 3);
  const std::string whole = test::read_file(packed / "train-images-idx3-ubyte.gz");
  test::write_file(packed / "train-images-idx3-ubyte.gz", whole.substr(0, whole.size() / 2));
  CHECK(test::says(mnist_refusal(packed.path()),
                   "train-images-idx3-ubyte.gz: ends in the middle of its gzip data"));
}

TEST_CASE("classes of a set in MNIST's form are the lines of class_names.txt where that is there") {
  test::TempDir folder;
  write_mnist(folder);
  test::write_file(folder / "class_names.txt", "T-shirt/top\nTrouser\nPullover\n");
  CHECK(test::says(mnist_refusal(folder.path()),
                   "train-labels-idx1-ubyte: label 1 is 9 where there are 3 classes"));
  test::write_file(folder / "train-labels-idx1-ubyte", labels({0, 2, 1}));
  CHECK(data::mnist(folder.path()).classes() ==
        std::vector<std::string>{"T-shirt/top", "Trouser", "Pullover"});
}

TEST_CASE("every truncation of an IDX file is refused") {
  const std::string whole = images(2, 3, 5);
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    const std::string cut = whole.substr(0, size);
    const std::string message = test::error_of([&] { data::detail::read_idx<3>(bytes_of(cut), "cut"); });
    REQUIRE_MESSAGE(message.empty() == (size == whole.size()), size << " bytes");
    if (!message.empty()) REQUIRE(test::says(message, "partial copy"));
  }
}

TEST_CASE("an IDX header that is not what the bytes are is refused, and named") {
  test::TempDir folder;
  struct Row {
    const char* what;
    std::string file, says;
  };
  const std::string pixels(6, 'x'), more = "x";
  const Row rows[] = {
      {"labels for images", labels({1, 2, 3, 4, 5, 6, 7, 8}), "begins with 00000801, not 00000803"},
      {"floats", std::string("\0\0\x0D\3", 4) + images(1, 2, 3).substr(4), "begins with 00000D03"},
      {"a gzip file's name", "no gzip file at all", "begins with 6E6F2067"},
      {"too many bytes", test::idx_file({1, 2, 3}, pixels + more),
       "has 7 bytes after its header, not 1 x 2 x 3"},
      {"no pictures", test::idx_file({0, 28, 28}, ""), "holds no pictures"},
      {"no rows", test::idx_file({3, 0, 28}, ""), "pictures of 0 x 28 pixels"},
      {"no columns", test::idx_file({3, 28, 0}, ""), "pictures of 28 x 0 pixels"},
      {"a side too long", test::idx_file({1, 1, 65537}, std::string(65537, 'x')), "not 1 to 65536 a side"},
      {"a product past 64 bits", test::idx_file({0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF}, pixels),
       "not 4294967295 x 4294967295 x 4294967295"},
      {"a product that wraps to its size", test::idx_file({0x80000000, 0x80000000, 4}, ""),
       "has 0 bytes after its header"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    write_mnist(folder);
    test::write_file(folder / "train-images-idx3-ubyte", row.file);
    const std::string message = mnist_refusal(folder.path());
    CHECK_MESSAGE(test::says(message, row.says), message);
    CHECK(test::says(message, "train-images-idx3-ubyte: "));
  }
}

TEST_CASE("labels of MNIST that do not fit the pictures are refused") {
  test::TempDir folder;
  write_mnist(folder);
  test::write_file(folder / "train-labels-idx1-ubyte", labels({1, 2}));
  CHECK(test::says(mnist_refusal(folder.path()),
                   "train-labels-idx1-ubyte: has 2 labels for the 3 pictures of"));
  for (int label = 0; label < 256; ++label) {
    test::write_file(folder / "train-labels-idx1-ubyte", labels({0, 0, static_cast<char>(label)}));
    CHECK(mnist_refusal(folder.path()).empty() == (label < 10));
  }
  test::write_file(folder / "train-labels-idx1-ubyte", images(1, 1, 3));
  CHECK(test::says(mnist_refusal(folder.path()), "begins with 00000803, not 00000801"));
}

TEST_CASE("a missing file of an MNIST folder is named, and so is a part that it never has") {
  for (const std::string name : {"train-images-idx3-ubyte", "train-labels-idx1-ubyte"}) {
    test::TempDir folder;
    write_mnist(folder);
    std::filesystem::remove(folder / name);
    CHECK(test::says(mnist_refusal(folder.path()), name + " is missing from this MNIST folder"));
    CHECK(mnist_refusal(folder.path(), Split::test).empty());
    CHECK(test::says(mnist_refusal(folder.path(), Split::unlabeled), "has no unlabeled part"));
  }
}
