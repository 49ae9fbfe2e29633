// SPDX-License-Identifier: MIT
// The networks of torchvision, with the same weights on the same pictures, where PyTorch is installed.
#include "peers.hpp"
#include "pretext/core/precision.hpp"
#include "pretext/cpu/batch_norm.hpp"
#include "pretext/cpu/concat.hpp"
#include "pretext/cpu/conv2d.hpp"
#include "pretext/cpu/dropout.hpp"
#include "pretext/cpu/linear.hpp"
#include "pretext/cpu/local_response_norm.hpp"
#include "pretext/cpu/pool.hpp"
#include "pretext/cpu/upsample.hpp"
#include "pretext/models/weights.hpp"
#include "pretext/tensor/pth.hpp"

namespace {

using namespace pretext;
using X = Tensor<float, Cpu>;

struct Row {
  std::string name;
  std::function<nn::Sequential<>(Rng&)> make;
};

std::vector<Row> rows() {
  std::vector<Row> rows{
      {"alexnet", [](Rng& rng) { return models::alexnet({.classes = 10, .hidden = 64}, rng); }}};
  using Blocks = std::vector<std::int64_t>;
  for (const auto& [name, blocks] : {std::pair{"vgg11_bn", models::vgg11_blocks},
                                     {"vgg13_bn", models::vgg13_blocks},
                                     {"vgg16_bn", models::vgg16_blocks},
                                     {"vgg19_bn", models::vgg19_blocks}})
    rows.push_back({name, [blocks = blocks](Rng& rng) {
                      return models::vgg({.convolutions = blocks, .classes = 10, .hidden = 64}, rng);
                    }});
  for (const auto& [name, options] :
       {std::pair{"resnet18", models::ResNetOptions{}},
        {"resnet34", {.blocks = Blocks{3, 4, 6, 3}}},
        {"resnet50", {.blocks = Blocks{3, 4, 6, 3}, .bottleneck = true}},
        {"resnet101", {.blocks = Blocks{3, 4, 23, 3}, .bottleneck = true}},
        {"wide_resnet50_2", {.blocks = Blocks{3, 4, 6, 3}, .bottleneck = true, .middle = 2}}})
    rows.push_back({name, [o = options](Rng& rng) mutable {
                      o.classes = 10;
                      return models::resnet(o, rng);
                    }});
  return rows;
}

/// All names, each after a space.
std::string names() {
  std::string list;
  for (const Row& row : rows()) list += " " + row.name;
  return list;
}

/// A folder with all of torchvision's files, made once.
const test::TempDir& written() {
  static const test::TempDir folder;
  static const bool done =
      test::run_peer("torchvision_models.py", "write '" + folder.path().string() + "'" + names());
  REQUIRE(done);
  return folder;
}

/// The largest difference relative to the largest value.
double off(const X& a, const NamedTensor& b) {
  const auto* expected = reinterpret_cast<const float*>(b.data.data());
  double difference = 0, scale = 0;
  for (std::int64_t i = 0; i < a.size(); ++i) {
    const double d = std::abs(static_cast<double>(a.data()[i]) - static_cast<double>(expected[i]));
    if (!(d <= difference)) difference = d;
    scale = std::max(scale, std::abs(static_cast<double>(expected[i])));
  }
  CHECK(scale > 0);
  return difference / scale;
}

TEST_CASE("logits and taps are those of torchvision's networks with the same weights") {
  if (!test::has_python_modules("torchvision")) return;
  const test::TempDir& folder = written();
  for (const Row& row : rows()) {
    CAPTURE(row.name);
    const TensorFile given = read_safetensors(folder / (row.name + ".safetensors"));
    const auto tensor = [&](const std::string& name) -> const NamedTensor* {
      const auto found = std::ranges::find(given.tensors, name, &NamedTensor::name);
      return found == given.tensors.end() ? nullptr : &*found;
    };
    Rng rng(1);
    auto net = row.make(rng);
    nn::load_state(net, given.tensors, "state.");
    const NamedTensor* input = tensor("input");
    REQUIRE(input != nullptr);
    X x(input->shape);
    std::memcpy(x.data(), input->data.data(), input->data.size());
    double worst = 0;
    std::size_t compared = 0;
    const auto y = net(x, [&](const std::string& tap, const X& value) {
      const NamedTensor* expected = tensor("tap." + tap);
      if (expected == nullptr) return;
      CAPTURE(tap);
      ++compared;
      REQUIRE(value.size() == expected->shape.size());
      const double here = off(value, *expected);
      CHECK(here < 1e-5);
      worst = std::max(worst, here);
    });
    CHECK(y.shape() == Shape{1, 10});
    CHECK(compared == static_cast<std::size_t>(std::ranges::count_if(
                          given.tensors, [](const auto& t) { return t.name.starts_with("tap."); })));
    std::printf("%s: %zu taps, the worst off by %.1e of its largest value\n", row.name.c_str(), compared,
                worst);
  }
}

TEST_CASE("weights go from torchvision's files into networks here and back, bit for bit") {
  if (!test::has_python_modules("torchvision, safetensors")) return;
  const test::TempDir& folder = written();
  for (const Row& row : rows()) {
    CAPTURE(row.name);
    const auto given = models::without_module(read_tensors(folder / (row.name + ".pth")).tensors);
    Rng rng(1);
    auto whole = row.make(rng);
    models::load_weights(whole, given);
    CHECK(hash_of(models::with_batch_counts(nn::save_state(whole), 7)) == hash_of(given));
    // The backbone alone, as a run has it, and a task's head where it is torchvision's classifier.
    auto net = models::backbone(row.name, {}, rng);
    models::load_weights(net, given);
    std::vector<NamedTensor> head;
    for (const NamedTensor& tensor : given)
      if (tensor.name.starts_with("fc."))
        head.push_back({tensor.name.substr(3), tensor.dtype, tensor.shape, tensor.data});
    write_safetensors(folder / (row.name + ".ours.safetensors"),
                      {models::torchvision_state(row.name, nn::save_state(net), head, 7), {}});
  }
  CHECK(test::run_peer("torchvision_models.py", "check '" + folder.path().string() + "'" + names()));
}

}  // namespace
