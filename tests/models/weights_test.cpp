// SPDX-License-Identifier: MIT
#include "pretext/models/weights.hpp"

#include "pretext/cpu/batch_norm.hpp"
#include "pretext/cpu/concat.hpp"
#include "pretext/cpu/conv2d.hpp"
#include "pretext/cpu/dropout.hpp"
#include "pretext/cpu/linear.hpp"
#include "pretext/cpu/local_response_norm.hpp"
#include "pretext/cpu/pool.hpp"
#include "pretext/cpu/upsample.hpp"
#include "support.hpp"

namespace {

using namespace pretext;

nn::Sequential<> small(std::uint64_t seed, std::int64_t classes = 0) {
  Rng rng(seed);
  return models::backbone("resnet18", {.width = 8, .classes = classes}, rng);
}

std::vector<NamedTensor> renamed(std::vector<NamedTensor> state, const std::string& prefix) {
  for (NamedTensor& tensor : state) tensor.name.insert(0, prefix);
  return state;
}

NamedTensor floats(const std::string& name, const Shape& shape) {
  return NamedTensor::of<float>(name, shape,
                                std::vector<float>(static_cast<std::size_t>(shape.size()), 0.5F));
}

std::string error_of(auto&& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST_CASE("weights are taken from files with other prefixes, with counters, and with a classifier too many") {
  auto from = small(1, 10), to = small(2);
  auto state = models::with_batch_counts(nn::save_state(from), 3);
  CHECK(models::load_weights(to, state) == std::vector<std::string>{"fc.weight", "fc.bias"});
  auto backbone = small(1);
  CHECK(nn::hash_state(to) == nn::hash_state(backbone));
  for (const std::string prefix : {"module.", "encoder_q.", "module.encoder_q."}) {
    auto other = small(3);
    models::load_weights(other, renamed(state, prefix), prefix == "module." ? "" : "encoder_q.");
    CHECK(nn::hash_state(other) == nn::hash_state(backbone));
    auto same = small(3);
    models::load_weights(same, renamed(state, prefix), prefix);
    CHECK(nn::hash_state(same) == nn::hash_state(backbone));
  }
  // What has other names than the prefix is somebody else's.
  auto both = renamed(state, "encoder_q.");
  both.push_back(floats("queue", {2, 2}));
  auto other = small(4);
  models::load_weights(other, both, "encoder_q.");
  CHECK(nn::hash_state(other) == nn::hash_state(backbone));
  // A classifier that the network has is no surplus.
  auto whole = small(5, 10);
  CHECK(models::load_weights(whole, state).empty());
  CHECK(nn::hash_state(whole) == nn::hash_state(from));
}

TEST_CASE("weights that do not fit are listed all at once") {
  auto net = small(1);
  const std::uint64_t before = nn::hash_state(net);
  auto state = nn::save_state(net);
  state[0] = floats("conv1.weight", {8, 1, 7, 7});
  state[1].name = "norm1.weight";
  state.push_back(floats("layer9.weight", {1}));
  const std::string error = error_of([&] { models::load_weights(net, state); });
  for (const char* part : {"misfit: conv1.weight is f32 [8, 1, 7, 7]", "missing: bn1.weight",
                           "unexpected: norm1.weight", "unexpected: layer9.weight"})
    CHECK_MESSAGE(error.find(part) != std::string::npos, part << " is not in: " << error);
  CHECK(nn::hash_state(net) == before);
  CHECK(error_of([&] {
          models::load_weights(net, nn::save_state(net), "encoder.");
        }).ends_with("tensors begins with 'encoder.'; the first is 'conv1.weight'"));
  CHECK(error_of([&] { models::load_weights(net, {}); }).find("missing: layer4.1.bn2.running_var") !=
        std::string::npos);
}

TEST_CASE("every batch norm gets its counter, behind its statistics") {
  auto net = small(1);
  const auto plain = nn::save_state(net), counted = models::with_batch_counts(plain, 41);
  std::size_t norms = 0, at = 0;
  for (const NamedTensor& tensor : counted) {
    if (!tensor.name.ends_with("num_batches_tracked")) {
      CHECK(tensor.name == plain[at++].name);
      continue;
    }
    ++norms;
    CHECK(plain[at - 1].name == tensor.name.substr(0, tensor.name.size() - 19) + "running_var");
    CHECK(tensor.shape == Shape{});
    CHECK(tensor.as<std::int64_t>() == std::vector<std::int64_t>{41});
  }
  CHECK(at == plain.size());
  CHECK(norms == 20);
}

TEST_CASE("only networks as torchvision has them are written as torchvision's") {
  Rng rng(1);
  auto net = models::backbone("resnet18", {}, rng);
  const std::vector<NamedTensor> head{floats("weight", {4, 512}), floats("bias", {4})};
  const auto state = models::torchvision_state("resnet18", nn::save_state(net), head);
  CHECK(state.back().name == "fc.bias");
  CHECK(state.size() == 62 + 60);  // torchvision's number of parameters, and three buffers a batch norm
  // A head of another kind is not torchvision's.
  CHECK(models::torchvision_state("resnet18", nn::save_state(net), {head.data(), 1}).back().name ==
        "layer4.1.bn2.num_batches_tracked");
  CHECK(error_of([&] {
          models::torchvision_state("resnet18", nn::save_state(net), {{floats("weight", {4, 9}), head[1]}});
        }).find("misfit: fc.weight is f32 [4, 9]") != std::string::npos);
  const std::string narrow = error_of([&] {
    auto other = small(1);
    models::torchvision_state("resnet18", nn::save_state(other));
  });
  CHECK(narrow.starts_with("torchvision's resnet18 cannot take this network: "));
  CHECK(narrow.find("misfit: conv1.weight is f32 [8, 3, 7, 7]") != std::string::npos);
  CHECK(narrow.find("misfit: layer4.1.bn2.running_var") != std::string::npos);
  CHECK(error_of([&] {
          models::torchvision_state("nin4", {});
        }).starts_with("torchvision has no network with the names of 'nin4'; it has alexnet, vgg11_bn"));
}

}  // namespace
