// SPDX-License-Identifier: MIT
#include "pretext/tensor/npy.hpp"

#include <cstring>

#include "peers.hpp"
#include "support.hpp"

namespace {

using namespace pretext;

/// What a file says of itself, read as NumPy's description of the format has it.
struct NpyParts {
  std::string type;
  std::vector<std::int64_t> shape;
  bool fortran = true;
  std::string values;
};

NpyParts npy_parts(const std::string& file) {
  REQUIRE(file.size() > 10);
  CHECK(file.substr(0, 6) == "\x93NUMPY");
  CHECK(file[6] == 1);
  CHECK(file[7] == 0);
  const std::size_t length = static_cast<unsigned char>(file[8]) +
                             256 * static_cast<std::size_t>(static_cast<unsigned char>(file[9]));
  CHECK((10 + length) % 64 == 0);
  REQUIRE(file.size() >= 10 + length);
  const std::string header = file.substr(10, length);
  CHECK(header.back() == '\n');
  NpyParts p;
  const auto after = [&](const std::string& key) {
    const std::size_t at = header.find("'" + key + "': ");
    REQUIRE(at != std::string::npos);
    return at + key.size() + 4;
  };
  const std::size_t type = after("descr") + 1, open = after("shape");
  p.type = header.substr(type, header.find('\'', type) - type);
  p.fortran = header.substr(after("fortran_order"), 5) != "False";
  REQUIRE(header[open] == '(');
  std::string number;
  for (std::size_t i = open + 1; header[i] != ')'; ++i) {
    if (std::isdigit(header[i])) number += header[i];
    if ((header[i] == ',' || header[i + 1] == ')') && !number.empty()) {
      p.shape.push_back(std::stoll(number));
      number.clear();
    }
  }
  p.values = file.substr(10 + length);
  return p;
}

TEST_CASE("an array is written as NumPy describes it, and is read back to the same bits") {
  const test::TempDir folder;
  const auto path = folder / "x.npy";
  for (const Shape& shape :
       {Shape{2, 3}, Shape{1, 1}, Shape{7, 13}, Shape{2, 3, 4}, Shape{0, 5}, Shape{1000000, 1}}) {
    Tensor<float, Cpu> x(shape);
    for (std::int64_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<float>(i) / 7;
    write_npy<float>(path, shape, x.span());
    const NpyParts p = npy_parts(test::read_file(path));
    CHECK(p.type == "<f4");
    CHECK_FALSE(p.fortran);
    REQUIRE(std::ssize(p.shape) == shape.rank());
    for (int axis = 0; axis < shape.rank(); ++axis)
      CHECK(p.shape[static_cast<std::size_t>(axis)] == shape[axis]);
    REQUIRE(p.values.size() == static_cast<std::size_t>(x.size()) * 4);
    CHECK((x.size() == 0 || std::memcmp(p.values.data(), x.data(), p.values.size()) == 0));
    const auto again = read_npy<float>(path, shape);
    CHECK((x.size() == 0 || std::memcmp(again.data(), x.data(), p.values.size()) == 0));
  }
  write_npy<int>(path, {3}, std::vector{-1, 0, 7});
  const NpyParts p = npy_parts(test::read_file(path));
  CHECK(p.type == "<i4");
  CHECK(p.shape == std::vector<std::int64_t>{3});
  CHECK(read_npy<int>(path, {3}).data()[0] == -1);
}

TEST_CASE("an array of another shape or type, a cut file and a strange one are refused by name") {
  const test::TempDir folder;
  const auto path = folder / "x.npy";
  write_npy<float>(path, {2, 3}, std::vector<float>(6, 1.0F));
  const std::string whole = test::read_file(path);
  CHECK_THROWS_WITH_AS(read_npy<float>(path, Shape{3, 2}),
                       doctest::Contains("x.npy: is not an .npy file of shape"), Error);
  CHECK_THROWS_AS(read_npy<int>(path, Shape{2, 3}), Error);
  CHECK_THROWS_AS(read_npy<double>(path, Shape{2, 3}), Error);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    test::write_file(path, whole.substr(0, length));
    CHECK_THROWS_AS(read_npy<float>(path, Shape{2, 3}), Error);
  }
  test::write_file(path, whole + "x");
  CHECK_THROWS_WITH_AS(read_npy<float>(path, Shape{2, 3}), doctest::Contains("bytes, expected"), Error);
  CHECK_THROWS_AS(read_npy<float>(folder / "none.npy", Shape{2, 3}), Error);
  CHECK_THROWS_AS(write_npy<float>(path, Shape{2, 2}, std::vector<float>(6, 1.0F)), Error);
}

TEST_CASE("NumPy reads what was written") {
  if (!test::has_python_modules("numpy")) return;
  const test::TempDir folder;
  std::vector<float> values(35);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) / 8;
  write_npy<float>(folder / "x.npy", {5, 7}, values);
  write_npy<int>(folder / "y.npy", {5}, std::vector{-1, 0, 1, 2, 3});
  const std::string at = folder.path().string();
  CHECK(test::run_python("-c 'import numpy as n; x = n.load(\"" + at +
                         "/x.npy\", mmap_mode=\"r\"); assert x.shape == (5, 7) and x.dtype == n.float32 and "
                         "(x == n.arange(35).reshape(5, 7) / 8).all()'"));
  CHECK(test::run_python("-c 'import numpy as n; y = n.load(\"" + at +
                         "/y.npy\"); assert y.dtype == n.int32 and (y == n.arange(5) - 1).all()'"));
}

}  // namespace
