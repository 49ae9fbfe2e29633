// SPDX-License-Identifier: MIT
// The CIFAR-10 experiment of RotNet (Gidaris, Singh and Komodakis, ICLR 2018) on a GPU: a network in network
// of four blocks learns from unlabelled pictures which way up they are, by the released schedule; then
// classifiers on its second one are trained with labels, and on random weights, and a network from scratch.
//
//   rotnet cifar10.tar.gz OUT [SHARE]     SHARE of the epochs, 1 by default
//
// Each stage leaves its row in OUT/table.md and its weights beside it, and every twenty epochs where it
// stands: a run that was cut goes on from there when it is begun again. Convolutions are tuned by timing, so
// two runs need not have the same bits.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <pretext/pretext.hpp>

using namespace pretext;

namespace {

using T = bf16;
using Net = nn::Sequential<Cuda, T>;

/// What is trained and how: epochs in all, and at which shares of them the rate falls to a fifth.
struct Stage {
  std::string name;
  double published;  ///< test accuracy, in percent
  double epochs;
  std::vector<double> falls;
};

class Experiment {
 public:
  Experiment(const std::string& source, const std::string& folder, double share_of_epochs)
      : test_(data::open(source, data::Split::test)),
        resident_(data::open(source, data::Split::train)),
        out_(folder),
        share_(share_of_epochs) {
    std::filesystem::create_directories(out_);
    const std::string now = message("share ", share_, " of the epochs, test pictures ", test_.hash());
    std::string then;
    if (std::getline(std::ifstream(out_ / "experiment.txt"), then); !then.empty())
      require(then == now, out_.native(), ": holds an experiment of ", then, "; expected ", now);
    else
      std::ofstream(out_ / "experiment.txt") << now << std::endl;
  }

  void rotation() const {
    Net net = fresh(4, 1);
    Rng rng(2);
    tasks::Rotation<Cuda, T> task({.features = 192, .seed = 1}, rng);
    carry_out({"rotation", 93.65, 200, {0.3, 0.6, 0.8}}, net, task);
  }

  /// Labels for a classifier on the second block, of what was learnt or of random weights, which stay.
  void probe(const Stage& stage, models::ProbeHead head, bool learnt) const {
    Net net = fresh(4, 3);
    if (learnt) nn::load_state(net, read_safetensors(weights("rotation")).tensors);
    Rng rng(4);
    models::add_probe_head(net, "block2", {1, 32, 32, 3}, {.head = head}, rng);
    labels(stage, net, head == models::ProbeHead::mlp ? 200 : 192);
  }

  void supervised() const {
    Net net = fresh(3, 4);
    labels({"supervised", 92.80, 200, {0.3, 0.6, 0.8}}, net, 192);
  }

 private:
  static Net fresh(std::int64_t blocks, std::uint64_t seed) {
    Rng rng(seed);
    return models::nin<Cuda, T>({.blocks = blocks}, rng);
  }

  void labels(const Stage& stage, Net& net, std::int64_t features) const {
    Rng rng(5);
    tasks::Supervised<Cuda, T> task({.features = features, .seed = 1}, rng);
    carry_out(stage, net, task);
  }

  std::filesystem::path weights(const std::string& stage) const { return out_ / (stage + ".safetensors"); }

  bool done(const std::string& stage) const {
    std::ifstream table(out_ / "table.md");
    for (std::string line; std::getline(table, line);)
      if (line.starts_with("| " + stage + " |")) return true;
    return false;
  }

  template <class Task>
  void carry_out(const Stage& stage, Net& net, Task& task) const {
    if (done(stage.name)) return;
    const double seconds = fit(stage, net, task);
    const tasks::Score score = train::evaluate(net, task, test_, {.batch = 250, .depth = 0});
    write_safetensors(weights(stage.name), {nn::save_state(net), {}});
    write_row(stage, 100 * score.accuracy(), seconds);
  }

  /// Trains on the pictures that lie on the GPU, from where it was left; answers the seconds of it all.
  template <class Task>
  double fit(const Stage& stage, Net& net, Task& task) const {
    const double epochs = stage.epochs * share_;
    optim::MultiStep schedule{.lr = 0.1, .milestones = stage.falls, .factor = 0.2};
    for (double& fall : schedule.milestones) fall *= epochs;
    const optim::Sgd rule{.momentum = 0.9, .weight_decay = 5e-4, .nesterov = true};
    train::RecordedTraining<T, Task> training(net, task, resident_, rule, {.batch = 128, .seed = 1});
    const train::CheckpointRing ring(out_ / stage.name);
    std::filesystem::create_directories(out_ / stage.name);
    double seconds = 0;
    if (const auto left = ring.load([](std::string_view note) { std::cout << note << std::endl; })) {
      training.resume(*left);
      seconds = std::stod(left->info.facts.at("seconds"));
    }
    using Clock = std::chrono::steady_clock;
    const auto begin = Clock::now();
    const auto so_far = [&] { return seconds + std::chrono::duration<double>(Clock::now() - begin).count(); };
    const std::int64_t an_epoch = training.steps_per_epoch();
    const auto steps = static_cast<std::int64_t>(epochs * static_cast<double>(an_epoch));
    while (training.steps() < steps) {
      training.step(schedule(static_cast<double>(training.steps()) / static_cast<double>(an_epoch)));
      if (training.steps() % (20 * an_epoch) != 0) continue;
      const cuda::Tally tally = training.tally();
      std::cout << "  " << stage.name << ", epoch " << training.steps() / an_epoch << ": loss "
                << tally.loss / static_cast<double>(tally.steps) << std::endl;
      train::Checkpoint here = training.checkpoint();
      here.info.facts["seconds"] = json_number(so_far());
      ring.save(here);
    }
    training.tally();
    return so_far();
  }

  void write_row(const Stage& stage, double accuracy, double seconds) const {
    const bool first = !std::filesystem::exists(out_ / "table.md");
    std::ofstream table(out_ / "table.md", std::ios::app);
    if (first)
      table << "| stage | test accuracy, % | published, % | seconds of training | epochs "
               "|\n|---|---|---|---|---|\n";
    table << "| " << stage.name << " | " << std::fixed << std::setprecision(2) << accuracy << " | "
          << stage.published << " | " << std::setprecision(0) << seconds << " | " << stage.epochs * share_
          << " |" << std::endl;
    std::cout << stage.name << ": " << accuracy << " %" << std::endl;
    require(static_cast<bool>(table), (out_ / "table.md").native(), ": cannot be written");
  }

  data::Dataset test_;
  cuda::ResidentSet resident_;
  std::filesystem::path out_;
  double share_;  // of the published epochs
};

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc < 3) throw Error("usage: rotnet CIFAR10 OUT [SHARE]");
    if (const std::string& reason = cuda::why_not(); !reason.empty()) {
      std::cerr << "SKIPPED rotnet: no GPU: " << reason << std::endl;
      return 77;
    }
    cuda::tune_convolutions(true);
    const Experiment experiment(argv[1], argv[2], argc > 3 ? std::stod(argv[3]) : 1);
    using enum models::ProbeHead;
    experiment.rotation();
    experiment.probe({"conv_probe", 91.16, 100, {0.35, 0.7, 0.85}}, conv, true);
    experiment.supervised();
    experiment.probe({"conv_probe_of_random_weights", 72.50, 100, {0.35, 0.7, 0.85}}, conv, false);
    experiment.probe({"nonlinear_probe", 89.06, 100, {0.4, 0.8, 0.9}}, mlp, true);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "rotnet: " << error.what() << std::endl;
    return 1;
  }
}
