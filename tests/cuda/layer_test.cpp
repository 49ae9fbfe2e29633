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

/// Values in [-1, 1) that are exact in bf16.
template <class T, Device D>
Tensor<T, D> drawn(const Shape& shape, std::uint32_t stream) {
  Rng rng(11, Use::test, 0, stream);
  std::vector<T> values(static_cast<std::size_t>(shape.size()));
  for (T& v : values) v = static_cast<T>(static_cast<float>(rng.between(-128, 127)) / 128);
  return Tensor<T, D>::from(shape, values);
}

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

/// The same for the models of the table that have at most two million parameters, by Euclidean norms.
template <class T>
double worst_model(double allowed) {
  double worst = 0;
  for (const ModelRow& row : model_table()) {
    if (row.parameters > 2'000'000) continue;
    INFO(row.name, " of width ", row.options.width);
    Rng here(1), there(1);
    auto net = models::backbone<Cpu, float>(row.name, row.options, here);
    auto on_gpu = models::backbone<Cuda, T>(row.name, row.options, there);
    const Shape input = row.input.with(0, 4);
    const double off = worst_of(step_of<T, Cuda>(on_gpu, input), step_of<float, Cpu>(net, input), distance);
    CHECK(off <= allowed);
    worst = std::max(worst, off);
  }
  return worst;
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

TEST_CASE("a training step of every model on the GPU is near the processor's") {
  if (no_gpu()) return;
  MESSAGE("the worst is ", worst_model<float>(1e-3));
}

TEST_CASE("a training step of every model in bf16 is near the processor's") {
  if (no_gpu()) return;
  MESSAGE("the worst is ", worst_model<bf16>(0.2));
}
