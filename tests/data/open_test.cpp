// SPDX-License-Identifier: MIT
#include "pretext/data/open.hpp"

#include "data/fixtures.hpp"

using namespace pretext;
using data::Dataset;
using data::Split;
namespace fs = std::filesystem;

namespace {

void put(const test::TempDir& folder, const std::string& name, const std::string& content) {
  fs::create_directories((folder / name).parent_path());
  test::write_file(folder / name, content);
}

Dataset open(const fs::path& path, Split split = Split::train) { return data::open(path.string(), split); }

std::string refusal(const fs::path& path, Split split = Split::train) {
  return test::error_of([&] { open(path, split); });
}

}  // namespace

TEST_CASE("open recognises the folders of CIFAR-10 and CIFAR-100 and the folders above them") {
  test::TempDir folder;
  for (const std::string where : {"plain/", "above/cifar-10-batches-bin/"}) {
    for (int i = 1; i <= 5; ++i)
      put(folder, where + "data_batch_" + std::to_string(i) + ".bin", test::cifar_record({2}, i));
    put(folder, where + "test_batch.bin", test::cifar_record({3}, 9));
  }
  for (const auto& path : {folder / "plain", folder / "above"}) {
    CHECK(open(path).size() == 5);
    CHECK(open(path, Split::test).label(0) == 3);
  }
  put(folder, "hundred/train.bin", test::cifar_record({2, 50}, 0));
  put(folder, "hundred/test.bin", test::cifar_record({2, 51}, 0));
  CHECK(open(folder / "hundred").label(0) == 50);
  CHECK(open(folder / "hundred", Split::test).label(0) == 51);
}

TEST_CASE("open takes a folder as it is: class folders, flat, or with parts") {
  test::TempDir folder;
  put(folder, "classes/cat/1.png", test::png(1));
  put(folder, "classes/dog/2.png", test::png(2));
  put(folder, "flat/1.png", test::png(1));
  put(folder, "parts/train/cat/1.png", test::png(1));
  put(folder, "parts/train/dog/2.png", test::png(2));
  put(folder, "parts/val/dog/3.png", test::png(3));
  CHECK(open(folder / "classes").labelled());
  CHECK(data::open((folder / "classes").string() + "/").size() == 2);
  CHECK_FALSE(open(folder / "flat").labelled());
  CHECK(open(folder / "parts").size() == 2);
  const Dataset held_out = open(folder / "parts", Split::test);
  REQUIRE(held_out.size() == 1);
  CHECK(held_out.label(0) == 1);  // as in training, though "cat" has no test picture
  CHECK(held_out.classes() == open(folder / "parts").classes());
}

TEST_CASE("open takes a tar or a tar.gz as it is, whole or with parts") {
  test::TempDir folder;
  test::TarMaker whole, parts;
  whole.add("cat/1.png", test::png(1)).add("dog/2.png", test::png(2));
  parts.add("test/dog/3.png", test::png(3))
      .add("train/cat/1.png", test::png(1))
      .add("train/dog/2.png", test::png(2));
  test::write_file(folder / "whole.tar", whole.end());
  test::write_file(folder / "parts.tar.gz", test::gzip(parts.end()));
  test::write_file(folder / "parts.tgz", test::gzip(parts.end()));
  CHECK(open(folder / "whole.tar").size() == 2);
  CHECK(open(folder / "parts.tar.gz").size() == 2);
  CHECK(open(folder / "parts.tgz").size() == 2);
  const Dataset held_out = open(folder / "parts.tar.gz", Split::test);
  REQUIRE(held_out.size() == 1);
  CHECK(held_out.label(0) == 1);
}

TEST_CASE("open takes a class called train for a class, and leaves out no picture beside it") {
  test::TempDir folder;
  const std::vector<std::string> names{"car/1.png", "dog/2.png", "train/3.png", "train/4.png"};
  test::TarMaker plain, topped, topped_parts, within;
  for (std::size_t i = 0; i < names.size(); ++i) {
    put(folder, "voc/" + names[i], test::png(static_cast<int>(i)));
    plain.add(names[i], test::png(static_cast<int>(i)));
    topped.add("voc/" + names[i], test::png(static_cast<int>(i)));
  }
  test::write_file(folder / "plain.tar", plain.end());
  test::write_file(folder / "topped.tar", topped.end());
  for (const std::string name : {"voc", "plain.tar", "topped.tar"}) {
    CAPTURE(name);
    CHECK(open(folder / name).classes() == std::vector<std::string>{"car", "dog", "train"});
    CHECK(open(folder / name).size() == 4);
    CHECK(refusal(folder / name, Split::test).find(name + ": has no test part") != std::string::npos);
  }
  put(folder, "voc/valid/car/5.png", test::png(5));
  topped_parts.add("voc/train/car/1.png", test::png(1)).add("voc/valid/car/5.png", test::png(5));
  test::write_file(folder / "topped_parts.tar", topped_parts.add("voc/other/6.png", test::png(6)).end());
  CHECK(open(folder / "voc").size() == 2);
  CHECK(open(folder / "topped_parts.tar").size() == 1);
  CHECK(test::same_pixels(open(folder / "topped_parts.tar", Split::test).image(0), test::picture(5).view()));
  within.add("train/cat/1.png", test::png(1)).add("train/test/2.png", test::png(2));
  test::write_file(folder / "within.tar", within.end());
  CHECK(open(folder / "within.tar").size() == 2);
  CHECK(refusal(folder / "within.tar", Split::test).find("has no test part") != std::string::npos);
}

