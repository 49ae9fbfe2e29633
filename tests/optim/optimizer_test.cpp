// SPDX-License-Identifier: MIT
#include "optimizer_table.hpp"

#include <numeric>

#include "pretext/core/random.hpp"
#include "pretext/cpu/update.hpp"
#include "pretext/optim/schedule.hpp"
#include "support.hpp"

namespace {

using namespace pretext;

/// A function of two values and its gradient.
template <class T>
using Gradient = std::array<T, 2> (*)(T x, T y);

template <class T>
std::array<T, 2> parabola(T x, T y) {
  return {2 * (x - T(1)), T(0.2) * (y + T(2))};
}
template <class T>
std::array<T, 2> rosenbrock(T x, T y) {
  return {-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)};
}

/// A parameter [2, 1] that walks down a function.
template <class T>
struct Walker {
  Param<T, Cpu> param;
  optim::Optimizer<Cpu, T> optimizer;

  Walker(const typename test::OptimizerRow<T>::Make& make, T x, T y)
      : param(Tensor<T, Cpu>::from({2, 1}, std::array<T, 2>{x, y})), optimizer(make({{"w", &param}})) {}

  T x() const { return param.value.data()[0]; }
  T y() const { return param.value.data()[1]; }

  void step(Gradient<T> f, double lr) {
    param.grad = Tensor<T, Cpu>::from({2, 1}, f(x(), y()));
    optimizer.step(lr);
  }
};

TEST_CASE_TEMPLATE("every optimiser takes the steps of its reference", T, float, double) {
  const double tolerance = std::is_same_v<T, float> ? 2e-6 : 1e-12;
  for (const auto& row : test::optimizer_table<T>()) {
    CAPTURE(row.name);
    Walker<T> walker(row.golden, T(-1.2), T(1));
    for (std::size_t i = 0; i < row.path.size(); i += 2) {
      walker.step(rosenbrock<T>, row.golden_lr);
      CHECK(static_cast<double>(walker.x()) == doctest::Approx(row.path[i]).epsilon(tolerance));
      CHECK(static_cast<double>(walker.y()) == doctest::Approx(row.path[i + 1]).epsilon(tolerance));
    }
  }
}

TEST_CASE_TEMPLATE("every optimiser finds the minimum of a parabola and of Rosenbrock's function", T, float,
                   double) {
  const auto walk = [](auto& walker, Gradient<T> f, double lr, int steps) {
    const optim::Schedule schedule = optim::Cosine{.lr = lr, .end = static_cast<double>(steps)};
    for (int i = 0; i < steps; ++i) walker.step(f, schedule(i));
  };
  for (const auto& row : test::optimizer_table<T>()) {
    CAPTURE(row.name);
    Walker<T> bowl(row.plain, T(5), T(3)), valley(row.plain, T(-1.2), T(1));
    walk(bowl, parabola<T>, row.parabola_lr, row.parabola_steps);
    CHECK(std::abs(static_cast<double>(bowl.x()) - 1) < 1e-2);
    CHECK(std::abs(static_cast<double>(bowl.y()) + 2) < 1e-2);
    walk(valley, rosenbrock<T>, row.rosenbrock_lr, row.rosenbrock_steps);
    CHECK(std::abs(static_cast<double>(valley.x()) - 1) < 2e-2);
    CHECK(std::abs(static_cast<double>(valley.y()) - 1) < 4e-2);
  }
}

/// Three parameters, one of them larger than a chunk, and gradients that are a function of the step.
struct Net {
  Param<float, Cpu> weight, bias, kernel;
  optim::Optimizer<> optimizer;

  explicit Net(const test::OptimizerRow<float>::Make& make)
      : weight(drawn({200, 250}, 1)),
        bias(drawn({200}, 2)),
        kernel(drawn({3, 3, 4, 8}, 3), ParamLayout::conv_kernel),
        optimizer(make({{"fc.weight", &weight}, {"fc.bias", &bias}, {"conv.weight", &kernel}})) {}

