// SPDX-License-Identifier: MIT
#include "pretext/tensor/safetensors.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include "support.hpp"

using namespace pretext;

namespace {

template <class T>
NamedTensor tensor(const std::string& name, const Shape& shape, const std::vector<T>& values) {
  return NamedTensor::of<T>(name, shape, values);
}

TensorFile sample() {
  TensorFile file;
  file.tensors = {tensor<float>("block1.weight", {2, 3}, {1, 2, 3, -4, 5.5F, 1e-40F}),
                  tensor<std::uint8_t>("mask", {3}, {0, 1, 255}),
                  tensor<double>("mean", {}, {0.1}),
                  tensor<std::int64_t>("steps", {1}, {-7}),
                  tensor<std::int32_t>("labels", {2, 1, 1}, {3, -2}),
                  tensor<float>("none", {0, 5}, {})};
  file.metadata = {{"task", "rotation"}, {"note", "a \"quoted\"\nline"}};
  return file;
}

/// The bytes of a file with this header, any data, and the right length before them.
std::string file_with(const std::string& header, std::size_t data = 0) {
  std::string bytes(8, '\0');
  const std::uint64_t length = header.size();
  std::memcpy(bytes.data(), &length, 8);
  return bytes + header + std::string(data, 'x');
}

std::string error_of(const std::string& bytes) {
  try {
    parse_safetensors(bytes_of(bytes), "weights.safetensors");
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::string written(const TensorFile& file) {
  const test::TempDir dir;
  write_safetensors(dir / "file.safetensors", file);
  return test::read_file(dir / "file.safetensors");
}

}  // namespace

TEST_CASE("a safetensors file gives back names, types, shapes, bits and metadata") {
  const test::TempDir dir;
  const TensorFile file = sample();
  write_safetensors(dir / "file.safetensors", file);
  const TensorFile back = read_safetensors(dir / "file.safetensors");
  REQUIRE(back.tensors.size() == file.tensors.size());
  CHECK(hash_of(back.tensors) == hash_of(file.tensors));
  CHECK(back.tensors[0].as<float>() == file.tensors[0].as<float>());
  CHECK(back.metadata.at("note") == "a \"quoted\"\nline");
  CHECK(back.metadata.at("task") == "rotation");
  CHECK(back.metadata.at("producer") == "pretext " PRETEXT_VERSION);
  CHECK(back.metadata.size() == 4);
}

TEST_CASE("what was read is written again to the same bytes") {
  const std::string once = written(sample());
  CHECK(written(parse_safetensors(bytes_of(once), "once")) == once);
}

TEST_CASE("data begin at a multiple of eight and every tensor is aligned to its type") {
  const std::string bytes = written(sample());
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  CHECK(length % 8 == 0);
  std::map<std::string, std::string> metadata;
  for (const auto& entry :
       detail::safetensors::parse_header(std::string_view(bytes).substr(8, length), "test", metadata))
    CHECK(entry.begin % size_of(entry.tensor.dtype) == 0);
}

TEST_CASE("an empty safetensors file is a file too") {
  CHECK(parse_safetensors(bytes_of(written({})), "empty").tensors.empty());
  CHECK(parse_safetensors(bytes_of(file_with("{}")), "empty").tensors.empty());
}

TEST_CASE("a file of another writer needs no checksum, and its tensors may lie in any order") {
  const std::string bytes = file_with(
      R"( { "b" : {"data_offsets":[0,4],"dtype":"F32","shape":[1]},"a":{"dtype":"U8","shape":[2,2],"data_offsets":[4,8]},
      "__metadata__":{"format":"pt"}}   )",
      8);
  const TensorFile file = parse_safetensors(bytes_of(bytes), "other");
  REQUIRE(file.tensors.size() == 2);
  CHECK(file.tensors[0].name == "b");
  CHECK(file.tensors[1].as<std::uint8_t>() == std::vector<std::uint8_t>(4, 'x'));
  CHECK(file.metadata.at("format") == "pt");
}

TEST_CASE("bf16 weights are kept as they are") {
  const std::string bytes = file_with(R"({"a":{"dtype":"BF16","shape":[3],"data_offsets":[0,6]}})", 6);
  const TensorFile file = parse_safetensors(bytes_of(bytes), "other");
  CHECK(file.tensors.at(0).dtype == Dtype::bf16);
  CHECK(file.tensors.at(0).data.size() == 6);
}

TEST_CASE("every flipped bit of a file is found") {
  const std::string whole = written(sample());
  REQUIRE(error_of(whole) == "no error");
  int missed = 0;
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
      missed += error_of(bytes) == "no error" ? 1 : 0;
    }
  CHECK(missed == 0);
}

