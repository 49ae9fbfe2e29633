// SPDX-License-Identifier: MIT
#include "pretext/nn/sequential.hpp"

#include "pretext/cpu/linear.hpp"
#include "pretext/cpu/map.hpp"
#include "pretext/nn/activation.hpp"
#include "pretext/nn/count.hpp"
#include "pretext/nn/freeze.hpp"
#include "pretext/nn/linear.hpp"
#include "support.hpp"

namespace {

using namespace pretext;
using X32 = Tensor<float, Cpu>;

/// y = x + amount; counts how often it is called.
struct Shift {
  float amount;
  int* calls;
  X32 operator()(const X32& x) {
    ++*calls;
    X32 y = x.clone();
    for (float& v : y.span()) v += amount;
    return y;
  }
  Var<float, Cpu> operator()(const Var<float, Cpu>& x) { return x.tape->constant((*this)(x.value())); }
  void each(auto&&) {}
};

nn::Sequential<> three_shifts(int& calls) {
  nn::Sequential<> net;
  net.add("a", Shift{1, &calls}).add("b", Shift{10, &calls}).add("c", Shift{100, &calls});
  return net;
}

TEST_CASE("stages run in order, and each shows its activation") {
  int calls = 0;
  auto net = three_shifts(calls);
  std::vector<std::pair<std::string, float>> seen;
  const X32 y = net(X32::zeros({1}), [&](const std::string& tap, const X32& x) {
    seen.push_back({tap, x.item()});
  });
  CHECK(y.item() == 111);
  CHECK(seen == std::vector<std::pair<std::string, float>>{{"a", 1.F}, {"b", 11.F}, {"c", 111.F}});
  CHECK(net.taps() == std::vector<std::string>{"a", "b", "c"});
}

TEST_CASE("reading a tap computes no later stage") {
  int calls = 0;
  auto net = three_shifts(calls);
  CHECK(net.at("b", X32::zeros({1})).item() == 11);
  CHECK(calls == 2);
}

TEST_CASE("an unknown tap is an error that names those that there are") {
  int calls = 0;
  auto net = three_shifts(calls);
  CHECK_THROWS_WITH_AS(net.at("d", X32::zeros({1})), "network: no tap is named 'd'; there are a, b, c",
                       Error);
}

TEST_CASE("stages without a name are numbered, and no name is taken twice") {
  nn::Sequential<> net;
  net.add(nn::Relu()).add("relu", nn::Relu()).add(nn::Relu());
  CHECK(net.taps() == std::vector<std::string>{"0", "relu", "2"});
  CHECK_THROWS_WITH_AS(net.add("relu", nn::Relu()), "Sequential: two stages are named 'relu'", Error);
}

TEST_CASE("stages may share the prefix of their parameters") {
  Rng rng(1);
  nn::Sequential<> first, second, net;
  first.add("0", nn::Linear<>({.in = 2, .out = 2}, rng));
  second.add("1", nn::Linear<>({.in = 2, .out = 3, .bias = false}, rng));
  net.add("fc6", "classifier", std::move(first)).add("fc7", "classifier", std::move(second));
  CHECK(net.taps() == std::vector<std::string>{"fc6", "fc7"});
  std::vector<std::string> names;
  for (const auto& p : nn::parameters(net)) names.push_back(p.name);
  CHECK(names == std::vector<std::string>{"classifier.0.weight", "classifier.0.bias", "classifier.1.weight"});
  CHECK(net.at("fc6", X32::zeros({1, 2})).shape() == Shape{1, 2});
}

TEST_CASE("an empty network gives back its input") {
  nn::Sequential<> net;
  const X32 x = X32::full({2}, 5);
  CHECK(net(x).data() == x.data());
}

TEST_CASE("nested networks join their names, and parameters stay where they are when a network moves") {
  Rng rng(1);
  nn::Sequential<> inner, outer;
  inner.add("fc", nn::Linear<>({.in = 2, .out = 2}, rng));
  outer.add("head", std::move(inner));
  const auto before = nn::parameters(outer, "net.");
  CHECK(before[0].name == "net.head.fc.weight");
  CHECK(before[1].name == "net.head.fc.bias");
  const auto moved = std::move(outer);
  nn::Sequential<> last;
  last.add("outer", std::move(const_cast<nn::Sequential<>&>(moved)));
  CHECK(nn::parameters(last)[0].param == before[0].param);
  CHECK(nn::count_parameters(last) == 6);
}

TEST_CASE("freezing a part spares the rest, and a part that is not there is an error") {
  Rng rng(1);
  nn::Sequential<> net;
  net.add("a", nn::Linear<>({.in = 2, .out = 2}, rng)).add("b", nn::Linear<>({.in = 2, .out = 2}, rng));
  nn::freeze(net, "a.");
  Tape<Cpu> tape;
  const auto y = net(tape.constant(X32::full({1, 2}, 1)));
  tape.backward(y, X32::full({1, 2}, 1));
  const auto params = nn::parameters(net);
  CHECK(!params[0].param->grad.defined());
  CHECK(params[2].param->grad.defined());
  CHECK_THROWS_WITH_AS(nn::freeze(net, "c."), "freeze: no parameter or buffer belongs to 'c.'", Error);
}

TEST_CASE("freezing a block spares the blocks whose names only begin alike") {
  Rng rng(1);
  nn::Sequential<> net;
  for (const char* name : {"block1", "block10", "block1b"})
    net.add(name, nn::Linear<>({.in = 2, .out = 2}, rng));
  nn::freeze(net, "block1");
  const auto params = nn::parameters(net);
  for (std::size_t i = 0; i < params.size(); ++i) CHECK(params[i].param->trainable == (i >= 2));
  nn::unfreeze(net, "block1.weight");
  CHECK(params[0].param->trainable);
  CHECK_FALSE(params[1].param->trainable);
  CHECK_THROWS_AS(nn::freeze(net, "block"), Error);
}

}  // namespace