  static Tensor<float, Cpu> drawn(const Shape& shape, std::uint32_t stream) {
    Tensor<float, Cpu> x(shape);
    Rng rng(1, Use::test, 0, stream);
    for (float& v : x.span()) v = rng.uniform(-1, 1);
    return x;
  }

  void step(std::uint32_t index) {
    weight.grad = drawn(weight.value.shape(), 10 * index + 1);
    bias.grad = drawn(bias.value.shape(), 10 * index + 2);
    kernel.grad = drawn(kernel.value.shape(), 10 * index + 3);
    optimizer.step(0.01);
  }

  std::uint64_t hash() {
    std::vector<StateEntry> entries;
    for (auto* p : {&weight, &bias, &kernel}) entries.emplace_back("p", p->value);
    return hash_of(save_entries(entries));
  }
};

TEST_CASE("every optimiser has the same bits on any number of threads") {
  const int threads_before = thread_pool().threads();
  for (const auto& row : test::optimizer_table<float>()) {
    CAPTURE(row.name);
    std::optional<std::uint64_t> expected;
    for (const int threads : {1, 2, 5}) {
      set_num_threads(threads);
      Net net(row.golden);
      for (std::uint32_t i = 0; i < 3; ++i) net.step(i);
      CHECK(net.hash() == expected.value_or(net.hash()));
      expected = net.hash();
    }
  }
  set_num_threads(threads_before);
}

TEST_CASE("a norm is right, and has the same bits on any number of threads") {
  const int threads_before = thread_pool().threads();
  std::vector<double> x(100001);
  Rng rng(1, Use::test);
  for (double& v : x) v = rng.uniform(-1, 1);
  set_num_threads(1);
  const double expected = cpu::norm(x.data(), std::ssize(x));
  CHECK(expected * expected == doctest::Approx(std::inner_product(x.begin(), x.end(), x.begin(), 0.0)));
  for (const int threads : {2, 3, 8}) {
    set_num_threads(threads);
    CHECK(cpu::norm(x.data(), std::ssize(x)) == expected);
  }
  set_num_threads(threads_before);
}

TEST_CASE("an optimiser loaded from its state goes on with the same bits") {
  for (const auto& row : test::optimizer_table<float>()) {
    CAPTURE(row.name);
    Net whole(row.golden), resumed(row.golden);
    for (std::uint32_t i = 0; i < 3; ++i) whole.step(i);
    const auto state = whole.optimizer.save_state("optimizer.");
    resumed.weight.value = whole.weight.value.clone();
    resumed.bias.value = whole.bias.value.clone();
    resumed.kernel.value = whole.kernel.value.clone();
    resumed.optimizer.load_state(state, "optimizer.");
    CHECK(hash_of(resumed.optimizer.save_state()) == hash_of(whole.optimizer.save_state()));
    for (std::uint32_t i = 3; i < 6; ++i) whole.step(i), resumed.step(i);
    CHECK(resumed.hash() == whole.hash());
  }
}

TEST_CASE("a steady step asks the system for no memory") {
  for (const auto& row : test::optimizer_table<float>()) {
    CAPTURE(row.name);
    Net net(row.golden);
    net.step(0);
    net.step(1);
    const auto before = allocator<Cpu>().use();
    for (std::uint32_t i = 2; i < 5; ++i) net.step(i);
    CHECK(allocator<Cpu>().use().allocations == before.allocations);
    CHECK(allocator<Cpu>().use().live == before.live);
  }
}

TEST_CASE("a step drops all gradients, and passes over frozen parameters and those without one") {
  Param<float, Cpu> stepped(Tensor<float, Cpu>::full({2}, 1)), frozen(Tensor<float, Cpu>::full({2}, 1)),
      idle(Tensor<float, Cpu>::full({2}, 1));
  frozen.trainable = false;
  optim::Optimizer<> sgd({{"stepped", &stepped}, {"frozen", &frozen}, {"idle", &idle}}, optim::Sgd{});
  stepped.grad = frozen.grad = Tensor<float, Cpu>::full({2}, 1);
  sgd.step(0.5);
  CHECK(stepped.value.data()[0] == 0.5F);
  CHECK(frozen.value.data()[0] == 1);
  CHECK(idle.value.data()[0] == 1);
  CHECK(!stepped.grad.defined());
  CHECK(!frozen.grad.defined());
  CHECK(sgd.save_state().size() == 2);
}

