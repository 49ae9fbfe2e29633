// SPDX-License-Identifier: MIT
#pragma once

#include <pretext/audit.hpp>
#include <pretext/pretext.hpp>

#include "training.hpp"

/// A task set up for one training.
struct TaskSetup {
  pretext::tasks::AnyTask<> task;
  pretext::data::Dataset train, test;   ///< what it is trained and scored on; `test` may be empty
  std::string tested = "test picture";  ///< what one of `test` is
};

using pretext::eval::Constant;

/// Which pictures of a task are drawn for a reader, and whose answers stand beside them.
struct ViewRequest {
  const pretext::data::Dataset& dataset;
  pretext::data::BatchPlan plan;
  bool training = true;        ///< moved and mirrored as in training
  Trained* trained = nullptr;  ///< null: nobody was asked
};

/// Which pictures a task is audited on, and what of it is changed first.
struct AuditRequest {
  pretext::data::Dataset dataset;
  pretext::eval::Plant plant = pretext::eval::Plant::none;
  std::string colors;  ///< what is done to colours; empty: what the task's constants say
  pretext::eval::AuditOptions options{};
};

/// What a network makes of its inputs, where it may be traced.
using Features = pretext::Pending<float, pretext::Cpu>;

/// What this tool knows about a pretext task: a new one adds a line to tool_tasks().
struct ToolTask {
  std::string name, question, source;
  std::vector<std::string> variants;  ///< "fitted" first: constants that suit the size of the pictures
  std::int64_t channels = 3;          ///< of the inputs
  std::int64_t size = 32;             ///< side of the input that suits it where nobody says
  TaskSetup (*set_up)(const TrainingSettings&, pretext::nn::Sequential<>&,
                      const pretext::data::Dataset& train, const pretext::data::Dataset& test);
  pretext::tasks::PlainInputs (*inputs)(const TrainingSettings&);
  std::vector<Constant> (*constants)(const TrainingSettings&);
  pretext::Image (*view)(const TrainingSettings&, const ViewRequest&);
  std::vector<pretext::eval::Shortcut> (*audit)(const TrainingSettings&, const AuditRequest&) = nullptr;
  std::vector<std::string> plants{};  ///< faults that may be planted before an audit, where there is one
  /// What a head of this state makes of the last tap; null: it needs several inputs for an answer.
  Features (*head)(const std::vector<pretext::NamedTensor>& state, const Features& features) = nullptr;
};

ToolTask rotation_task();
ToolTask jigsaw_task();
ToolTask relative_location_task();
ToolTask exemplar_task();
ToolTask exemplar_triplet_task();
ToolTask colorization_task();
ToolTask contrastive_task();
ToolTask supervised_task();

/// What the settings make of rotation.
pretext::tasks::RotationOptions rotation_options_of(const TrainingSettings& settings);

/// rotation_task() with its audit, which the demo is not to compile.
ToolTask audited_rotation_task();

const std::vector<ToolTask>& tool_tasks();

/// The task of a name; throws where there is none, and says which there are.
const ToolTask& tool_task(const std::string& name);

/// The head of a tasks::PooledClassifier.
Features pooled_head(const std::vector<pretext::NamedTensor>& state, const Features& features);

/// The class that the task of a trained network, rotation or supervised, gives to each input [N, H, W, 3].
std::vector<int> answers_of(Trained& trained, const pretext::Tensor<float, pretext::Cpu>& inputs);

/// The stream that the head of a training is drawn from.
inline pretext::Rng head_rng(const TrainingSettings& s) {
  return pretext::Rng(s.random_seed(), pretext::Use::init, 1);
}

/// What the each_constant() of a task's options says.
std::vector<Constant> constants_of(const auto& options) {
  std::vector<Constant> constants;
  options.each_constant([&](const std::string& name, const auto& value, const std::string& meaning) {
    constants.push_back({name, pretext::message(value), meaning});
  });
  return constants;
}

/// For a ToolTask whose options follow from the settings alone.
template <auto options_of>
std::vector<Constant> constants_by(const TrainingSettings& s) {
  return constants_of(options_of(s));
}
