// SPDX-License-Identifier: MIT
#include "model_table.hpp"

#include "pretext/cpu/batch_norm.hpp"
#include "pretext/cpu/concat.hpp"
#include "pretext/cpu/conv2d.hpp"
#include "pretext/cpu/dropout.hpp"
#include "pretext/cpu/linear.hpp"
#include "pretext/cpu/local_response_norm.hpp"
#include "pretext/cpu/pool.hpp"
#include "pretext/cpu/upsample.hpp"
#include "pretext/nn/count.hpp"
#include "pretext/nn/freeze.hpp"
#include "pretext/nn/state.hpp"
#include "support.hpp"

namespace {

using namespace pretext;

template <class T = float>
Tensor<T, Cpu> noise(const Shape& shape, std::uint64_t seed = 1) {
  Tensor<T, Cpu> x(shape);
  Rng rng(seed, Use::test);
  for (T& v : x.span()) v = static_cast<T>(rng.normal());
  return x;
}

template <class F>
void for_each_row(F&& f) {
  for (const test::ModelRow& row : test::model_table()) {
    CAPTURE(row.name);
    CAPTURE(row.options.width);
    Rng rng(1);
    auto net = models::backbone(row.name, row.options, rng);
    f(row, net);
  }
}

TEST_CASE("every backbone has the taps, shapes and number of parameters that its row says") {
  for_each_row([](const test::ModelRow& row, nn::Sequential<>& net) {
    std::vector<std::pair<std::string, Shape>> seen;
    const auto y = net(noise(row.input), [&](const std::string& tap, const Tensor<float, Cpu>& x) {
      seen.emplace_back(tap, x.shape());
      CHECK(std::ranges::all_of(x.span(), [](float v) { return std::isfinite(v); }));
    });
    CHECK(seen == row.taps);
    CHECK(y.shape() == row.taps.back().second);
    CHECK(nn::count_parameters(net) == row.parameters);
  });
}

TEST_CASE("a backbone multiplies as often as its row says, and counting leaves no trace") {
  for_each_row([](const test::ModelRow& row, nn::Sequential<>& net) {
    if (row.multiplications == 0) return;
    const std::uint64_t before = nn::hash_state(net);
    CHECK(nn::count_multiplications(net, row.input) == row.multiplications);
    CHECK(nn::hash_state(net) == before);
  });
}

/// Members that differ from their initial values, as training leaves them.
template <class T>
void train(nn::Sequential<Cpu, T>& net) {
  Rng rng(5, Use::test);
  net.each([&](const std::string& name, auto& member) {
    for (T& v : member.value.span())
      if (name.ends_with("running_var"))
        v = static_cast<T>(rng.uniform(0.5F, 2));
      else if (!name.ends_with("weight") || member.value.shape().rank() == 1)
        v += static_cast<T>(rng.uniform(-0.3F, 0.3F));
  });
}

/// The largest difference between the taps of a frozen network, one layer after the other as a tape computes
/// them, and those that it infers, relative to the largest value of the tap.
template <class T>
double furthest_tap(const std::string& name, const models::BackboneOptions& options, Shape input) {
  Rng rng(1);
  auto net = models::backbone<Cpu, T>(name, options, rng);
  train(net);
  nn::freeze(net);
  const auto x = noise<T>(input.with(0, 2));
  std::vector<Tensor<T, Cpu>> expected, found;
  Tape<Cpu> tape;
  net(tape.constant(x), [&](const std::string&, const Var<T, Cpu>& y) { expected.push_back(y.value()); });
  net(x, [&](const std::string&, const Tensor<T, Cpu>& y) { found.push_back(y); });
  REQUIRE(found.size() == expected.size());
  double worst = 0;
  for (std::size_t tap = 0; tap < found.size(); ++tap) {
    double difference = 0, scale = 0;
    REQUIRE(found[tap].shape() == expected[tap].shape());
    for (std::int64_t i = 0; i < found[tap].size(); ++i) {
      const auto a = static_cast<double>(found[tap].data()[i]),
                 b = static_cast<double>(expected[tap].data()[i]);
      if (!(std::abs(a - b) <= difference)) difference = std::abs(a - b);
      scale = std::max(scale, std::abs(b));
    }
    CHECK(scale > 0);
    if (!(difference / scale <= worst)) worst = difference / scale;
  }
  // Where only the last tap is read, what comes before it is fused.
  const auto last = net(x);
  for (std::int64_t i = 0; i < last.size(); ++i)
    CHECK(last.data()[i] == doctest::Approx(found.back().data()[i]).epsilon(sizeof(T) == 8 ? 1e-10 : 1e-3));
  return worst;
}

TEST_CASE("every tap of a frozen backbone is what its layers compute one after the other") {
  for (const test::ModelRow& row : test::model_table()) {
    CAPTURE(row.name);
    CAPTURE(row.options.width);
    CHECK(furthest_tap<double>(row.name, row.options, row.input) < 1e-10);
    CHECK(furthest_tap<float>(row.name, row.options, row.input) < 1e-5);
  }
}

TEST_CASE("a backbone is a function of its seed") {
  for_each_row([](const test::ModelRow& row, nn::Sequential<>& net) {
    Rng same(1), other(2);
    auto again = models::backbone(row.name, row.options, same);
    auto different = models::backbone(row.name, row.options, other);
    CHECK(nn::hash_state(again) == nn::hash_state(net));
    CHECK(nn::hash_state(different) != nn::hash_state(net));
  });
}

TEST_CASE("the parameters of a network in network have the names that files hold") {
  Rng rng(1);
  auto net = models::nin({.blocks = 3, .width = 8}, rng);
  std::vector<std::string> expected, found;
  for (const std::string block : {"block1.", "block2.", "block3."})
    for (const std::string i : {"1", "2", "3"})
      for (const std::string member :
           {"conv#.weight", "bn#.weight", "bn#.bias", "bn#.running_mean", "bn#.running_var"}) {
        std::string name = member;
        expected.push_back(block + name.replace(name.find('#'), 1, i));
      }
  for (const NamedTensor& tensor : nn::save_state(net)) found.push_back(tensor.name);
  CHECK(found == expected);
}

TEST_CASE("the parameters of a residual network have torchvision's names") {
  Rng rng(1);
  auto net = models::resnet({.width = 8}, rng);
  std::vector<std::string> names;
  for (const auto& [name, param] : nn::parameters(net)) names.push_back(name);
  CHECK(names.size() == 60);  // torchvision's 62, less those of the classifier
  for (const char* name :
       {"conv1.weight", "bn1.bias", "layer1.0.conv1.weight", "layer1.1.bn2.weight",
        "layer2.0.downsample.0.weight", "layer4.0.downsample.1.bias", "layer4.1.conv2.weight"})
    CHECK(std::ranges::find(names, name) != names.end());
}

TEST_CASE("numbered parameters have torchvision's names, and fully connected ones its shapes") {
  const auto names = [](const std::vector<NamedTensor>& state) {
    std::vector<std::string> found;
    for (const NamedTensor& tensor : state)
      if (tensor.name.ends_with("weight")) found.push_back(tensor.name + " " + to_string(tensor.shape));
    return found;
  };
  Rng rng(1);
  auto alexnet = models::alexnet({.width = 8, .classes = 5, .hidden = 512}, rng);
  CHECK(names(nn::save_state(alexnet)) ==
        std::vector<std::string>{"features.0.weight [8, 3, 11, 11]", "features.3.weight [24, 8, 5, 5]",
                                 "features.6.weight [48, 24, 3, 3]", "features.8.weight [32, 48, 3, 3]",
                                 "features.10.weight [32, 32, 3, 3]", "classifier.1.weight [64, 1152]",
                                 "classifier.4.weight [64, 64]", "classifier.6.weight [5, 64]"});
  auto vgg = models::vgg({.width = 8, .classes = 5, .hidden = 64}, rng);
  const auto found = names(nn::save_state(vgg));
  for (const char* name :
       {"features.0.weight [8, 3, 3, 3]", "features.1.weight [8]", "features.25.weight [64, 64, 3, 3]",
        "classifier.0.weight [64, 3136]", "classifier.3.weight [64, 64]", "classifier.6.weight [5, 64]"})
    CHECK(std::ranges::find(found, name) != found.end());
}

TEST_CASE("the tower of a context-free network has named layers, and a norm of its own or batch norm") {
  const auto names = [](const models::CfnOptions& options) {
    Rng rng(1);
    auto net = models::cfn(options, rng);
    std::vector<std::string> found;
    for (const NamedTensor& tensor : nn::save_state(net)) found.push_back(tensor.name);
    return found;
  };
  const auto plain = names({.width = 8}), normed = names({.width = 8, .batch_norm = true});
  CHECK(plain.size() == 10);
  CHECK(plain.front() == "conv1.conv.weight");
  CHECK(plain.back() == "conv5.conv.bias");
  CHECK(normed.size() == 25);
  CHECK(normed[1] == "conv1.bn.weight");
  // What a pool hands on is damped by its neighbours where there is no batch norm.
  Rng rng(1);
  auto net = models::cfn({.width = 8}, rng);
  const auto x = noise({1, 39, 39, 3});
  Tensor<float, Cpu> before;
  net(x, [&](const std::string& tap, const Tensor<float, Cpu>& y) {
    if (tap == "conv1") before = y;
    if (tap != "pool1") return;
    const auto pooled = apply(ops::MaxPool2d{3, {.stride = 2}}, before);
    CHECK(std::ranges::equal(y.span(), apply(ops::LocalResponseNorm{}, pooled).span()));
    CHECK_FALSE(std::ranges::equal(y.span(), pooled.span()));
  });
}

/// The relative error of a network's gradient along a random direction of its parameters.
double gradient_error(nn::Sequential<Cpu, double>& net, const Shape& input) {
  const auto x = noise<double>(input);
  const auto output = [&](Tape<Cpu>& tape) { return net(tape.constant(x)); };
  Tensor<double, Cpu> weights;
  {
    Tape<Cpu> tape(7);
    const auto y = output(tape);
    weights = noise<double>(y.shape(), 2);
    tape.backward(y, weights.clone());
  }
  const auto loss = [&] {
    Tape<Cpu> tape(7);
    const auto y = output(tape).value();
    double sum = 0;
    for (std::int64_t i = 0; i < y.size(); ++i) sum += y.data()[i] * weights.data()[i];
    return sum;
  };
  double slope = 0;
  std::vector<Tensor<double, Cpu>> directions;
  const auto params = nn::parameters<Cpu, double>(net);
  for (const auto& [name, p] : params) {
    directions.push_back(noise<double>(p->value.shape(), 3));
    for (std::int64_t i = 0; i < p->value.size(); ++i)
      slope += directions.back().data()[i] * p->grad.data()[i];
  }
  // So short that hardly any ReLU or maximum changes sides.
  constexpr double step = 1e-7;
  const auto move = [&](double length) {
    for (std::size_t k = 0; k < params.size(); ++k)
      for (std::int64_t i = 0; i < directions[k].size(); ++i)
        params[k].param->value.data()[i] += length * directions[k].data()[i];
  };
  move(step);
  const double above = loss();
  move(-2 * step);
  const double numeric = (above - loss()) / (2 * step);
  return std::abs(numeric - slope) / std::abs(slope);
}

TEST_CASE("the gradient of a network of each kind is right along a random direction") {
  const auto check = [](const char* what, nn::Sequential<Cpu, double> net, const Shape& input) {
    CAPTURE(what);
    CHECK(gradient_error(net, input) < 1e-5);
  };
  Rng rng(1);
  const models::ResNetOptions one{.blocks = {1, 1}, .width = 8, .classes = 3, .small = true};
  auto resnet = one;
  check("basic blocks", models::resnet<Cpu, double>(resnet, rng), {2, 6, 5, 3});
  resnet.padded = true;
  check("padded shortcuts", models::resnet<Cpu, double>(resnet, rng), {2, 6, 5, 3});
  resnet = one;
  resnet.bottleneck = true;
  check("bottlenecks", models::resnet<Cpu, double>(resnet, rng), {2, 6, 5, 3});
  resnet.pre_activation = true;
  check("bottlenecks, pre-activation", models::resnet<Cpu, double>(resnet, rng), {2, 6, 5, 3});
  resnet = one;
  resnet.pre_activation = true;
  check("pre-activation", models::resnet<Cpu, double>(resnet, rng), {2, 6, 5, 3});
  check("RevNet",
        models::revnet<Cpu, double>({.blocks = {2, 1}, .width = 8, .classes = 3, .small = true}, rng),
        {2, 6, 5, 3});
  check("network in network", models::nin<Cpu, double>({.blocks = 3, .width = 8}, rng), {2, 9, 9, 3});
  check("VGG", models::vgg<Cpu, double>({.width = 8, .classes = 3, .small = true}, rng), {4, 32, 32, 3});
  check("AlexNet", models::alexnet<Cpu, double>({.width = 8}, rng), {2, 63, 63, 3});
  for (auto options : {models::alexnet_small, models::caffenet, models::alexnet_color}) {
    options.width = 8;
    options.hidden /= 16;
    check(options.name, models::alexnet<Cpu, double>(options, rng), {2, 40, 40, options.channels});
  }
}

TEST_CASE("a backbone that recomputes its blocks has the names and gradients of one that keeps them") {
  for (const char* name :
       {"nin3", "resnet18_small", "resnet50_v2_small", "cfn_small", "vgg11_bn", "alexnet_small"}) {
    CAPTURE(name);
    Rng a(1), b(1);
    auto stored = models::backbone(name, {.width = 8}, a);
    auto recomputed = models::backbone(name, {.width = 8, .recompute = true}, b);
    for (auto* net : {&stored, &recomputed}) {
      Tape<Cpu> tape(3);
      const auto y = (*net)(tape.constant(noise({2, 32, 32, 3})));
      tape.backward(y, noise(y.shape(), 2));
    }
    CHECK(nn::hash_state(recomputed) == nn::hash_state(stored));
    const auto p = nn::parameters(stored), q = nn::parameters(recomputed);
    REQUIRE(p.size() == q.size());
    for (std::size_t i = 0; i < p.size(); ++i) {
      CHECK(p[i].name == q[i].name);
      CHECK(std::ranges::equal(p[i].param->grad.span(), q[i].param->grad.span()));
    }
  }
}

TEST_CASE("an unknown backbone, and one of impossible size, is refused in words") {
  Rng rng(1);
  CHECK_THROWS_WITH_AS(
      models::backbone("alexnett", {}, rng),
      doctest::Contains("backbone: none is called 'alexnett'; there are alexnet, alexnet_bn"), Error);
  CHECK_THROWS_WITH_AS(models::nin({.blocks = 0}, rng), "nin: blocks must be 1 to 16, not 0", Error);
  CHECK_THROWS_WITH_AS(models::nin({.width = 4}, rng), "nin: width must be 8 to 65536, not 4", Error);
  CHECK_THROWS_WITH_AS(models::backbone("exemplar_cnn_small", {.width = -64}, rng),
                       "exemplar_cnn: width must be 1 to 65536, or 0 for the published, not -64", Error);
  CHECK_THROWS_WITH_AS(models::cfn({.width = 9}, rng), "cfn: width must be even, 8 to 8192, not 9", Error);
  CHECK_THROWS_WITH_AS(models::cfn({.channels = 0}, rng), "cfn: channels must be at least 1, not 0", Error);
  auto tower = models::cfn({.width = 8}, rng);
  CHECK_THROWS_WITH_AS(
      tower(noise({2, 38, 64, 3})),
      doctest::Contains(
          "cfn: pictures must be [N, H, W, channels] of at least 39 x 39 pixels, not [2, 38, 64, 3]"),
      Error);
  CHECK_THROWS_WITH_AS(models::nin({.channels = 0}, rng), "nin: channels must be at least 1, not 0", Error);
}

}  // namespace
