// SPDX-License-Identifier: MIT
#include <cmath>
#include <limits>
#include <string>

#include "pretext/train/fit.hpp"
#include "support.hpp"
#include "train/tiny.hpp"

using namespace pretext;
using namespace pretext::train;
using test::TinyTraining;

namespace {

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

/// An op that hands on its input, and an infinite gradient once armed.
struct Spoil {
  static constexpr std::string_view name = "spoil";
  static constexpr std::size_t inputs = 1;
  const bool* armed = nullptr;
  template <class T, Device D>
  struct Saved {};
  template <class T, Device D>
  Tensor<T, D> forward(const Tensor<T, D>& x, Saved<T, D>*) const {
    return x;
  }
  template <class T, Device D>
  ops::Grads<T, D, 1> backward(const Tensor<T, D>& dy, const Saved<T, D>&, ops::Wanted<1>) const {
    return {*armed ? Tensor<T, D>::full(dy.shape(), T(infinity)) : dy};
  }
};

std::string error_of(TinyTraining& training, const FitOptions& options) {
  try {
    training.fit(options);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("values that are not finite are counted, and none else") {
  for (const std::int64_t size : {1, 7, 8, 70000}) {
    Tensor<float, Cpu> x({size});
    Tensor<double, Cpu> y({size});
    x.fill(-std::numeric_limits<float>::max());
    y.fill(std::numeric_limits<double>::denorm_min());
    CHECK(count_not_finite(x) == 0);
    CHECK(count_not_finite(y) == 0);
    x.data()[size - 1] = -infinity;
    y.data()[size / 2] = not_a_number;
    CHECK(count_not_finite(x) == 1);
    CHECK(count_not_finite(y) == 1);
    x.fill(not_a_number);
    CHECK(count_not_finite(x) == size);
  }
}

TEST_CASE("a picture that is not finite is named at its step, and the state before it is kept") {
  const test::TempDir dir;
  TinyTraining training;
  training.task.on_batch = [](const data::BatchPlan& plan, tasks::Batch<>& batch) {
    if (plan.epoch == 1 && plan.step == 2) batch.inputs.data()[7] = not_a_number;
  };
  const std::string error = error_of(training, TinyTraining::options(dir / "run"));
  CAPTURE(error);
  CHECK(holds(error, "epoch 2, step 3: the loss is nan; it begins with the input batch (1 of 648"));
  CHECK(holds(error, "Try a learning rate below 0.0"));
  const Checkpoint kept = load_checkpoint(dir / "run/ckpt/not-finite.safetensors");
  CHECK(kept.info.epoch == 1);
  CHECK(kept.info.step == 2);
  CHECK_FALSE(std::filesystem::exists(dir / "run/ckpt/last.safetensors"));
}

TEST_CASE("the stage whose output overflows is named, not the ones behind it") {
  TinyTraining training;
  nn::visit<Cpu, float>(training.net, {.param = [](const std::string& name, Param<float, Cpu>& p) {
                          if (name == "conv2.weight")
                            for (float& w : p.value.span()) w *= 1e38F;
                        }});
  const std::string error = error_of(training, TinyTraining::options());
  CAPTURE(error);
  CHECK(holds(error, "epoch 1, step 1: the loss is"));
  CHECK(holds(error, "it begins with the output of stage 'conv2' ("));
}

TEST_CASE("a weight that is not finite is named before the output that it spoils") {
  for (const std::string name : {"conv1.weight", "bn1.bias", "conv2.bias", "head.weight"}) {
    CAPTURE(name);
    TinyTraining training;
    for (auto& p : nn::parameters(training.net))
      if (p.name == name) p.param->value.data()[3] = not_a_number;
    if (name == "head.weight") training.task.head.weight.value.data()[3] = not_a_number;
    const std::string error = error_of(training, TinyTraining::options());
    CAPTURE(error);
    CHECK(holds(error, "it begins with parameter " + name + " (1 of "));
  }
}

TEST_CASE("a gradient that is not finite is found in its own step, before it reaches a weight") {
  const test::TempDir dir;
  bool armed = false;
  Rng rng(1);
  nn::Sequential<> net;
  net.add("conv1", nn::Conv2d<>({.in = 3, .out = 8, .kernel = 1}, rng));
  net.add("conv2", nn::Conv2d<>({.in = 8, .out = 8, .kernel = 1}, rng));
  net.add("spoil", nn::Stateless<Spoil>{{&armed}});
  net.add("conv3", nn::Conv2d<>({.in = 8, .out = 8, .kernel = 1}, rng));
  test::TinyTask task(rng, 3);
  FitOptions options = TinyTraining::options(dir / "run");
  options.loader_depth = 0;
  task.on_batch = [&](const data::BatchPlan& plan, tasks::Batch<>&) { armed = plan.step == 3; };
  CHECK_THROWS_WITH_AS(fit(net, task, test::tiny_pictures(), optim::Sgd{}, options),
                       doctest::Contains("epoch 1, step 4: the gradient of conv2.bias (8 of 8 values are not "
                                         "finite); on the way to the head all is finite"),
                       Error);
  CHECK(first_bad_value(nn::parameters(net)).empty());
}

TEST_CASE("weights that are not finite never reach the checkpoint that a resume would read") {
  const test::TempDir dir;
  TinyTraining training;
  FitOptions options = TinyTraining::options(dir / "run");
  options.checkpoint_steps = 1;
  options.loader_depth = 0;
  // A learning rate that no float survives: the weights overflow while loss and gradients were finite.
  options.schedule = [](double epoch) { return epoch >= 0.4 ? 1e300 : 0.01; };
  const std::string error = error_of(training, options);
  CAPTURE(error);
  CHECK(holds(error, "not finite"));
  CHECK(load_checkpoint(dir / "run/ckpt/last.safetensors").info.step == 2);
  CHECK(load_checkpoint(dir / "run/ckpt/not-finite.safetensors").info.step == 3);
}

TEST_CASE("weights that the last step spoils are an error with and without a run folder") {
  const test::TempDir dir;
  for (const auto& out : {dir / "run", std::filesystem::path()}) {
    CAPTURE(out);
    TinyTraining training;
    FitOptions options = TinyTraining::options(out);
    options.epochs = 1;
    options.schedule = [](double epoch) { return epoch >= 0.8 ? 1e300 : 0.01; };
    const std::string error = error_of(training, options);
    CAPTURE(error);
    CHECK(error.starts_with("training: after 5 steps: parameter "));
    CHECK(holds(error, "values are not finite)"));
    CHECK(holds(error, "Try a learning rate below 1e+300"));
    CHECK_FALSE(first_bad_value(nn::parameters(training.net)).empty());
  }
}