TEST_CASE("every cut of a file is found, and so are bytes behind its end") {
  const std::string whole = written(sample());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK(error_of(whole.substr(0, size)) != "no error");
  }
  CHECK(error_of(whole + "x").find("the tensors end after") != std::string::npos);
}

TEST_CASE("a hostile header is refused with its reason") {
  struct Case {
    const char* header;
    std::size_t data;
    const char* reason;
  };
  const std::vector<Case> cases = {
      {"", 0, "expected '{'"},
      {"[]", 0, "expected '{'"},
      {"{}", 1, "the tensors end after 0 of 1"},
      {R"({"a":1})", 0, "expected '{'"},
      {R"({"a":{}})", 0, "needs a dtype, a shape and two data_offsets"},
      {R"({"a":{"dtype":"F32","shape":[1]}})", 4, "needs a dtype"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}})", 4, "needs a dtype"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":1}})", 4, "but no \"more\""},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"shape":[1]}})", 4, "appears twice"},
      {R"({"a":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}})", 4, "has the type \"F33\""},
      {R"({"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}})", 4, "malformed JSON"},
      {R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", 4, "negative extent"},
      {R"({"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1],"data_offsets":[0,4]}})", 4, "at most 6 axes"},
      {R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}})", 4, "too large"},
      {R"({"a":{"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0]}})", 0, "too large"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 4, "of shape [2] has 8 bytes"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 4, "fill the file without gap"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", 8, "fill the file without gap"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}})", 0, "fill the file without gap"},
      {R"({"a":{"dtype":"F32","shape":[0],"data_offsets":[0,-4]}})", 0, "fill the file without gap"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,9223372036854775807]}})", 4, "fill the file"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,9223372036854775808]}})", 4, "64 bits"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
       8, "\"a\" appears twice"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
       4, "fill the file without gap"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}})",
       12, "fill the file without gap"},
      {R"({"__metadata__":{"a":1}})", 0, "expected '\"'"},
      {R"({"__metadata__":{"a":{"b":"c"}}})", 0, "expected '\"'"},
      {R"({"__metadata__":{},"__metadata__":{}})", 0, "appears twice"},
      {R"({"__metadata__":{"producer":"me"}})", 0, "its checksum is missing"},
      {R"({"__metadata__":{"a":"b","checksum":"0123456789abcdef"}})", 0, "not where it belongs"},
      {R"({"__metadata__":{"checksum":"0123456789abcdef"}})", 0, "the file is damaged"},
      {R"({"__metadata__":{"checksum":"0"}})", 0, "not where it belongs"},
  };
  for (const Case& c : cases) {
    const std::string error = error_of(file_with(c.header, c.data));
    CAPTURE(c.header);
    CAPTURE(error);
    CHECK(error.starts_with("weights.safetensors: "));
    CHECK(error.find(c.reason) != std::string::npos);
  }
}

TEST_CASE("a header that claims more bytes than there are is refused before anything is taken") {
  std::string bytes = file_with("{}");
  for (const std::uint64_t length :
       {std::uint64_t{3}, std::uint64_t{100'000'001}, ~std::uint64_t{0}, std::uint64_t{1} << 63}) {
    std::memcpy(bytes.data(), &length, 8);
    CHECK(error_of(bytes).find("its header claims") != std::string::npos);
  }
}

TEST_CASE("a file that could not be read back is not written") {
  const test::TempDir dir;
  TensorFile twice;
  twice.tensors = {tensor<float>("a", {1}, {1}), tensor<float>("a", {1}, {2})};
  CHECK_THROWS_WITH_AS(write_safetensors(dir / "twice", twice),
                       doctest::Contains("two tensors would be named 'a'"), Error);
  TensorFile misfit;
  misfit.tensors = {{"a", Dtype::f32, {3}, std::vector<std::byte>(4)}};
  CHECK_THROWS_WITH_AS(write_safetensors(dir / "misfit", misfit), doctest::Contains("'a' has 4 bytes"),
                       Error);
  TensorFile reserved;
  reserved.tensors = {tensor<float>("__metadata__", {1}, {1})};
  CHECK_THROWS_AS(write_safetensors(dir / "reserved", reserved), Error);
  CHECK(std::filesystem::is_empty(dir.path()));
}

TEST_CASE("a missing file and a folder are errors that name the path") {
  const test::TempDir dir;
  CHECK_THROWS_WITH_AS(read_safetensors(dir / "none"), doctest::Contains("none: cannot be opened"), Error);
  CHECK_THROWS_WITH_AS(read_safetensors(dir.path()), doctest::Contains("is not a regular file"), Error);
}
