// SPDX-License-Identifier: MIT
// The first steps of ResNet-18 for small pictures, supervised, with all that PyTorch needs to take the same
// ones: benches/peers/torch_curve.py runs it and compares. usage: curve DATA FOLDER [steps batch rate
// precision]
//   FOLDER/weights.safetensors  what training begins with
//   FOLDER/inputs.npy, labels.npy  [steps, batch, 32, 32, 3], moved and mirrored, and [steps, batch]
//   stdout  a line of JSON a step: its loss before the update
#include <pretext/cpu/render.hpp>
#include <pretext/pretext.hpp>

#include <cstdio>
#include <string>
#include <vector>

using namespace pretext;

namespace {

struct Settings {
  std::string data, folder;
  std::int64_t steps = 50, batch = 128;
  double rate = 0.1;
};

void run(const Settings& s) {
  const data::Dataset train = data::open(s.data);
  const auto classes = std::ssize(train.classes());
  Rng rng(1);
  auto net = models::backbone("resnet18_small", {.classes = classes}, rng);
  write_safetensors(s.folder + "/weights.safetensors", {nn::save_state(net), {}});

  const tasks::Supervised<> task({.features = 1, .program = {{}, static_cast<int>(classes)}}, rng);
  optim::Optimizer<> optimizer(nn::parameters(net),
                               optim::Sgd{.momentum = 0.9, .weight_decay = 5e-4, .nesterov = true});
  std::vector<float> inputs;
  std::vector<std::int32_t> labels;
  for (std::int64_t step = 0; step < s.steps; ++step) {
    const auto plan = data::plan_batch(train.size(), {.batch = s.batch, .seed = 1}, 0, step);
    const tasks::Batch<> batch = task.batch(train, plan, true);
    inputs.insert(inputs.end(), batch.inputs.span().begin(), batch.inputs.span().end());
    labels.insert(labels.end(), batch.labels.span().begin(), batch.labels.span().end());
    Tape<Cpu> tape;
    const auto loss = apply(ops::SoftmaxCrossEntropy{}, net(tape.constant(batch.inputs)), batch.labels);
    tape.backward(loss);
    optimizer.step(s.rate);
    std::puts(
        JsonObject().add("step", step).add("loss", static_cast<double>(loss.value().item())).text().c_str());
    std::fflush(stdout);
  }
  write_npy(s.folder + "/inputs.npy", {s.steps, s.batch, 32, 32, 3}, Span<const float>(inputs));
  write_npy(s.folder + "/labels.npy", {s.steps, s.batch}, Span<const std::int32_t>(labels));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3 || argc > 7) {
    std::fprintf(stderr, "usage: curve DATA FOLDER [steps batch rate precision]\n");
    return 2;
  }
  try {
    Settings s{argv[1], argv[2]};
    if (argc > 3) s.steps = std::stoll(argv[3]);
    if (argc > 4) s.batch = std::stoll(argv[4]);
    if (argc > 5) s.rate = std::stod(argv[5]);
    set_precision(argc > 6 && std::string(argv[6]) == "fast" ? Precision::fast : Precision::strict);
    run(s);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "curve: %s\n", error.what());
    return 1;
  }
  return 0;
}
