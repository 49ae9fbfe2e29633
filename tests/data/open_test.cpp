// SPDX-License-Identifier: MIT
#include "pretext/data/open.hpp"

#include "data/fixtures.hpp"

using namespace pretext;
using data::Dataset;
using data::Split;
namespace fs = std::filesystem;

namespace {

Dataset open(const fs::path& path, Split split = Split::train) { return data::open(path.string(), split); }

std::string open_refusal(const fs::path& path, Split split = Split::train) {
  return test::error_of([&] { open(path, split); });
}

}  // namespace

TEST_CASE("open recognises the folders of CIFAR-10 and CIFAR-100 and the folders above them") {
  test::TempDir folder;
  for (const std::string where : {"plain/", "above/cifar-10-batches-bin/"}) {
    for (int i = 1; i <= 5; ++i)
      test::put(folder, where + "data_batch_" + std::to_string(i) + ".bin", test::cifar_record({2}, i));
    test::put(folder, where + "test_batch.bin", test::cifar_record({3}, 9));
  }
  for (const auto& path : {folder / "plain", folder / "above"}) {
    CHECK(open(path).size() == 5);
    CHECK(open(path, Split::test).label(0) == 3);
  }
  test::put(folder, "hundred/train.bin", test::cifar_record({2, 50}, 0));
  test::put(folder, "hundred/test.bin", test::cifar_record({2, 51}, 0));
  CHECK(open(folder / "hundred").label(0) == 50);
  CHECK(open(folder / "hundred", Split::test).label(0) == 51);
}

TEST_CASE("open recognises the folders of STL-10 and of MNIST and the folders above them") {
  test::TempDir folder;
  for (const std::string where : {"stl/", "above_stl/stl10_binary/"}) {
    test::put(folder, where + "train_X.bin", test::stl10_picture(1));
    test::put(folder, where + "train_y.bin", "\x04");
    test::put(folder, where + "unlabeled_X.bin", test::stl10_picture(1) + test::stl10_picture(2));
  }
  test::put(folder, "only/unlabeled_X.bin", test::stl10_picture(1) + test::stl10_picture(2));
  for (const std::string name : {"stl", "above_stl", "only"})
    CHECK(open(folder / name, Split::unlabeled).size() == 2);
  for (const std::string name : {"stl", "above_stl"}) CHECK(open(folder / name).label(0) == 3);
  CHECK(open_refusal(folder / "above_stl", Split::test).find("stl10_binary: test_X.bin is missing") !=
        std::string::npos);

  const std::string images = test::idx_file({2, 1, 1}, "ab"), labels = test::idx_file({2}, {2, 3});
  for (const std::string where : {"plain/", "above/mnist/", "above_fashion/fashion-mnist/"}) {
    test::put(folder, where + "train-images-idx3-ubyte", images);
    test::put(folder, where + "train-labels-idx1-ubyte", labels);
  }
  test::put(folder, "packed/t10k-images-idx3-ubyte.gz", test::gzip(images));
  test::put(folder, "packed/t10k-labels-idx1-ubyte.gz", test::gzip(labels));
  for (const std::string name : {"plain", "above", "above_fashion"}) CHECK(open(folder / name).label(1) == 3);
  CHECK(open(folder / "packed", Split::test).label(0) == 2);
  const data::OpenOptions small{.gunzip = {.max_bytes = 16}};
  CHECK(test::error_of([&] {
          data::open((folder / "packed").string(), Split::test, small);
        }).find("grows to more than 16 bytes") != std::string::npos);
}

TEST_CASE("open asks which of two data sets in one folder is meant") {
  test::TempDir folder;
  test::put(folder, "stl10_binary/test_X.bin", test::stl10_picture(1));
  test::put(folder, "stl10_binary/test_y.bin", "\x04");
  CHECK(open(folder.path(), Split::test).size() == 1);
  test::put(folder, "cifar-100-binary/train.bin", test::cifar_record({2, 50}, 0));
  CHECK(open_refusal(folder.path(), Split::test)
            .find("holds two data sets, cifar-100-binary/ and stl10_binary/") != std::string::npos);
  CHECK(open(folder / "cifar-100-binary").size() == 1);
}