TEST_CASE("open takes train for the training part where only other things than pictures lie beside it") {
  test::TempDir folder;
  put(folder, "set/train/1.png", test::png(1));
  put(folder, "set/notes/labels.txt", "none");
  put(folder, "set/README", "none");
  CHECK_FALSE(open(folder / "set").labelled());
  put(folder, "set/2.png", test::png(2));
  CHECK(open(folder / "set").size() == 2);
}

TEST_CASE("open says so where a test part is asked of a source without one") {
  test::TempDir folder;
  put(folder, "classes/cat/1.png", test::png(1));
  put(folder, "only_test/test/cat/1.png", test::png(1));
  put(folder, "only_train/train/cat/1.png", test::png(1));
  test::TarMaker tar;
  test::write_file(folder / "a.tar",
                   tar.add("cat/1.png", test::png(1)).add("test/2.png", test::png(2)).end());
  data::save_cache(open(folder / "classes"), folder / "a.ptx");
  for (const std::string name : {"classes", "only_test", "only_train", "a.tar", "a.ptx"}) {
    CHECK(open(folder / name).size() >= 1);
    CHECK_MESSAGE(refusal(folder / name, Split::test).find(name + ": has no test part") != std::string::npos,
                  name);
  }
}

TEST_CASE("open draws procedural pictures of the size and number in the name") {
  CHECK(data::open("shapes").image(0).height == 32);
  CHECK(data::open("shapes").size() == 4000);
  CHECK(data::open("shapes", Split::test).size() == 1000);
  const Dataset large = data::open("shapes:64:10");
  CHECK(large.size() == 10);
  CHECK(large.image(0).width == 64);
  CHECK(data::open("shapes:64:10", Split::test).size() == 3);
  CHECK(large.hash() != data::open("shapes:64:10", Split::train, {.seed = 1}).hash());
  for (const std::string name :
       {"shapes:", "shapes:x", "shapes:64x", "shapes:64:", "shapes:64:10:1", "shapes:-64", "shapes:0",
        "shapes:31", "shapes:97", "shapes:99999999999999999999"})
    CHECK_MESSAGE(test::error_of([&] { data::open(name); }).find("shapes") != std::string::npos, name);
}

TEST_CASE("open names what it supports where it is given something else") {
  test::TempDir folder;
  put(folder, "a.zip", "zip");
  CHECK(refusal(folder / "a.zip").find("a.zip: is not a data set; expected a folder of pictures") !=
        std::string::npos);
  CHECK(refusal(folder / "nowhere").find("there is no such file or folder") != std::string::npos);
  CHECK(refusal("").find("expected a folder") != std::string::npos);
  fs::create_directory(folder / "empty");
  CHECK(refusal(folder / "empty").find("holds no pictures") != std::string::npos);
}

TEST_CASE("open with a cache folder decodes again for other read options") {
  test::TempDir folder;
  put(folder, "set/cat/1.png", test::png(1));
  put(folder, "set/cat/2.png", "no picture");
  data::OpenOptions options{.read = {.max_bad = 0.5}, .cache = folder / "cache"};
  const std::string source = (folder / "set").string();
  CHECK(data::open(source, Split::train, options).size() == 1);
  options.read.max_bad = 0;
  CHECK(test::error_of([&] { data::open(source, Split::train, options); }).find("max_bad") !=
        std::string::npos);
}

TEST_CASE("open with a cache folder decodes once, and again when the source changes") {
  test::TempDir folder;
  put(folder, "set/train/cat/1.png", test::png(1));
  put(folder, "set/test/cat/2.png", test::png(2));
  const data::OpenOptions options{.cache = folder / "cache"};
  const std::string source = (folder / "set").string();
  const Dataset plain = data::open(source), first = data::open(source, Split::train, options);
  CHECK(test::same(first, plain));
  const auto cached = *fs::directory_iterator(folder / "cache");
  const auto written = fs::last_write_time(cached);
  CHECK(test::same(data::open(source, Split::train, options), plain));
  CHECK(fs::last_write_time(cached) == written);
  CHECK(test::same(data::open(source, Split::test, options), data::open(source, Split::test)));
  put(folder, "set/train/dog/3.png", test::png(3));
  CHECK(data::open(source, Split::train, options).size() == 2);
  CHECK(first.size() == 1);
  CHECK(test::same_pixels(first.image(0), test::picture(1).view()));
}
