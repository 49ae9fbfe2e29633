// SPDX-License-Identifier: MIT
#include <filesystem>

#include "data/fixtures.hpp"
#include "pretext/data/image_folder.hpp"
#include "pretext/data/image_tar.hpp"

using namespace pretext;
using data::Dataset;
namespace fs = std::filesystem;

namespace {

bool shows(const Dataset& set, std::int64_t i, int number) {
  return test::same_pixels(set.image(i), test::picture(number).view());
}

void write_tar(const fs::path& path, const std::vector<std::pair<std::string, int>>& files) {
  test::TarMaker tar;
  for (const auto& [name, number] : files) tar.add(name, test::png(number));
  test::write_file(path, path.extension() == ".gz" ? test::gzip(tar.end()) : tar.end());
}

}  // namespace

TEST_CASE("an image folder is labelled by its folders, classes and pictures in alphabetical order") {
  test::TempDir folder;
  test::put(folder, "dog/b.png", test::png(3));
  test::put(folder, "dog/a.PNG", test::png(2));
  test::put(folder, "cat/z.png", test::png(1));
  test::put(folder, "dog/notes.txt", "not a picture");
  test::put(folder, "dog/.hidden.png", "not a picture either");
  test::put(folder, ".git/x.png", "nor this");
  test::put(folder, "mid/ant/c.png", test::png(4));
  const Dataset set = data::image_folder(folder.path());
  REQUIRE(set.size() == 4);
  CHECK(set.classes() == std::vector<std::string>{"ant", "cat", "dog"});
  for (int i = 0; i < 4; ++i) CHECK(shows(set, i, i == 3 ? 4 : i + 1));
  CHECK(set.label(0) == 1);
  CHECK(set.label(1) == 2);
  CHECK(set.label(2) == 2);
  CHECK(set.label(3) == 0);
  CHECK(set.labelled());
  CHECK(set.skipped().empty());
}

TEST_CASE("a picture beside the class folders has no label") {
  test::TempDir folder;
  test::put(folder, "cat/a.png", test::png(1));
  test::put(folder, "stray.png", test::png(2));
  const Dataset set = data::image_folder(folder.path());
  REQUIRE(set.size() == 2);
  CHECK(set.label(1) == -1);
  CHECK_FALSE(set.labelled());
}

TEST_CASE("an image folder can take its classes from elsewhere, and refuses a folder that is none of them") {
  test::TempDir folder;
  test::put(folder, "dog/a.png", test::png(1));
  const Dataset set = data::image_folder(folder.path(), {.classes = {"cat", "dog"}});
  CHECK(set.label(0) == 1);
  CHECK(set.classes().size() == 2);
  const std::string message =
      test::error_of([&] { data::image_folder(folder.path(), {.classes = {"cat"}}); });
  CHECK(message.find("dog/a.png is none of the 1 known classes") != std::string::npos);
}

TEST_CASE("folders without class folders, without pictures or not there are refused by name") {
  test::TempDir folder;
  CHECK(test::error_of([&] { data::image_folder(folder.path()); }).find("holds no pictures") !=
        std::string::npos);
  CHECK(test::error_of([&] { data::flat_folder(folder.path()); }).find("holds no pictures") !=
        std::string::npos);
  test::put(folder, "a.png", test::png(1));
  CHECK(test::error_of([&] { data::image_folder(folder.path()); }).find("no class folders") !=
        std::string::npos);
  CHECK(test::error_of([&] {
          data::flat_folder(folder / "nowhere");
        }).find("nowhere: cannot be read as a folder") != std::string::npos);
  CHECK_THROWS_AS(data::flat_folder(folder / "a.png"), Error);
}