TEST_CASE("open says so where an unlabeled part is asked of a source that is not STL-10") {
  test::TempDir folder;
  test::put(folder, "flat/1.png", test::png(1));
  test::put(folder, "parts/train/cat/1.png", test::png(1));
  test::put(folder, "parts/unlabeled/1.png", test::png(1));
  test::put(folder, "ten/data_batch_1.bin", test::cifar_record({2}, 1));
  test::put(folder, "hundred/train.bin", test::cifar_record({2, 50}, 0));
  test::put(folder, "digits/train-images-idx3-ubyte", test::idx_file({1, 1, 1}, "a"));
  test::put(folder, "a.tar", test::TarMaker().add("cat/1.png", test::png(1)).end());
  data::save_cache(open(folder / "flat"), folder / "a.ptx");
  for (const std::string name : {"flat", "parts", "ten", "hundred", "digits", "a.tar", "a.ptx"})
    CHECK_MESSAGE(open_refusal(folder / name, Split::unlabeled).find(name + ": has no unlabeled part") !=
                      std::string::npos,
                  name);
  CHECK(test::error_of([&] { data::open("shapes", Split::unlabeled); }).find("has no unlabeled part") !=
        std::string::npos);
  CHECK(open_refusal(folder / "nowhere", Split::unlabeled).find("there is no such file") !=
        std::string::npos);
}

TEST_CASE("open reads a folder as ImageNet has it: val/ is the test part, and pictures have any size") {
  test::TempDir folder;
  test::put(folder, "train/n01440764/n01440764_1.JPEG.png", test::png(1, 1, 1));
  test::put(folder, "train/n01440764/n01440764_2.png", test::png(2, 300, 2));
  test::put(folder, "train/n02102040/n02102040_1.PNG", test::png(3, 37, 501));
  test::put(folder, "train/n03888257/n03888257_1.png", test::png(4));
  test::put(folder, "val/n03888257/ILSVRC2012_val_00000001.png", test::png(5, 3, 1000));
  test::put(folder, "val/n01440764/ILSVRC2012_val_00000002.png", test::png(6));
  const Dataset train = open(folder.path()), held_out = open(folder.path(), Split::test);
  REQUIRE(train.size() == 4);
  REQUIRE(held_out.size() == 2);
  CHECK(train.classes() == std::vector<std::string>{"n01440764", "n02102040", "n03888257"});
  CHECK(held_out.classes() == train.classes());
  CHECK(test::same_pixels(train.image(0), test::picture(1, 1, 1)));
  CHECK(test::same_pixels(train.image(1), test::picture(2, 300, 2)));
  CHECK(test::same_pixels(train.image(2), test::picture(3, 37, 501)));
  CHECK(held_out.label(0) == 0);
  CHECK(held_out.label(1) == 2);
  CHECK(test::same_pixels(held_out.image(1), test::picture(5, 3, 1000)));
  test::put(folder, "validation/n02102040/1.png", test::png(7));
  CHECK(open(folder.path(), Split::test).size() == 2);  // val/ comes before validation/
  test::put(folder, "test/n02102040/1.png", test::png(7));
  CHECK(open(folder.path(), Split::test).label(0) == 1);  // and test/ before val/
  test::put(folder, "test/n09999999/1.png", test::png(8));
  CHECK(open_refusal(folder.path(), Split::test).find("none of the 3 known classes") != std::string::npos);
}

TEST_CASE("open takes a folder as it is: class folders, flat, or with parts") {
  test::TempDir folder;
  test::put(folder, "classes/cat/1.png", test::png(1));
  test::put(folder, "classes/dog/2.png", test::png(2));
  test::put(folder, "flat/1.png", test::png(1));
  test::put(folder, "parts/train/cat/1.png", test::png(1));
  test::put(folder, "parts/train/dog/2.png", test::png(2));
  test::put(folder, "parts/val/dog/3.png", test::png(3));
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
    test::put(folder, "voc/" + names[i], test::png(static_cast<int>(i)));
    plain.add(names[i], test::png(static_cast<int>(i)));
    topped.add("voc/" + names[i], test::png(static_cast<int>(i)));
  }
  test::write_file(folder / "plain.tar", plain.end());
  test::write_file(folder / "topped.tar", topped.end());
  for (const std::string name : {"voc", "plain.tar", "topped.tar"}) {
    CAPTURE(name);
    CHECK(open(folder / name).classes() == std::vector<std::string>{"car", "dog", "train"});
    CHECK(open(folder / name).size() == 4);
    CHECK(open_refusal(folder / name, Split::test).find(name + ": has no test part") != std::string::npos);
  }
  test::put(folder, "voc/valid/car/5.png", test::png(5));
  topped_parts.add("voc/train/car/1.png", test::png(1)).add("voc/valid/car/5.png", test::png(5));
  test::write_file(folder / "topped_parts.tar", topped_parts.add("voc/other/6.png", test::png(6)).end());
  CHECK(open(folder / "voc").size() == 2);
  CHECK(open(folder / "topped_parts.tar").size() == 1);
  CHECK(test::same_pixels(open(folder / "topped_parts.tar", Split::test).image(0), test::picture(5).view()));
  within.add("train/cat/1.png", test::png(1)).add("train/test/2.png", test::png(2));
  test::write_file(folder / "within.tar", within.end());
  CHECK(open(folder / "within.tar").size() == 2);
  CHECK(open_refusal(folder / "within.tar", Split::test).find("has no test part") != std::string::npos);
}

