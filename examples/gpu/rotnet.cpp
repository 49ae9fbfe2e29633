// SPDX-License-Identifier: MIT
// The CIFAR-10 experiment of RotNet (Gidaris, Singh and Komodakis, ICLR 2018) on a GPU: a network in network
// of four blocks learns from unlabelled pictures which way up they are, by the released schedule; then a
// block of convolutions on its second one is trained with labels, and so is one on random weights, and a
// network from scratch.
//
//   rotnet cifar10.tar.gz OUT [SHARE]     SHARE of the epochs, 1 by default
//
// Each stage leaves its line in OUT/table.jsonl and its weights beside it; a stage whose line is there is not
// done again, so a run that was cut goes on.
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <pretext/pretext.hpp>

using namespace pretext;

namespace {

using T = bf16;
using Net = nn::Sequential<Cuda, T>;

struct Experiment {
  data::Dataset train, test;
  cuda::ResidentSet resident;
  std::filesystem::path out;
  double share;  // of the published epochs

  Experiment(const std::string& source, const std::string& folder, double share_of_epochs)
      : train(data::open(source, data::Split::train)),
        test(data::open(source, data::Split::test)),
        resident(train),
        out(folder),
        share(share_of_epochs) {
    std::filesystem::create_directories(out);
  }

  bool done(const std::string& stage) const {
    std::ifstream table(out / "table.jsonl");
    for (std::string line; std::getline(table, line);)
      if (line.find("\"stage\":\"" + stage + "\"") != std::string::npos) return true;
    return false;
  }

  /// Trains a task from the pictures on the GPU; the rate falls to a fifth at each of the milestones.
  template <class Task>
  double fit(Net& net, Task& task, double epochs, std::vector<double> milestones) const {
    for (double& m : milestones) m *= share;
    const optim::MultiStep schedule{.lr = 0.1, .milestones = milestones, .factor = 0.2};
    const optim::Sgd rule{.momentum = 0.9, .weight_decay = 5e-4, .nesterov = true};
    train::RecordedTraining<T, Task> training(net, task, resident, rule, {.batch = 128, .seed = 1});
    const auto begin = std::chrono::steady_clock::now();
    const auto steps =
        static_cast<std::int64_t>(epochs * share * static_cast<double>(training.steps_per_epoch()));
    for (std::int64_t i = 0; i < steps; ++i) {
      training.step(schedule(static_cast<double>(i) / static_cast<double>(training.steps_per_epoch())));
      if ((i + 1) % (20 * training.steps_per_epoch()) != 0) continue;
      const cuda::Tally tally = training.tally();
      std::printf("  epoch %lld: loss %.4f\n", static_cast<long long>((i + 1) / training.steps_per_epoch()),
                  tally.loss / static_cast<double>(tally.steps));
      std::fflush(stdout);
    }
    training.tally();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }

  /// Measures on the test pictures, once, and writes the stage's line.
  template <class Task>
  void finish(const std::string& stage, Net& net, Task& task, double seconds) const {
    const tasks::Score score = train::evaluate(net, task, test, {.batch = 250, .depth = 0});
    write_safetensors(out / (stage + ".safetensors"), {nn::save_state(net), {}});
    const std::string line = JsonObject()
                                 .add("stage", stage)
                                 .add("test_accuracy", score.accuracy())
                                 .add("seconds", seconds)
                                 .add("share_of_epochs", share)
                                 .text();
    std::ofstream(out / "table.jsonl", std::ios::app) << line << '\n';
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
  }

  Net fresh(std::int64_t blocks, std::uint64_t seed) const {
    Rng rng(seed);
    return models::nin<Cuda, T>({.blocks = blocks}, rng);
  }

  void rotation() const {
    if (done("rotation")) return;
    Net net = fresh(4, 1);
    Rng rng(2);
    tasks::Rotation<Cuda, T> task({.features = 192, .seed = 1}, rng);
    const double seconds = fit(net, task, 200, {60, 120, 160});
    finish("rotation", net, task, seconds);
  }

  /// Labels for a third block on two that stay as they are.
  void conv_probe(const std::string& stage, bool learnt) const {
    if (done(stage)) return;
    Net net = fresh(3, 3);
    if (learnt) {
      std::vector<NamedTensor> own = nn::save_state(net);
      const TensorFile file = read_safetensors(out / "rotation.safetensors");
      for (NamedTensor& mine : own)
        for (const NamedTensor& theirs : file.tensors)
          if (theirs.name == mine.name && !belongs_to(mine.name, "block3")) mine = theirs;
      nn::load_state(net, own);
    }
    nn::freeze(net, "block1");
    nn::freeze(net, "block2");
    labels(stage, net, 100, {35, 70, 85});
  }

  void supervised() const {
    if (done("supervised")) return;
    Net net = fresh(3, 4);
    labels("supervised", net, 200, {60, 120, 160});
  }

  void labels(const std::string& stage, Net& net, double epochs,
              const std::vector<double>& milestones) const {
    Rng rng(5);
    tasks::Supervised<Cuda, T> task({.features = 192, .seed = 1}, rng);
    const double seconds = fit(net, task, epochs, milestones);
    finish(stage, net, task, seconds);
  }
};

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc < 3) throw Error("usage: rotnet CIFAR10 OUT [SHARE]");
    if (const std::string& reason = cuda::why_not(); !reason.empty()) {
      std::fprintf(stderr, "SKIPPED rotnet: no GPU: %s\n", reason.c_str());
      return 77;
    }
    cuda::tune_convolutions(true);
    const Experiment experiment(argv[1], argv[2], argc > 3 ? std::stod(argv[3]) : 1);
    experiment.rotation();
    experiment.conv_probe("conv_probe", true);
    experiment.conv_probe("conv_probe_of_random_weights", false);
    experiment.supervised();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "rotnet: %s\n", error.what());
    return 1;
  }
}