TEST_CASE("a flat folder has no labels, and looks below itself only when asked to") {
  test::TempDir folder;
  test::put(folder, "b.png", test::png(2));
  test::put(folder, "a.png", test::png(1));
  test::put(folder, "deep/er/c.png", test::png(3));
  const Dataset top = data::flat_folder(folder.path());
  REQUIRE(top.size() == 2);
  CHECK(shows(top, 0, 1));
  CHECK(top.label(0) == -1);
  CHECK(top.classes().empty());
  const Dataset all = data::flat_folder(folder.path(), {.recursive = true});
  REQUIRE(all.size() == 3);
  CHECK(shows(all, 2, 3));
  CHECK_FALSE(all.labelled());
}

TEST_CASE("a folder with a pipe, a loop of links or a link to nowhere is read without them") {
  test::TempDir folder;
  test::put(folder, "cat/a.png", test::png(1));
  REQUIRE(::mkfifo((folder / "cat/pipe.png").c_str(), 0600) == 0);
  fs::create_directory_symlink(folder.path(), folder / "cat/loop");
  fs::create_symlink("nowhere.png", folder / "cat/broken.png");
  fs::create_symlink("a.png", folder / "cat/same.png");
  CHECK(data::image_folder(folder.path()).size() == 2);
}

TEST_CASE("unreadable pictures are skipped and listed with their reason, and do not move the others") {
  test::TempDir folder;
  for (int i = 0; i < 400; ++i) {
    const std::string name = "c/" + std::to_string(1000 + i) + ".png";
    test::put(folder, name, i % 100 == 50 ? test::png(i).substr(0, 40) : test::png(i));
  }
  const Dataset set = data::image_folder(folder.path());
  REQUIRE(set.size() == 396);
  REQUIRE(set.skipped().size() == 4);
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(set.skipped()[i].name == "c/1" + std::to_string(i) + "50.png");
    CHECK(set.skipped()[i].reason.find("50.png") != std::string::npos);
  }
  CHECK(shows(set, 49, 49));
  CHECK(shows(set, 50, 51));
  CHECK(shows(set, 395, 399));
  for (const int threads : {1, 2, 8}) {
    set_num_threads(threads);
    CHECK(test::same(data::image_folder(folder.path()), set));
  }
  set_num_threads(2);

  test::put(folder, "c/1099.png", "bad too");
  const std::string message = test::error_of([&] { data::image_folder(folder.path()); });
  CHECK(message.find("5 of 400 pictures could not be read so far, more than 1 % (max_bad") !=
        std::string::npos);
  CHECK(message.find("c/1050.png: ") != std::string::npos);
  CHECK(data::image_folder(folder.path(), {.read = {.max_bad = 0.02}}).size() == 395);
  CHECK_THROWS_AS(data::image_folder(folder.path(), {.read = {.max_bad = 0}}), Error);
}

TEST_CASE("decoded pixels over the stated budget are refused") {
  test::TempDir folder;
  for (int i = 0; i < 3; ++i) test::put(folder, std::to_string(i) + ".png", test::png(i));
  const std::uint64_t bytes = 3 * 5 * 7 * 3;
  CHECK(data::flat_folder(folder.path(), {.read = {.max_bytes = bytes}}).size() == 3);
  const std::string message =
      test::error_of([&] { data::flat_folder(folder.path(), {.read = {.max_bytes = bytes - 1}}); });
  CHECK(message.find("needs more than 314 bytes when decoded") != std::string::npos);
}

TEST_CASE("a tar and a tar.gz of a folder give the same data set as the folder") {
  test::TempDir folder;
  const std::vector<std::pair<std::string, int>> files = {
      {"./dog/b.png", 3}, {"./cat/z.png", 1}, {"./dog/a.png", 2}, {"./ant/c.png", 4}};
  for (const auto& [name, number] : files) test::put(folder, "root/" + name, test::png(number));
  write_tar(folder / "a.tar", files);
  write_tar(folder / "a.tar.gz", files);
  const Dataset from_folder = data::image_folder(folder / "root");
  CHECK(test::same(data::image_tar(folder / "a.tar"), from_folder));
  CHECK(test::same(data::image_tar(folder / "a.tar.gz"), from_folder));
  CHECK(from_folder.size() == 4);
}

