// SPDX-License-Identifier: MIT
// Writes the seed files of the fuzz target for .pth files:
//   g++ -std=c++20 -Itests tests/fuzz/make_pth_corpus.cpp -lz -o make_pth_corpus
//   ./make_pth_corpus tests/fuzz/corpus
// Most have no checksums, which would end almost every damaged file's test.

#include <filesystem>
#include <fstream>

#include "tensor/pth_maker.hpp"

namespace {

using namespace test::pth;

void save(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace

int main(int count, char** arguments) {
  const std::filesystem::path folder =
      std::filesystem::path(count > 1 ? arguments[1] : "tests/fuzz/corpus") / "pth";
  std::filesystem::create_directories(folder);
  const ZipForm no_sums{.sums = false};
  const std::string six = values<float>({1, 2, 3, 4, 5, 6}), one = values<std::int64_t>({7});
  const TensorForm turned{.shape = {3, 2}, .strides = {1, 3}},
      part{.shape = {2}, .strides = {3}, .offset = 1}, repeated{.shape = {4, 6}, .strides = {0, 1}},
      half{.elements = 12, .shape = {12}, .strides = {1}, .type = "HalfStorage"},
      batches{.key = "1", .elements = 1, .shape = {}, .strides = {}, .type = "LongStorage"};
  const std::string plain = dict({{"conv.weight", tensor({})}, {"bn.num_batches_tracked", tensor(batches)}});
  const std::string parameter = global("torch._utils", "_rebuild_parameter") +
                                tuple({tensor(turned), "\x88", global("collections", "OrderedDict") + ")R"}) +
                                "R";
  const std::string remembered = "}q"s + '\0' + "(" + text("a") + tensor(half) + "r" +
                                 number<std::uint32_t>(1) + text("b") + "h\1" + text("c") + "j" +
                                 number<std::uint32_t>(1) + text("self") + "h"s + '\0' + "u";
  const std::string attributes = global("collections", "OrderedDict") + ")R(" + text("w") + tensor(repeated) +
                                 "u}" + text("_metadata") + dict({{"version", "K\2"}}) + "sb";
  save(folder / "plain", file(plain, {six, one}, no_sums));
  save(folder / "plain_sums", file(plain, {six, one}));
  save(folder / "zip64",
       file(dict({{"p", parameter}, {"s", tensor(part)}}), {six}, {.zip64 = true, .sums = false}));
  save(folder / "remembered", file(remembered, {six}, no_sums));
  save(folder / "attributes", file(attributes, {six}, no_sums));
  save(folder / "checkpoint", file(dict({{"epoch", integer(3)},
                                         {"lr", "G\x3F\xB9\x99\x99\x99\x99\x99\x9A"},
                                         {"long", integer(std::int64_t{1} << 40)},
                                         {"list", "](M\1\1N\x89"s + "eK\2a"},
                                         {"size", global("torch", "Size") + tuple({integers({2})}) + "R"},
                                         {"model", dict({{"state_dict", plain}})}}),
                                   {six, one}, {.sums = false, .comment = "a comment"}));
  save(folder / "forbidden", file(global("os", "system") + tuple({text("true")}) + "R", {}, no_sums));
}
