// SPDX-License-Identifier: MIT
// Writes the seed files of the fuzz targets for tensors, checkpoints and JSON:
//   g++ -std=c++20 -Iinclude -I/usr/include/eigen3 -pthread tests/fuzz/make_train_corpus.cpp -o
//   make_train_corpus
//   ./make_train_corpus tests/fuzz/corpus

#include <fstream>
#include <iostream>

#include "checkpoint_target.hpp"

namespace {

using namespace pretext;
namespace fs = std::filesystem;

void save_text(const fs::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

template <class T>
NamedTensor tensor(const std::string& name, const Shape& shape, const std::vector<T>& values) {
  return NamedTensor::of<T>(name, shape, values);
}

void make_safetensors(const fs::path& folder) {
  TensorFile file;
  file.tensors = {tensor<float>("conv.weight", {1, 2, 1, 1}, {0.5F, -1}), tensor<double>("mean", {}, {0.1}),
                  tensor<std::int64_t>("step", {1}, {7}), tensor<std::uint8_t>("mask", {3}, {0, 1, 255}),
                  tensor<float>("none", {0, 4}, {})};
  file.metadata = {{"note", "line\n\"two\""}};
  write_safetensors(folder / "own", file);
  write_safetensors(folder / "empty", TensorFile{});
  std::string header =
      R"({"__metadata__":{"format":"pt"},"b":{"dtype":"BF16","shape":[2],"data_offsets":[4,8]},)"
      R"("\u00e4":{"dtype":"I32","shape":[1,1],"data_offsets":[0,4]}}   )";
  const std::uint64_t length = header.size();
  std::string bytes(reinterpret_cast<const char*>(&length), 8);
  save_text(folder / "other", bytes + header + "\1\2\3\4\5\6\7\x08");
}

void make_json(const fs::path& folder) {
  save_text(folder / "record",
            R"({"kind":"epoch","epoch":1,"step":390,"lr":0.1,"loss":1.25e-3,"accuracy":0.5,)"
            R"("validation_loss":null,"validation_accuracy":-0.75})");
  save_text(folder / "nested", R"( [ {"a" : [true, false, null, -0.5E+3]}, [[[[]]]], {"b":{"c":{}}}, 12 ] )");
  save_text(folder / "string", "\"\\ud83d\\udc22 \xC3\xA4\xE2\x82\xAC\xF0\x9F\x90\xA2 \\n\\\"\\u0041\"");
}

}  // namespace

int main(int count, char** arguments) {
  const fs::path root = count > 1 ? arguments[1] : "tests/fuzz/corpus";
  for (const char* name : {"safetensors", "checkpoint", "json"}) fs::create_directories(root / name);
  make_safetensors(root / "safetensors");
  fuzz::TinyState state;
  train::save_checkpoint(root / "checkpoint/tiny", state.save());
  make_json(root / "json");
}
