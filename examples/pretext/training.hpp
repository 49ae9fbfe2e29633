// SPDX-License-Identifier: MIT
#pragma once

#include <pretext/eval/low_shot.hpp>
#include <pretext/nn/sequential.hpp>
#include <pretext/tasks/any_task.hpp>
#include <pretext/tasks/inputs.hpp>
#include <pretext/tensor/safetensors.hpp>
#include <pretext/train/fit_options.hpp>

#include "source.hpp"

/// Weights that somebody else may have written; without a file there are none.
struct WeightSettings {
  std::string file, dict, prefix;

  /// `purpose` says what they are for.
  void add_to(Settings& settings, const std::string& purpose);
  void load(pretext::nn::Sequential<>& backbone) const;
};

/// What TrainingSettings::head may be, in the order of models::ProbeHead.
inline const std::vector<std::string> head_names{"none", "mlp", "conv"};

/// All that decides what a network learns; stored with its run.
struct TrainingSettings {
  std::string task = "rotation", variant = "fitted", part = "train", model = "nin3", schedule = "cosine",
              precision = "fast";
  std::int64_t width = 48, epochs = 20, batch = 64, padding = 4, seed = 0;
  double lr = 0.1, momentum = 0.9, weight_decay = 5e-4, warmup = 0, validation = 0;
  bool nesterov = true, mirror = true;
  DataSettings source;
  /// The run or file of weights that it begins with, and which of those; which pictures have labels.
  std::string init, init_dict, init_prefix, label_order = "random";
  /// Supervised: by the colours of which task, or TASK:VARIANT, inputs are normalised; empty: those of CIFAR.
  std::string colors_of;
  /// Supervised: the tap up to which the backbone stays as it is, and what learns on it; empty: all of it
  /// learns.
  std::string frozen_at, head = "none";
  std::int64_t pictures = 0;      ///< that it learns from; 0: all. What is measured later has them all.
  std::int64_t labels = 0;        ///< a class; 0: all
  std::int64_t permutations = 0;  ///< that jigsaw tells apart; 0: as the variant says
  double head_lr = 1;
  bool online_probes = false;  ///< changes no bit of the network; stored, so that a resumed run has them too
  bool recompute = false;      ///< decides nothing but memory and time: not stored

  void add_to(Settings& settings);

  /// Fills in what the task decides where nobody said, and throws what training would throw sooner or later
  /// of the settings alone: before pictures are opened.
  void resolve();
  /// And of these pictures.
  void check(const pretext::data::Dataset& train) const;
  pretext::optim::Schedule make_schedule() const;
  pretext::tasks::SquareCrop crop() const;
  /// What the trained network is shown when its features are measured.
  pretext::tasks::PlainInputs inputs() const;
  /// The pictures to learn from.
  pretext::data::Dataset open_training() const;
  std::uint64_t random_seed() const { return static_cast<std::uint64_t>(seed); }
};

/// What a training leaves behind.
struct Trained {
  pretext::nn::Sequential<> backbone;
  pretext::tasks::AnyTask<> task;
  std::vector<pretext::train::Record> epochs{};
  /// How well the task is solved on pictures never trained on; count 0: not measured.
  pretext::tasks::Score test{};
  std::string tested{};  ///< on what: "75 test pictures"
  std::int64_t parameters = 0;
};

/// The names that TrainingSettings::task may have.
std::vector<std::string> task_names();

/// The names that TrainingSettings::model may have.
std::vector<std::string> model_names();

/// A freshly drawn backbone: the same for the same settings and seed.
pretext::nn::Sequential<> make_backbone(const TrainingSettings& settings);

/// The same as the network that is trained: with a head on it where part of it is frozen.
pretext::nn::Sequential<> make_network(const TrainingSettings& settings);

/// Where part of a backbone shall be frozen, what turns it into the network that is trained.
void add_head(const TrainingSettings& settings, pretext::nn::Sequential<>& backbone);

/// The number of channels of a backbone's last tap.
std::int64_t last_channels(pretext::nn::Sequential<>& backbone, const TrainingSettings& settings);

/// The pictures that a training learns from, and those that it holds out.
struct TrainingParts {
  pretext::data::Dataset train, held_out;
};

/// Few labelled pictures are repeated until they are as many as all: an epoch is as long as ever.
TrainingParts parts_of(const TrainingSettings& settings, const pretext::data::Dataset& train);

/// The order of a name; throws where there is none.
pretext::eval::LabelOrder label_order_of(const std::string& name);

/// The pictures that have labels, each once.
pretext::data::Dataset labelled_of(const TrainingSettings& settings, const pretext::data::Dataset& train);

/// Makes what learns beside a backbone from the pictures that it is trained on.
using MakeCompanion = std::function<std::unique_ptr<pretext::tasks::Companion>(
    pretext::nn::Sequential<>& backbone, const pretext::data::Dataset& pictures)>;

/// Trains a backbone for the task of the settings. `how` says where the run lives; the rest of it is filled
/// in. An empty `test` is not scored.
Trained train_network(const TrainingSettings& settings, const pretext::data::Dataset& train,
                      const pretext::data::Dataset& test, pretext::train::FitOptions how,
                      const MakeCompanion& companion = {});

/// Throws where a run folder is the folder of the pictures, or holds it.
void require_apart(const std::filesystem::path& run, const DataSettings& source);
