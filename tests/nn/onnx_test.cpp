// SPDX-License-Identifier: MIT
#include "pretext/nn/onnx.hpp"

#include "onnx_case.hpp"
#include "pretext/cpu/batch_norm.hpp"
#include "pretext/cpu/concat.hpp"
#include "pretext/cpu/conv2d.hpp"
#include "pretext/cpu/l2_normalize.hpp"
#include "pretext/cpu/linear.hpp"
#include "pretext/cpu/local_response_norm.hpp"
#include "pretext/cpu/pool.hpp"
#include "pretext/cpu/upsample.hpp"
#include "pretext/nn/activation.hpp"
#include "pretext/nn/batch_norm2d.hpp"
#include "pretext/nn/conv2d.hpp"
#include "pretext/nn/flatten.hpp"
#include "pretext/nn/l2_normalize.hpp"
#include "pretext/nn/linear.hpp"
#include "pretext/nn/local_response_norm.hpp"
#include "pretext/nn/pad_channels.hpp"
#include "pretext/nn/pool.hpp"
#include "pretext/nn/residual.hpp"
#include "pretext/nn/reversible.hpp"
#include "pretext/nn/upsample.hpp"

namespace {

using namespace pretext;
using X32 = Tensor<float, Cpu>;

/// One field of a message: a number, or bytes.
struct Field {
  std::uint64_t number, value;
  std::string bytes{};
};

/// The fields of a message; throws where it is none.
std::vector<Field> parse(const std::string& message) {
  std::size_t at = 0;
  const auto varint = [&] {
    std::uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(message.at(at++));
      value |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) return value;
    }
  };
  std::vector<Field> fields;
  while (at < message.size()) {
    const std::uint64_t key = varint();
    Field field{key >> 3, 0};
    if ((key & 7) == 0) {
      field.value = varint();
    } else {
      const std::size_t size = (key & 7) == 5 ? 4 : static_cast<std::size_t>(varint());
      field.bytes = message.substr(at, size);
      if (field.bytes.size() != size) throw std::out_of_range("a field is cut off");
      at += size;
    }
    fields.push_back(field);
  }
  return fields;
}

std::vector<std::string> all(const std::string& message, std::uint64_t number) {
  std::vector<std::string> found;
  for (const Field& field : parse(message))
    if (field.number == number) found.push_back(field.bytes);
  return found;
}
std::string one(const std::string& message, std::uint64_t number) {
  const auto found = all(message, number);
  REQUIRE(found.size() == 1);
  return found[0];
}

/// "name [batch, 3, 4]" of a value that a graph takes or gives.
std::string described(const std::string& value) {
  std::string text;
  for (const std::string& dim : all(one(one(one(value, 2), 1), 2), 1)) {
    const Field field = parse(dim).at(0);
    text += (text.empty() ? "" : ", ") + (field.number == 2 ? field.bytes : std::to_string(field.value));
  }
  return one(value, 1) + " [" + text + "]";
}

Rng layer_rng(3);

nn::Conv2d<> plain_conv(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t padding = 0) {
  return nn::Conv2d<>({.in = in, .out = out, .kernel = kernel, .padding = padding}, layer_rng);
}

template <class... Layers>
nn::Sequential<> chain(Layers... layers) {
  nn::Sequential<> net;
  (net.add(std::move(layers)), ...);
  return net;
}

TEST_CASE("a model names its input, its outputs with all taps, and one operator a step") {
  nn::Sequential<> net;
  net.add("conv", nn::Conv2d<>({.in = 3, .out = 4, .kernel = 3, .stride = 2, .bias = false}, layer_rng));
  net.add("bn", nn::BatchNorm2d<>({.channels = 4}));
  net.add("relu", nn::Relu());
  net.add("pool", nn::GlobalAvgPool());
  net.add("fc", nn::Linear<>({.in = 4, .out = 2}, layer_rng));
  const std::string model = nn::onnx_model(
      net, {1, 5, 7, 3}, {.output = "logits", .taps = true, .metadata = {{"task", "rotation"}}});
  CHECK(one(model, 2) == "pretext");
  CHECK(parse(one(model, 8)).at(1).value == 13);
  CHECK(one(one(model, 14), 1) == "task");
  CHECK(one(one(model, 14), 2) == "rotation");
  const std::string graph = one(model, 7);
  std::string types;
  for (const std::string& node : all(graph, 1)) types += one(node, 4) + " ";
  CHECK(types ==
        "Conv BatchNormalization Relu GlobalAveragePool Flatten Gemm Identity Identity Identity Identity "
        "Identity "
        "Identity ");
  CHECK(described(one(graph, 11)) == "input [batch, 3, 5, 7]");
  std::vector<std::string> outputs;
  for (const std::string& output : all(graph, 12)) outputs.push_back(described(output));
  CHECK(outputs == std::vector<std::string>{"logits [batch, 2]", "conv [batch, 4, 2, 3]",
                                            "bn [batch, 4, 2, 3]", "relu [batch, 4, 2, 3]", "pool [batch, 4]",
                                            "fc [batch, 2]"});
  CHECK(all(graph, 5).size() == 1 + 4 + 2);
  CHECK(all(one(nn::onnx_model(net, {1, 5, 7, 3}), 7), 12).size() == 1);
}

