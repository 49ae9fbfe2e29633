// SPDX-License-Identifier: MIT
#include "pretext/data/tar.hpp"

#include <filesystem>

#include "data/fixtures.hpp"

using namespace pretext;

namespace {

using Files = std::vector<std::pair<std::string, std::string>>;

Files list(const std::string& archive) {
  Files files;
  for (const auto& entry : data::read_tar(bytes_of(archive), "a.tar"))
    files.emplace_back(entry.name, std::string(entry.content.begin(), entry.content.end()));
  return files;
}

std::string tar_refusal(const std::string& archive) {
  return test::error_of([&] { list(archive); });
}

// A small archive with a member of every kind that has a header of its own.
test::TarMaker sample() {
  test::TarMaker tar;
  tar.add("folder/", "", '5').add("folder/a.txt", "alpha").add("long", std::string(150, 'n') + ".txt", 'L');
  tar.add("cut", "beta").pax("path", "pax/name").add("cut", std::string(600, 'c')).add("link", "", '2');
  return tar.add("empty", "");
}

Files sample_files() {
  return {{"folder/a.txt", "alpha"},
          {std::string(150, 'n') + ".txt", "beta"},
          {"pax/name", std::string(600, 'c')},
          {"empty", ""}};
}

bool run(const std::string& command) { return std::system(command.c_str()) == 0; }

}  // namespace

TEST_CASE("the tar reader lists regular files with GNU long names and pax names, in order") {
  CHECK(list(sample().end()) == sample_files());
}

TEST_CASE("the tar reader joins prefix and name of a ustar header") {
  test::TarMaker tar;
  tar.add("file.jpg", "x", '0', "a/long/folder");
  CHECK(list(tar.end()) == Files{{"a/long/folder/file.jpg", "x"}});
}

TEST_CASE("the tar reader takes names of full length without a terminator") {
  test::TarMaker tar;
  tar.add(std::string(100, 'f'), "x", '0', std::string(155, 'p'));
  CHECK(list(tar.end()) == Files{{std::string(155, 'p') + "/" + std::string(100, 'f'), "x"}});
}

TEST_CASE("the tar reader reads sizes in octal, with blanks, and in base 256") {
  test::TarMaker tar;
  tar.header("a", std::string("      5 \0\0\0\0", 12), '0').data("12345");
  tar.header("b", std::string("\x80\0\0\0\0\0\0\0\0\0\x02\x58", 12), '0').data(std::string(600, 'b'));
  tar.header("c", std::string(12, '\0'), '0');
  CHECK(list(tar.end()) == Files{{"a", "12345"}, {"b", std::string(600, 'b')}, {"c", ""}});
}

TEST_CASE("a pax size counts in place of the size in the header, for one member") {
  test::TarMaker tar;
  tar.pax("size", "5").header("a", std::string("00000000001\0", 12), '0').data("12345").add("b", "x");
  CHECK(list(tar.end()) == Files{{"a", "12345"}, {"b", "x"}});
}

TEST_CASE("the tar reader leaves out links, devices, folders, sparse and unknown members") {
  test::TarMaker tar;
  for (const char type : {'1', '2', '3', '4', '5', '6'}) tar.add("no", "", type);
  tar.add("global", "19 comment=anything\n", 'g').add("target", "long link", 'K').add("volume", "", 'V');
  tar.pax("GNU.sparse.major", "1").add("sparse", "map and data").add("kind", "unknown", 'Z');
  tar.add("v7", "old", '\0').add("contiguous", "data", '7').add("folder/", "", '\0');
  std::string sparse_size("00000000004\0", 12);
  tar.header("gnu sparse", sparse_size, 'S');
  tar.bytes[tar.bytes.size() - 512 + 482] = 1;
  tar.reseal(tar.bytes.size() - 512);
  std::string more(512, '\0');
  more[504] = 1;
  tar.bytes += more + std::string(512, '\0');
  tar.data("data").add("last", "seen");
  CHECK(list(tar.end()) == Files{{"v7", "old"}, {"contiguous", "data"}, {"last", "seen"}});
}

TEST_CASE("names are keys: they are given as they stand, whatever they look like") {
  test::TarMaker tar;
  tar.add("../../etc/passwd", "x").add("/root", "y").pax("path", std::string("a\0b", 3)).add("z", "z");
  CHECK(list(tar.end()) == Files{{"../../etc/passwd", "x"}, {"/root", "y"}, {std::string("a\0b", 3), "z"}});
}

TEST_CASE("the tar reader finds every truncation before the end mark") {
  const std::string whole = sample().end();
  const std::size_t data_end = whole.size() - 1024;
  for (std::size_t size = 0; size < data_end + 512; ++size)
    CHECK_MESSAGE(tar_refusal(whole.substr(0, size)).starts_with("a.tar: damaged tar archive"),
                  size << " bytes");
  CHECK(list(whole.substr(0, data_end + 512)) == sample_files());
}