TEST_CASE("a gradient that others share is left as it is") {
  Param<float, Cpu> p(Tensor<float, Cpu>::full({2}, 1));
  const auto shared = Tensor<float, Cpu>::full({2}, 1);
  optim::Optimizer<> sgd({{"p", &p}}, optim::Sgd{.momentum = 0.9, .weight_decay = 1});
  for (int i = 0; i < 2; ++i) {
    p.grad = shared;
    sgd.step(0.1);
  }
  CHECK(shared.data()[0] == 1);
}

TEST_CASE("groups scale the rate and replace weight decay, all that match in order") {
  const auto ones = [](const Shape& shape) { return Tensor<double, Cpu>::full(shape, 1); };
  Param<double, Cpu> weight(ones({1, 1})), bias(ones({1})), head(ones({1}));
  optim::Optimizer<Cpu, double> sgd(
      {{"fc.weight", &weight}, {"fc.bias", &bias}, {"head.bias", &head}}, optim::Sgd{.weight_decay = 0.5},
      {{.match = optim::vectors, .weight_decay = 0.0}, {.match = optim::named("head"), .lr_scale = 10}});
  for (auto* p : {&weight, &bias, &head}) p->grad = ones(p->value.shape());
  sgd.step(0.01);
  CHECK(weight.value.item() == doctest::Approx(1 - 0.01 * 1.5));
  CHECK(bias.value.item() == doctest::Approx(1 - 0.01));
  CHECK(head.value.item() == doctest::Approx(1 - 0.1));
}

TEST_CASE("a group of a part takes what lies in it, and not what only begins alike") {
  const Shape shape;
  for (const char* part : {"block1", "block1."}) {
    const auto match = optim::named(part);
    CHECK(match("block1.weight", shape));
    CHECK(match("block1", shape));
    CHECK_FALSE(match("block10.weight", shape));
    CHECK_FALSE(match("head.block1.weight", shape));
  }
  CHECK(optim::named("fc.bias")("fc.bias", shape));
  CHECK_FALSE(optim::named("fc.b")("fc.bias", shape));
  CHECK_FALSE(optim::named(".")("fc.bias", shape));
  CHECK(optim::named("")("fc.bias", shape));
}

TEST_CASE("lars takes the plain rate where a tensor is a vector or a norm is zero") {
  Param<double, Cpu> bias(Tensor<double, Cpu>::full({1}, 2)), zero(Tensor<double, Cpu>::zeros({1, 1}));
  optim::Optimizer<Cpu, double> lars({{"bias", &bias}, {"zero", &zero}}, optim::Lars{});
  bias.grad = Tensor<double, Cpu>::full({1}, 3);
  zero.grad = Tensor<double, Cpu>::full({1, 1}, 3);
  lars.step(0.1);
  CHECK(bias.value.item() == doctest::Approx(1.7));
  CHECK(zero.value.item() == doctest::Approx(-0.3));
}

