// SPDX-License-Identifier: MIT
#include "pretext/nn/state.hpp"

#include "pretext/cpu/batch_norm.hpp"
#include "pretext/cpu/conv2d.hpp"
#include "pretext/cpu/linear.hpp"
#include "pretext/nn/batch_norm2d.hpp"
#include "pretext/nn/conv2d.hpp"
#include "pretext/nn/linear.hpp"
#include "pretext/nn/sequential.hpp"
#include "support.hpp"

namespace {

using namespace pretext;

nn::Sequential<> network(std::uint64_t seed) {
  Rng rng(seed);
  nn::Sequential<> net;
  net.add("conv1", nn::Conv2d<>({.in = 2, .out = 3, .kernel = 2, .bias = false}, rng));
  net.add("bn1", nn::BatchNorm2d<>({.channels = 3}));
  net.add("fc", nn::Linear<>({.in = 3, .out = 2}, rng));
  return net;
}

std::vector<std::string> names_of(const std::vector<NamedTensor>& state) {
  std::vector<std::string> names;
  for (const NamedTensor& tensor : state) names.push_back(tensor.name);
  return names;
}

TEST_CASE("a state lists parameters and buffers in order, under PyTorch's names and after the prefix") {
  auto net = network(1);
  CHECK(names_of(nn::save_state(net, "net.")) ==
        std::vector<std::string>{"net.conv1.weight", "net.bn1.weight", "net.bn1.bias", "net.bn1.running_mean",
                                 "net.bn1.running_var", "net.fc.weight", "net.fc.bias"});
}

TEST_CASE("convolution kernels are [Co, Ci, KH, KW] in files, every element in its place") {
  Rng rng(1);
  nn::Conv2d<> conv({.in = 3, .out = 4, .kernel = 2, .bias = false}, rng);
  const auto state = nn::save_state(conv);
  CHECK(state[0].shape == Shape{4, 3, 2, 2});
  const auto file = state[0].as<float>();
  const auto here = conv.weight.value.span();
  for (std::size_t ky = 0; ky < 2; ++ky)
    for (std::size_t kx = 0; kx < 2; ++kx)
      for (std::size_t ci = 0; ci < 3; ++ci)
        for (std::size_t co = 0; co < 4; ++co)
          CHECK(file[((co * 3 + ci) * 2 + ky) * 2 + kx] == here[((ky * 2 + kx) * 3 + ci) * 4 + co]);
}

TEST_CASE("a kernel of unequal sides and groups keeps its shape through a file") {
  Param<double, Cpu> p(Tensor<double, Cpu>::zeros({1, 5, 2, 6}), ParamLayout::conv_kernel);
  for (std::int64_t i = 0; i < p.value.size(); ++i) p.value.data()[i] = static_cast<double>(i);
  const StateEntry entry("w", p.value, p.layout);
  const auto saved = save_entries(Span(&entry, 1));
  CHECK(saved[0].shape == Shape{6, 2, 1, 5});
  const auto before = p.value.clone();
  p.value.fill(-1);
  const NamedTensor* source = saved.data();
  load_entries("test", Span(&entry, 1), Span(&source, 1));
  for (std::int64_t i = 0; i < p.value.size(); ++i) CHECK(p.value.data()[i] == before.data()[i]);
}

TEST_CASE("a fully connected layer on a map lies in files as the rows of a flattened picture") {
  Param<double, Cpu> p(Tensor<double, Cpu>({2, 3, 4, 5}), ParamLayout::dense_kernel);
  for (std::int64_t i = 0; i < p.value.size(); ++i) p.value.data()[i] = static_cast<double>(i);
  const StateEntry entry("w", p.value, p.layout);
  const auto saved = save_entries(Span(&entry, 1));
  CHECK(saved[0].shape == Shape{5, 4 * 2 * 3});
  const auto* file = reinterpret_cast<const double*>(saved[0].data.data());
  for (std::size_t tap = 0; tap < 6; ++tap)
    for (std::size_t ci = 0; ci < 4; ++ci)
      for (std::size_t co = 0; co < 5; ++co)
        CHECK(file[(co * 4 + ci) * 6 + tap] == p.value.data()[(tap * 4 + ci) * 5 + co]);
}

TEST_CASE("what is loaded is what was saved, and other prefixes are left to others") {
  auto a = network(1), b = network(2);
  auto state = nn::save_state(a, "net.");
  state.push_back(NamedTensor::of<float>("head.weight", {1}, std::vector<float>{1}));
  CHECK(nn::hash_state(a) != nn::hash_state(b));
  nn::load_state(b, state, "net.");
  CHECK(nn::hash_state(a) == nn::hash_state(b));
}

TEST_CASE("PyTorch's counters of batches are passed over") {
  auto net = network(1);
  auto state = nn::save_state(net);
  state.push_back(NamedTensor::of<std::int64_t>("bn1.num_batches_tracked", {}, std::vector<std::int64_t>{9}));
  CHECK_NOTHROW(nn::load_state(net, state));
}

TEST_CASE("floats are taken from half as wide ones too, where those have the shape") {
  auto net = network(1);
  auto state = nn::save_state(net);
  const auto narrow = [](const std::string& name, Dtype dtype, const Shape& shape, std::uint16_t bits) {
    NamedTensor tensor{name, dtype, shape,
                       std::vector<std::byte>(static_cast<std::size_t>(2 * shape.size()))};
    for (std::size_t i = 0; i < tensor.data.size(); i += 2) std::memcpy(tensor.data.data() + i, &bits, 2);
    return tensor;
  };
  state[1] = narrow("bn1.weight", Dtype::f16, {3}, 0x3E00);  // 1.5
  state[2] = narrow("bn1.bias", Dtype::bf16, {3}, 0xC000);   // -2
  nn::load_state(net, state);
  CHECK(nn::save_state(net)[1].as<float>() == std::vector<float>(3, 1.5F));
  CHECK(nn::save_state(net)[2].as<float>() == std::vector<float>(3, -2));
  state[1] = narrow("bn1.weight", Dtype::f16, {2}, 0x3E00);
  CHECK_THROWS_WITH_AS(nn::load_state(net, state),
                       doctest::Contains("misfit: bn1.weight is f16 [2] in 4 bytes, expected f32 [3]"),
                       Error);
}

TEST_CASE("one error lists every name that does not fit, and nothing is loaded") {
  auto net = network(1);
  const std::uint64_t before = nn::hash_state(net);
  auto other = network(2);
  auto state = nn::save_state(other);
  state[0].shape = {2, 3, 2, 2};                                                  // conv1.weight
  state[1] = NamedTensor::of<double>("bn1.weight", {3}, std::vector<double>(3));  // another type
  state[2].name = "bn1.offset";                                                   // bn1.bias
  state.push_back(state[5]);                                                      // fc.weight
  state[6].data.pop_back();                                                       // fc.bias
  std::string message;
  try {
    nn::load_state(net, state);
  } catch (const Error& error) {
    message = error.what();
  }
  for (const char* part : {"misfit: conv1.weight is f32 [2, 3, 2, 2] in 96 bytes, expected f32 [3, 2, 2, 2]",
                           "misfit: bn1.weight is f64 [3] in 24 bytes, expected f32 [3]", "missing: bn1.bias",
                           "unexpected: bn1.offset", "given twice: fc.weight",
                           "misfit: fc.bias is f32 [2] in 7 bytes, expected f32 [2]"})
    CHECK_MESSAGE(message.find(part) != std::string::npos, part << " is not in: " << message);
  CHECK(nn::hash_state(net) == before);
}

TEST_CASE("the hash of a state sees one bit, one name and the order") {
  auto net = network(1);
  const auto state = nn::save_state(net);
  auto bit = state, name = state, order = state;
  bit[3].data[0] ^= std::byte{1};
  name[3].name += "_";
  std::swap(order[3], order[4]);
  for (const auto& other : {bit, name, order}) CHECK(hash_of(other) != hash_of(state));
  CHECK(hash_of(state) == nn::hash_state(net));
}

TEST_CASE("a named tensor gives its values only as the type that it holds") {
  const auto tensor = NamedTensor::of<std::int32_t>("labels", {3}, std::vector<std::int32_t>{1, 2, 3});
  CHECK(tensor.as<std::int32_t>() == std::vector<std::int32_t>{1, 2, 3});
  CHECK_THROWS_WITH_AS(tensor.as<float>(), "labels: holds i32, not f32", Error);
  CHECK_THROWS_WITH_AS(NamedTensor::of<float>("w", {2}, std::vector<float>(3)),
                       "w: 3 values do not fill the shape [2]", Error);
}

}  // namespace
