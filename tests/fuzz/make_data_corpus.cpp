// SPDX-License-Identifier: MIT
// Writes the seed files of the tar, gz, cifar, stl10, mnist and cache fuzz targets:
//   g++ -std=c++20 -Iinclude -Itests tests/fuzz/make_data_corpus.cpp -lz -pthread -o make_data_corpus
//   ./make_data_corpus tests/fuzz/corpus

#include <filesystem>
#include <fstream>
#include <iostream>

#include "data/makers.hpp"
#include "pretext/data/cache.hpp"

namespace {

namespace fs = std::filesystem;

void save(const fs::path& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

std::string rich_tar() {
  test::TarMaker tar;
  tar.add("folder/", "", '5').add("folder/a.jpg", "alpha").add("long", std::string(150, 'n') + ".jpg", 'L');
  tar.add("cut", "beta").pax("path", "pax/name.jpg").pax("size", "3").add("cut", "abc").add("link", "", '2');
  tar.add("global", "19 comment=anything\n", 'g').add("b.jpg", "data", '0', "prefix/of/names");
  tar.pax("GNU.sparse.major", "1").add("sparse", "map and data");
  tar.header("base256", std::string("\x80\0\0\0\0\0\0\0\0\0\0\x05", 12), '0').data("67890");
  tar.header("gnu sparse", std::string("00000000004\0", 12), 'S');
  tar.bytes[tar.bytes.size() - 512 + 482] = 1;
  tar.reseal(tar.bytes.size() - 512);
  tar.bytes += std::string(512, '\0');
  return tar.data("data").end();
}

void make_caches(const fs::path& folder) {
  using namespace pretext::data;
  save_cache({}, folder / "empty.ptx");
  DatasetBuilder builder("set", {"cat", "dog"});
  for (int i = 0; i < 3; ++i)
    std::fill_n(builder.add(2 + i, 5, i - 1), 15 * (2 + i), static_cast<std::uint8_t>(i));
  builder.skip("bad.jpg", "was empty");
  save_cache(std::move(builder).build(), folder / "set.ptx", "key of the source");
}

// The label file with its size in two bytes before it, then the images.
std::string mnist_input(const std::string& labels, const std::string& images) {
  return std::string{static_cast<char>(labels.size() >> 8), static_cast<char>(labels.size())} + labels +
         images;
}

void make_published(const fs::path& folder) {
  save(folder / "cifar/ten.bin", test::cifar_record({3}, 1) + test::cifar_record({9}, 2));
  save(folder / "cifar/hundred.bin", test::cifar_record({3, 99}, 1));
  save(folder / "cifar/names.txt", "airplane\nautomobile\r\n\nbird\n");
  save(folder / "stl10/two.bin", "\x02\x01\x0A" + test::stl10_picture(1) + test::stl10_picture(2));
  save(folder / "stl10/unlabeled.bin", std::string(1, '\0') + test::stl10_picture(3));
  const std::string labels = test::idx_file({3}, {0, 9, 5}), pixels = "the pixels of three pictures";
  const std::string images = test::idx_file({3, 2, 4}, pixels.substr(0, 24));
  save(folder / "mnist/plain.idx", mnist_input(labels, images));
  save(folder / "mnist/packed.idx", mnist_input(test::gzip(labels), test::gzip(images)));
  save(folder / "mnist/many.idx", mnist_input(labels, test::idx_file({300, 1, 1}, std::string(300, 'x'))));
}

void make(const fs::path& folder) {
  for (const char* name : {"tar", "gz", "cifar", "cache", "stl10", "mnist"})
    fs::create_directories(folder / name);
  const std::string plain =
      test::TarMaker().add("cat/1.jpg", "one").add("dog/2.jpg", std::string(600, 'x')).end();
  save(folder / "tar/plain.tar", plain);
  save(folder / "tar/rich.tar", rich_tar());
  save(folder / "tar/empty.tar", std::string(1024, '\0'));
  save(folder / "gz/plain.gz", test::gzip(plain));
  save(folder / "gz/members.gz",
       test::gzip("one") + test::gzip("") + test::gzip(rich_tar()) + std::string(8, '\0'));
  save(folder / "gz/zeros.gz", test::gzip(std::string(200000, '\0')));
  save(folder / "gz/bomb.gz", test::gzip(std::string(2 << 20, '\0')));
  make_published(folder);
  make_caches(folder / "cache");
}

}  // namespace

int main(int count, char** arguments) {
  if (count == 2) make(arguments[1]);
  if (count != 2) std::cerr << "usage: make_data_corpus FOLDER\n";
  return count == 2 ? 0 : 2;
}
