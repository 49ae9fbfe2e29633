// SPDX-License-Identifier: MIT
#include "layer_table.hpp"

#include "cuda/gpu.hpp"
#include "cuda/processor.hpp"
#include "model_table.hpp"

using namespace test;

namespace {

/// Everything that one training step of a network makes.
struct Step {
  std::vector<double> output, input_gradient;
  std::vector<std::pair<std::string, std::vector<double>>> members;  // gradients and running statistics
};

template <class T, Device D, class Net>
Step step_of(Net& net, const Shape& input) {
  Tape<D> tape(7, 3);
  const Var<T, D> x = tape.leaf(drawn<T, D>(input, 1));
  poison_free_memory<D>();
  const Var<T, D> y = net(x);
  Step step{values(y.value()), {}, {}};
  tape.backward(y, drawn<T, D>(y.shape(), 2));
  step.input_gradient = values(tape.gradient(x));
  net.each([&](const std::string& name, auto& member) {
    if constexpr (is_param<decltype(member)>)
      step.members.push_back({name, values(member.grad)});
    else
      step.members.push_back({name, values(member.value)});
  });
  return step;
}

template <class Off>
double worst_of(const Step& is, const Step& should, const Off& off) {
  double worst = std::max(off(is.output, should.output), off(is.input_gradient, should.input_gradient));
  REQUIRE(is.members.size() == should.members.size());
  for (std::size_t i = 0; i < is.members.size(); ++i)
    worst = std::max(worst, off(is.members[i].second, should.members[i].second));
  return worst;
}

/// The step of every layer on the GPU in type T against the one in double on the processor.
template <class T>
double worst_layer(double allowed) {
  const auto gpu = layer_table<Cuda, T>();
  const auto exact = layer_table<Cpu, double>();
  double worst = 0;
  for (std::size_t i = 0; i < gpu.size(); ++i) {
    INFO(gpu[i].name);
    Rng here(1), there(1);
    auto layer = exact[i].make(here);
    auto on_gpu = gpu[i].make(there);
    const double off = worst_of(step_of<T, Cuda>(on_gpu, gpu[i].input),
                                step_of<double, Cpu>(layer, exact[i].input), difference);
    CHECK(off <= allowed);
    worst = std::max(worst, off);
  }
  return worst;
}

/// What a step makes, in one row: the output, and all gradients and statistics.
std::pair<std::vector<double>, std::vector<double>> rows_of(const Step& step) {
  std::vector<double> all = step.input_gradient;
  for (const auto& [name, member] : step.members) all.insert(all.end(), member.begin(), member.end());
  return {step.output, all};
}

/// How far a step is from the one in double, by Euclidean norms: its output, and all else.
struct Far {
  double output = 0, rest = 0;
};
Far far(const Step& is, const Step& should) {
  const auto [output, rest] = rows_of(is);
  const auto [exact_output, exact_rest] = rows_of(should);
  return {distance(output, exact_output), distance(rest, exact_rest)};
}

template <class T, Device D>
Step model_step(const ModelRow& row) {
  Rng rng(1);
  auto net = models::backbone<D, T>(row.name, row.options, rng);
  return step_of<T, D>(net, row.input.with(0, 4));
}

/// The models of the table that have at most two million parameters: check(row, exact step).
template <class Check>
void each_model(const Check& check) {
  for (const ModelRow& row : model_table()) {
    if (row.parameters > 2'000'000) continue;
    INFO(row.name, " of width ", row.options.width);
    check(row, model_step<double, Cpu>(row));
  }
}

}  // namespace

TEST_CASE("a training step of every layer on the GPU is within 1e-5 of its scale from the processor's") {
  if (no_gpu()) return;
  MESSAGE("the worst is ", worst_layer<float>(1e-5));
}

TEST_CASE("a training step of every layer in bf16 is within 0.03 of its scale from the processor's") {
  if (no_gpu()) return;
  MESSAGE("the worst is ", worst_layer<bf16>(0.03));
}

TEST_CASE(
    "a training step of every model on the GPU is as near to the one in double as the processor's in float") {
  if (no_gpu()) return;
  each_model([](const ModelRow& row, const Step& exact) {
    const Far gpu = far(model_step<float, Cuda>(row), exact), here = far(model_step<float, Cpu>(row), exact);
    MESSAGE(row.name, ": output off by ", gpu.output, " (processor ", here.output, "), the rest by ",
            gpu.rest, " (", here.rest, ")");
    // A relu that flips, for a sum so near to 0, changes a gradient by itself.
    CHECK(gpu.output <= 4 * here.output + 1e-6);
    CHECK(gpu.rest <= 4 * here.rest + 0.01);
  });
}

TEST_CASE("a training step of every model in bf16 loses no more than bf16 has less than float") {
  if (no_gpu()) return;
  each_model([](const ModelRow& row, const Step& exact) {
    const Far gpu = far(model_step<bf16, Cuda>(row), exact), here = far(model_step<float, Cpu>(row), exact);
    MESSAGE(row.name, ": output off by ", gpu.output, ", the rest by ", gpu.rest);
    CHECK(gpu.output <= 0x1p16 * here.output);
    // The signs of relus near 0 flip, by two thousandths a layer: deep networks' gradients know it.
    if (gpu.output < 0.1) CHECK(gpu.rest <= 0.7);
  });
}
