// SPDX-License-Identifier: MIT
// The networks of torchvision, with the same weights on the same pictures, where PyTorch is installed.
#include "pretext/core/precision.hpp"
#include "pretext/cpu/batch_norm.hpp"
#include "pretext/cpu/concat.hpp"
#include "pretext/cpu/conv2d.hpp"
#include "pretext/cpu/dropout.hpp"
#include "pretext/cpu/linear.hpp"
#include "pretext/cpu/local_response_norm.hpp"
#include "pretext/cpu/pool.hpp"
#include "pretext/models/alexnet.hpp"
#include "pretext/models/resnet.hpp"
#include "pretext/models/vgg.hpp"
#include "pretext/nn/state.hpp"
#include "pretext/tensor/safetensors.hpp"
#include "support.hpp"

namespace {

using namespace pretext;
using X = Tensor<float, Cpu>;

/// The Python of benches/peers/setup.sh, where it is; PRETEXT_PEERS names another folder.
std::filesystem::path python() {
  const char* named = std::getenv("PRETEXT_PEERS");
  const std::filesystem::path folder =
      named != nullptr ? named : std::filesystem::path(PRETEXT_SOURCE_DIR) / ".cache/peers";
  return folder / "bin/python";
}

bool runs(const std::string& arguments) {
  return std::system(("'" + python().string() + "' " + arguments).c_str()) == 0;
}

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
  for (const auto& [name, blocks, bottleneck] : {std::tuple{"resnet18", Blocks{2, 2, 2, 2}, false},
                                                 {"resnet34", Blocks{3, 4, 6, 3}, false},
                                                 {"resnet50", Blocks{3, 4, 6, 3}, true},
                                                 {"resnet101", Blocks{3, 4, 23, 3}, true}})
    rows.push_back({name, [blocks = blocks, bottleneck = bottleneck](Rng& rng) {
                      return models::resnet({.blocks = blocks, .classes = 10, .bottleneck = bottleneck}, rng);
                    }});
  return rows;
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
  if (!std::filesystem::exists(python()) || !runs("-c 'import torchvision' 2> /dev/null"))
    return test::skip("torchvision is not installed; benches/peers/setup.sh installs it");
  const test::TempDir folder;
  std::string command =
      "'" PRETEXT_SOURCE_DIR "/benches/peers/torchvision_models.py' '" + folder.path().string() + "'";
  for (const Row& row : rows()) command += " " + row.name;
  REQUIRE(runs(command));
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

}  // namespace