TEST_CASE("a prefix picks one part of a tar, wherever the shared folders end") {
  test::TempDir folder;
  write_tar(folder / "a.tar",
            {{"top/train/cat/1.png", 1}, {"top/train/dog/2.png", 2}, {"top/test/dog/3.png", 3}});
  const Dataset train = data::image_tar(folder / "a.tar", {.prefix = "train"});
  REQUIRE(train.size() == 2);
  CHECK(train.classes() == std::vector<std::string>{"cat", "dog"});
  const Dataset test = data::image_tar(folder / "a.tar", {.prefix = "test/", .classes = train.classes()});
  REQUIRE(test.size() == 1);
  CHECK(test.label(0) == 1);
  CHECK(shows(test, 0, 3));
  CHECK(data::image_tar(folder / "a.tar", {.prefix = "top/test"}).size() == 1);
  CHECK(data::image_tar(folder / "a.tar").size() == 3);
  const std::string message = test::error_of([&] { data::image_tar(folder / "a.tar", {.prefix = "val"}); });
  CHECK(message.find("a.tar:val: holds no pictures") != std::string::npos);
}

TEST_CASE("a class that is called train is not the training part") {
  test::TempDir folder;
  write_tar(folder / "a.tar", {{"train/bus/1.png", 1}, {"test/train/2.png", 2}, {"train/train/3.png", 3}});
  const Dataset train = data::image_tar(folder / "a.tar", {.prefix = "train"});
  REQUIRE(train.size() == 2);
  CHECK(train.classes() == std::vector<std::string>{"bus", "train"});
  CHECK(shows(train, 1, 3));
}

TEST_CASE("a tar whose pictures lie in one folder has no labels") {
  test::TempDir folder;
  write_tar(folder / "a.tar", {{"photos/b.png", 2}, {"photos/a.png", 1}});
  const Dataset set = data::image_tar(folder / "a.tar");
  REQUIRE(set.size() == 2);
  CHECK(shows(set, 0, 1));
  CHECK(set.classes().empty());
  CHECK(set.label(0) == -1);
}

TEST_CASE("of two members of a tar with one name the last counts") {
  test::TempDir folder;
  write_tar(folder / "a.tar", {{"a/x.png", 1}, {"b/y.png", 2}, {"a/x.png", 3}, {"./a/x.png", 4}});
  const Dataset set = data::image_tar(folder / "a.tar");
  REQUIRE(set.size() == 2);
  CHECK(shows(set, 0, 4));
}

TEST_CASE("a damaged picture inside a tar is skipped, a damaged tar is refused") {
  test::TempDir folder;
  test::TarMaker tar;
  for (int i = 0; i < 100; ++i)
    tar.add("c/" + std::to_string(100 + i) + ".png", i == 7 ? "broken" : test::png(i));
  test::write_file(folder / "a.tar", tar.end());
  const Dataset set = data::image_tar(folder / "a.tar");
  CHECK(set.size() == 99);
  REQUIRE(set.skipped().size() == 1);
  CHECK(set.skipped()[0].name == "107.png");
  test::write_file(folder / "b.tar", tar.bytes.substr(0, tar.bytes.size() - 700));
  const std::string message = test::error_of([&] { data::image_tar(folder / "b.tar"); });
  CHECK(message.find("b.tar: damaged tar archive") != std::string::npos);
  const std::string packed = test::gzip(tar.end());
  test::write_file(folder / "c.tar.gz", packed.substr(0, packed.size() / 2));
  CHECK(test::error_of([&] { data::image_tar(folder / "c.tar.gz"); }).find("c.tar.gz: ends in the middle") !=
        std::string::npos);
  test::write_file(folder / "d.tar", "");
  CHECK_THROWS_AS(data::image_tar(folder / "d.tar"), Error);
  CHECK_THROWS_AS(data::image_tar(folder / "nowhere.tar"), Error);
  CHECK_THROWS_AS(data::image_tar(folder.path()), Error);
}