TEST_CASE("every operator runs in onnxruntime as the op does here, at its edges too") {
  struct Row {
    const char* name;
    nn::Sequential<> net;
    Shape input;
  };
  std::vector<Row> rows;
  const auto add = [&](const char* name, const Shape& input, auto... layers) {
    rows.push_back({name, chain(std::move(layers)...), input});
  };
  add("conv", {1, 7, 5, 3}, plain_conv(3, 4, 3, 1));
  add("conv of even kernel", {1, 9, 6, 3},
      nn::Conv2d<>({.in = 3, .out = 4, .kernel = 2, .stride = 3, .padding = 1}, layer_rng));
  add("groups and holes", {1, 9, 8, 4},
      nn::Conv2d<>({.in = 4, .out = 6, .kernel = 3, .padding = 2, .dilation = 2, .groups = 2, .bias = false},
                   layer_rng));
  add("norm", {1, 3, 3, 5}, nn::BatchNorm2d<>({.channels = 5, .epsilon = 0.1, .affine = false}));
  add("tanh", {1, 3, 3, 2}, nn::Tanh());
  add("scale", {1, 3, 3, 2}, nn::Stateless<ops::Scale>(ops::Scale{{-2.5}}));
  for (const std::int64_t size : {5, 6, 7, 8})
    for (const bool ceil : {false, true})
      for (const std::int64_t padding : {0, 1}) {
        const ops::Window window{.stride = 2, .padding = padding};
        rows.push_back({"max pool",
                        chain(nn::MaxPool2d({.kernel = 3, .window = window, .ceil = ceil})),
                        {1, size, 9, 2}});
        for (const bool count : {false, true})
          rows.push_back(
              {"average pool",
               chain(nn::AvgPool2d({.kernel = 3, .window = window, .ceil = ceil, .count_padding = count})),
               {1, size, 9, 2}});
      }
  add("wide strides", {1, 10, 8, 2}, nn::MaxPool2d({.kernel = 2, .window = {.stride = 3}, .ceil = true}));
  add("max pool with holes", {1, 9, 8, 2},
      nn::MaxPool2d({.kernel = 2, .window = {.stride = 2, .padding = 1, .dilation = 3}}));
  add("every second pixel", {1, 6, 5, 2}, nn::AvgPool2d({.kernel = 1, .window = {.stride = 2}}));
  add("response norm", {1, 3, 4, 7}, nn::LocalResponseNorm(ops::LocalResponseNorm{.alpha = 0.5, .k = 2}));
  add("more channels", {1, 3, 2, 3}, nn::PadChannels({1, 2}));
  add("fewer channels", {1, 3, 2, 5}, nn::PadChannels({-1, -2}));
  add("moved channels", {1, 3, 2, 5}, nn::PadChannels({-2, 1}));
  nn::Reversible<> halves;
  halves.add(plain_conv(2, 2, 3, 1)).add(plain_conv(2, 2, 1));
  add("halves", {1, 3, 4, 4}, std::move(halves));
  add("residual", {1, 4, 4, 3}, nn::Residual(plain_conv(3, 3, 1), nn::Identity(), ops::Add{.relu = true}));
  add("upsample", {1, 3, 2, 2}, nn::Upsample({.factor = 3}));
  add("flatten", {1, 2, 3, 4}, nn::Flatten(), nn::Linear<>({.in = 24, .out = 3, .bias = false}, layer_rng));
  add("rows", {1, 2, 3, 4}, nn::GlobalAvgPool(), nn::PadChannels({1, 1}), nn::Flatten(), nn::L2Normalize(),
      nn::BatchNorm2d<>({.channels = 6}));
  add("unit length", {1, 2, 3, 4}, nn::L2Normalize());
  test::OnnxCases cases;
  for (std::size_t i = 0; i < rows.size(); ++i)
    cases.add(message(rows[i].name, ' ', i), rows[i].net, rows[i].input);
  cases.run();
}

TEST_CASE("what no ONNX model can say is refused") {
  const auto error_of = [](auto net) -> std::string {
    try {
      nn::onnx_model(net, {1, 2, 3, 4});
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  using P = Pending<float, Cpu>;
  CHECK(error_of([](const P& x, auto&&) {
          return apply(ops::Reshape{{1, 24}}, x);
        }) == "onnx: the op reshape cannot be written");
  CHECK(error_of([](const P& x, auto&&) { return P(x.value()); }) ==
        "onnx: output was computed by other means than ops on the input");
  CHECK(error_of([](const P& x, auto&&) { return apply(ops::Add{}, x, x.value()); }) ==
        "onnx: argument 1 of add is a constant where a value was expected");
  CHECK(error_of([](const P& x, auto&&) {
          const P rows = apply(ops::GlobalAvgPool{}, x);
          return apply(ops::Linear{}, rows, rows, X32());
        }) == "onnx: argument 1 of linear is no tensor of floats");
  CHECK(error_of([](const P& x, auto&&) {
          return apply(ops::LocalResponseNorm{.size = 4}, x);
        }).find("the number must be odd") != std::string::npos);
  nn::Sequential<> named;
  named.add("input", nn::Relu());
  CHECK_THROWS_WITH_AS(nn::onnx_model(named, {1, 3, 3, 4}, {.taps = true}),
                       "onnx: two values of the graph are named 'input'", Error);
  nn::Sequential<> net = chain(nn::Relu());
  CHECK_THROWS_WITH_AS(nn::onnx_model(net, {2, 3, 3, 4}),
                       "onnx: the input must be [1, H, W, C], not [2, 3, 3, 4]", Error);
  CHECK_THROWS_WITH_AS(nn::write_onnx("/nowhere/a.onnx", net, {1, 3, 3, 4}),
                       doctest::Contains("cannot be created"), Error);
}

}  // namespace