TEST_CASE("open takes train for the training part where only other things than pictures lie beside it") {
  test::TempDir folder;
  test::put(folder, "set/train/1.png", test::png(1));
  test::put(folder, "set/notes/labels.txt", "none");
  test::put(folder, "set/README", "none");
  CHECK_FALSE(open(folder / "set").labelled());
  test::put(folder, "set/2.png", test::png(2));
  CHECK(open(folder / "set").size() == 2);
}

TEST_CASE("open says so where a test part is asked of a source without one") {
  test::TempDir folder;
  test::put(folder, "classes/cat/1.png", test::png(1));
  test::put(folder, "only_test/test/cat/1.png", test::png(1));
  test::put(folder, "only_train/train/cat/1.png", test::png(1));
  test::TarMaker tar;
  test::write_file(folder / "a.tar",
                   tar.add("cat/1.png", test::png(1)).add("test/2.png", test::png(2)).end());
  data::save_cache(open(folder / "classes"), folder / "a.ptx");
  for (const std::string name : {"classes", "only_test", "only_train", "a.tar", "a.ptx"}) {
    CHECK(open(folder / name).size() >= 1);
    CHECK_MESSAGE(
        open_refusal(folder / name, Split::test).find(name + ": has no test part") != std::string::npos,
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
  test::put(folder, "a.zip", "zip");
  CHECK(open_refusal(folder / "a.zip").find("a.zip: is not a data set; expected a folder of pictures") !=
        std::string::npos);
  CHECK(open_refusal(folder / "nowhere").find("there is no such file or folder") != std::string::npos);
  CHECK(open_refusal("").find("expected a folder") != std::string::npos);
  fs::create_directory(folder / "empty");
  CHECK(open_refusal(folder / "empty").find("holds no pictures") != std::string::npos);
}

TEST_CASE("open with a cache folder decodes again for other read options") {
  test::TempDir folder;
  test::put(folder, "set/cat/1.png", test::png(1));
  test::put(folder, "set/cat/2.png", "no picture");
  data::OpenOptions options{.read = {.max_bad = 0.5}, .cache = folder / "cache"};
  const std::string source = (folder / "set").string();
  CHECK(data::open(source, Split::train, options).size() == 1);
  options.read.max_bad = 0;
  CHECK(test::error_of([&] { data::open(source, Split::train, options); }).find("max_bad") !=
        std::string::npos);
}

TEST_CASE("open with a cache folder decodes once, and again when the source changes") {
  test::TempDir folder;
  test::put(folder, "set/train/cat/1.png", test::png(1));
  test::put(folder, "set/test/cat/2.png", test::png(2));
  const data::OpenOptions options{.cache = folder / "cache"};
  const std::string source = (folder / "set").string();
  const Dataset plain = data::open(source), first = data::open(source, Split::train, options);
  CHECK(test::same(first, plain));
  const auto cached = *fs::directory_iterator(folder / "cache");
  const auto written = fs::last_write_time(cached);
  CHECK(test::same(data::open(source, Split::train, options), plain));
  CHECK(fs::last_write_time(cached) == written);
  CHECK(test::same(data::open(source, Split::test, options), data::open(source, Split::test)));
  test::put(folder, "set/train/dog/3.png", test::png(3));
  CHECK(data::open(source, Split::train, options).size() == 2);
  CHECK(first.size() == 1);
  CHECK(test::same_pixels(first.image(0), test::picture(1).view()));
}