TEST_CASE("what an optimiser cannot work with is refused in words") {
  Param<float, Cpu> p(Tensor<float, Cpu>::full({2}, 1)), q(Tensor<float, Cpu>::full({2}, 1));
  const auto make = [&](const auto& rule) { return optim::Optimizer<>({{"p", &p}}, rule); };
  CHECK_THROWS_WITH_AS(make(optim::Sgd{.momentum = 1}), "sgd: momentum must be at least 0 and below 1, not 1",
                       Error);
  CHECK_THROWS_WITH_AS(make(optim::Sgd{.nesterov = true}), "sgd: nesterov needs a momentum above 0", Error);
  CHECK_THROWS_AS(make(optim::Adam{.beta2 = 1}), Error);
  CHECK_THROWS_AS(make(optim::AdamW{.epsilon = 0}), Error);
  CHECK_THROWS_AS(make(optim::Lars{.trust = 0}), Error);
  CHECK_THROWS_WITH_AS(make(optim::Sgd{.weight_decay = -0.1}),
                       "optimizer: weight_decay must be 0 or more, not -0.1", Error);
  CHECK_THROWS_AS(make(optim::Adam{.weight_decay = std::nan("")}), Error);
  CHECK_THROWS_AS(make(optim::AdamW{.weight_decay = -1}), Error);
  CHECK_THROWS_AS(make(optim::Lars{.weight_decay = HUGE_VAL}), Error);
  CHECK_THROWS_WITH_AS(make(optim::Sgd{}).step(std::nan("")),
                       "optimizer: the learning rate must be 0 or more, not nan", Error);
  auto from = make(optim::Sgd{});
  const auto to = std::move(from);
  CHECK_THROWS_WITH_AS(from.step(0.1), "optimizer: it was moved from, and has no rule", Error);
  CHECK_THROWS_WITH_AS(optim::Optimizer<>({{"p", &p}, {"p", &q}}, optim::Sgd{}),
                       "optimizer: two parameters are named 'p'", Error);
  CHECK_THROWS_WITH_AS(optim::Optimizer<>({{"p", &p}}, optim::Sgd{}, {{.match = optim::named("x")}}),
                       "optimizer: group 0 matches none of 1 parameters, such as p", Error);
  CHECK_THROWS_WITH_AS(
      optim::Optimizer<>({{"p", &p}}, optim::Sgd{}, {{.match = optim::vectors, .lr_scale = -1}}),
      "optimizer: group 0 gives p a negative rate or weight decay", Error);
}

TEST_CASE("a state that does not fit is refused with all its faults, and changes nothing") {
  const auto make = test::by<float>(optim::Sgd{.momentum = 0.9});
  Net net(make), other(make);
  net.step(0);
  other.step(1);
  const std::uint64_t before = hash_of(net.optimizer.save_state());
  auto state = other.optimizer.save_state();
  state[1].name = "fc.weight.exp_avg";
  state[3].shape = {100};
  std::string message;
  try {
    net.optimizer.load_state(state);
  } catch (const Error& error) {
    message = error.what();
  }
  for (const char* part : {"missing: fc.weight.momentum_buffer", "unexpected: fc.weight.exp_avg",
                           "misfit: fc.bias.momentum_buffer is f32 [100]"})
    CHECK_MESSAGE(message.find(part) != std::string::npos, part << " is not in: " << message);
  auto negative = other.optimizer.save_state();
  negative[2] = NamedTensor::of<std::int64_t>("fc.bias.step", {}, std::vector<std::int64_t>{-1});
  CHECK_THROWS_WITH_AS(net.optimizer.load_state(negative),
                       "optimizer: fc.bias.step must be at least 1 and below 2^53, not -1", Error);
  CHECK(hash_of(net.optimizer.save_state()) == before);
}

TEST_CASE("the state of a kernel lies in files as the kernel does") {
  Net net(test::by<float>(optim::Adam{}));
  net.step(0);
  const auto state = net.optimizer.save_state();
  std::vector<std::string> names;
  for (const auto& tensor : state) names.push_back(tensor.name);
  CHECK(names == std::vector<std::string>{"fc.weight.step", "fc.weight.exp_avg", "fc.weight.exp_avg_sq",
                                          "fc.bias.step", "fc.bias.exp_avg", "fc.bias.exp_avg_sq",
                                          "conv.weight.step", "conv.weight.exp_avg",
                                          "conv.weight.exp_avg_sq"});
  CHECK(state[7].shape == Shape{8, 4, 3, 3});
  CHECK(state[0].as<std::int64_t>() == std::vector<std::int64_t>{1});
}

}  // namespace
