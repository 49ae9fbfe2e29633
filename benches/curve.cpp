// SPDX-License-Identifier: MIT
// The first steps of ResNet-18 for small pictures, supervised, with all that PyTorch needs to take the same
// ones: benches/peers/torch_curve.py runs it and compares.
//   FOLDER/weights.safetensors  what training begins with, of the type that it computes in
//   FOLDER/inputs.npy, labels.npy  [steps, batch, 32, 32, 3], moved and mirrored, and [steps, batch]
//   stdout  a line of JSON a step: its loss before the update
#include <pretext/exchange.hpp>
#include <pretext/pretext.hpp>

#include <cstdio>
#include <string>
#include <vector>

using namespace pretext;

namespace {

constexpr const char* usage =
    "usage: curve DATA FOLDER STEPS BATCH RATE PRECISION\n"
    "  DATA       CIFAR-10, in any form that the library opens\n"
    "  PRECISION  strict or fast, as of a training in float; or double\n";

struct Settings {
  std::string data, folder;
  std::int64_t steps, batch;
  double rate;
};

template <class T>
void run(const Settings& s) {
  const data::Dataset train = data::open(s.data);
  require(s.steps >= 1 && s.batch >= 1 && s.steps * s.batch <= train.size(), "curve: ", s.steps, " steps of ",
          s.batch, " pictures; expected one epoch of ", train.name(), " at most, which has ", train.size());
  const auto classes = std::ssize(train.classes());
  Rng rng(1);
  auto net = models::resnet<Cpu, T>({.classes = classes, .small = true}, rng);
  write_safetensors(s.folder + "/weights.safetensors", {nn::save_state(net), {}});

  const tasks::Supervised<> task({.features = 1, .program = {{}, static_cast<int>(classes)}}, rng);
  optim::Optimizer<Cpu, T> optimizer(nn::parameters<Cpu, T>(net),
                                     optim::Sgd{.momentum = 0.9, .weight_decay = 5e-4, .nesterov = true});
  std::vector<float> inputs;
  std::vector<std::int32_t> labels;
  for (std::int64_t step = 0; step < s.steps; ++step) {
    const auto plan = data::plan_batch(train.size(), {.batch = s.batch, .seed = 1}, 0, step);
    const tasks::Batch<> batch = task.batch(train, plan, true);
    const auto drawn = batch.inputs.span();
    inputs.insert(inputs.end(), drawn.begin(), drawn.end());
    labels.insert(labels.end(), batch.labels.span().begin(), batch.labels.span().end());
    Tensor<T, Cpu> x(batch.inputs.shape());
    std::copy(drawn.begin(), drawn.end(), x.data());
    Tape<Cpu> tape;
    const auto loss = apply(ops::SoftmaxCrossEntropy{}, net(tape.constant(x)), batch.labels);
    tape.backward(loss);
    optimizer.step(s.rate);
    const auto value = static_cast<double>(loss.value().item());
    std::puts(JsonObject().add("step", step).add("loss", value).text().c_str());
    std::fflush(stdout);
  }
  write_npy(s.folder + "/inputs.npy", {s.steps, s.batch, 32, 32, 3}, Span<const float>(inputs));
  write_npy(s.folder + "/labels.npy", {s.steps, s.batch}, Span<const std::int32_t>(labels));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string precision = argc == 7 ? argv[6] : "";
  if (precision != "fast" && precision != "strict" && precision != "double") {
    std::fputs(usage, stderr);
    return 2;
  }
  try {
    const Settings s{argv[1], argv[2], std::stoll(argv[3]), std::stoll(argv[4]), std::stod(argv[5])};
    set_precision(precision == "fast" ? Precision::fast : Precision::strict);
    precision == "double" ? run<double>(s) : run<float>(s);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "curve: %s\n", error.what());
    return 1;
  }
  return 0;
}