TEST_CASE("the tar reader finds a flipped bit at every byte of every header") {
  const test::TarMaker tar = sample();
  const std::string whole = tar.end();
  int headers = 0;
  for (std::size_t at = 0; at < tar.bytes.size(); at += 512) {
    if (whole.compare(at + 257, 5, "ustar") != 0) continue;
    ++headers;
    for (std::size_t i = 0; i < 512; ++i) {
      if (i == 155) continue;  // behind the end of the checksum: it means nothing
      std::string damaged = whole;
      damaged[at + i] = static_cast<char>(damaged[at + i] ^ 4);
      CHECK_MESSAGE(tar_refusal(damaged).find("checksum") != std::string::npos,
                    "header " << headers << " byte " << i);
    }
  }
  CHECK(headers == 8);
}

TEST_CASE("hostile headers with a right checksum are refused with the reason and the place") {
  const auto archive = [](const std::string& size) {
    test::TarMaker tar;
    return tar.header("a", size, '0').end();
  };
  CHECK(tar_refusal(archive(std::string("77777777777\0", 12)))
            .find("a member of 8589934591 bytes where 1024 are left") != std::string::npos);
  CHECK(tar_refusal(archive(std::string("\x80\0\0\0\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 12))) != "");
  CHECK(tar_refusal(archive(std::string(12, '\xFF'))).find("a size that is no number at byte 512") !=
        std::string::npos);
  CHECK(tar_refusal(archive("12345 123456").substr(0, 1024)) != "");
  CHECK(tar_refusal(archive("not a number")) != "");
  for (const std::string record :
       {"5 a=b\n", "9 a=b\n", "6 a=b", "99999999999999999999999 a=b\n", "7 abcd\n", " 6 a=b\n", "6\ta=b\n",
        "0 a=b\n", "x", "12 size=-1\n\n", "12 size=12x\n"}) {
    test::TarMaker tar;
    CHECK_MESSAGE(tar_refusal(tar.add("pax", record, 'x').add("a", "b").end()) != "", record);
  }
}

TEST_CASE("an archive of nothing but an end mark is empty, and no bytes at all are no archive") {
  CHECK(list(std::string(1024, '\0')).empty());
  CHECK(tar_refusal("").find("no end mark") != std::string::npos);
}

TEST_CASE("old archives whose checksums were summed over signed bytes are read") {
  test::TarMaker tar;
  tar.add("caf\xE9.jpg", "x");
  int sum = 0;
  for (std::size_t i = 0; i < 512; ++i)
    sum += i >= 148 && i < 156 ? ' ' : static_cast<int>(static_cast<signed char>(tar.bytes[i]));
  char field[8];
  std::snprintf(field, sizeof(field), "%06o", static_cast<unsigned>(sum) & 0777777);
  tar.bytes.replace(148, 7, field, 7);
  CHECK(list(tar.end()) == Files{{"caf\xE9.jpg", "x"}});
}

TEST_CASE("the tar reader agrees with the system's tar on all of its formats, long names included") {
  if (!run("tar --version 2>/dev/null | grep -q GNU")) return test::skip("GNU tar is not installed");
  test::TempDir folder;
  Files expected;
  const auto make = [&](const std::string& name, std::size_t size) {
    const auto path = folder / ("in/" + name);
    std::filesystem::create_directories(path.parent_path());
    std::string content(size, '\0');
    for (std::size_t i = 0; i < size; ++i) content[i] = static_cast<char>(i * 7 + name.size());
    test::write_file(path, content);
    expected.emplace_back("./" + name, content);
  };
  make("a.jpg", 0);
  make("b.jpg", 511);
  make("c/d.jpg", 512);
  make("c/e.jpg", 100000);
  make(std::string(60, 'f') + "/" + std::string(60, 'g') + ".jpg", 513);
  std::filesystem::create_symlink("a.jpg", folder / "in/link.jpg");
  std::ranges::sort(expected);
  for (const std::string format : {"ustar", "pax", "gnu", "oldgnu"}) {
    const std::string out = (folder / (format + ".tar")).string();
    const std::string in = (folder / "in").string();
    REQUIRE(run("tar --format=" + format + " --hard-dereference -cf " + out + " -C " + in + " ."));
    Files files = list(test::read_file(out));
    std::ranges::sort(files);
    CHECK_MESSAGE(files == expected, format);
  }
  const std::string name = std::string(200, 'h') + ".jpg";
  make(name, 10);
  std::ranges::sort(expected);
  for (const std::string format : {"pax", "gnu"}) {
    const std::string out = (folder / (format + "2.tar")).string();
    REQUIRE(run("tar --format=" + format + " -cf " + out + " -C " + (folder / "in").string() + " ."));
    Files files = list(test::read_file(out));
    std::ranges::sort(files);
    CHECK_MESSAGE(files == expected, format);
  }
}
