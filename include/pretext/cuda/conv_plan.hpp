// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cuda/conv_graph.hpp"

namespace pretext::cuda {

/// How cuDNN computes one problem: an engine with its knobs, ready to run.
class ConvPlan {
 public:
  ConvPlan(const ConvProblem& problem, Descriptor plan, const Descriptor& config, const Descriptor& engine)
      : problem_(problem),
        plan_(std::move(plan)),
        engine_(engine.value<std::int64_t>(CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64)),
        workspace_(plan_.value<std::int64_t>(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64)) {
    for (const Descriptor& knob : config.descriptors(
             CUDNN_ATTR_ENGINECFG_KNOB_CHOICES, CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR, CUDNN_KNOB_TYPE_COUNTS))
      knobs_.push_back(
          {knob.value<cudnnBackendKnobType_t>(CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE, CUDNN_TYPE_KNOB_TYPE),
           knob.value<std::int64_t>(CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE, CUDNN_TYPE_INT64)});
  }

  const ConvProblem& problem() const { return problem_; }
  std::int64_t engine() const { return engine_; }
  std::int64_t workspace() const { return workspace_; }  ///< in bytes

  /// As "engine 62, knobs 12=3 5=1, workspace 0".
  friend std::string to_string(const ConvPlan& plan) {
    std::string knobs;
    for (const auto& [type, value] : plan.knobs_) knobs += message(' ', int{type}, '=', value);
    return message("engine ", plan.engine_, ", knobs", knobs, ", workspace ", plan.workspace_);
  }

  /// Runs on the handle's stream. One of x, weight and y is the result; all are aligned to 16 bytes, and
  /// `workspace` has workspace() bytes.
  void run(cudnnHandle_t handle, const void* x, const void* weight, const void* y, void* workspace) const {
    const std::array<const void*, 3> data{x, weight, y};
    constexpr std::array<std::int64_t, 3> names{1, 2, 3};
    Descriptor pack(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
    pack.set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, 3, names.data())
        .set(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, 3, data.data())
        .set(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, workspace);
    pack.finalize("arguments of a plan");
    const cudnnStatus_t status = cudnnBackendExecute(handle, plan_.raw(), pack.raw());
    if (status != CUDNN_STATUS_SUCCESS) [[unlikely]]
      fail(problem_, " by ", *this, ": ", cudnn_message(status));
  }

 private:
  ConvProblem problem_;
  Descriptor plan_;
  std::int64_t engine_, workspace_;
  std::vector<std::pair<cudnnBackendKnobType_t, std::int64_t>> knobs_;
};

/// A way to compute a graph that cuDNN's heuristics propose.
struct ConvConfig {
  Descriptor config, engine;

  bool noted(cudnnBackendNumericalNote_t note) const {
    const auto notes = engine.values<cudnnBackendNumericalNote_t>(
        CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE, CUDNN_NUMERICAL_NOTE_TYPE_COUNT);
    return std::find(notes.begin(), notes.end(), note) != notes.end();
  }
  std::int64_t index() const {
    return engine.value<std::int64_t>(CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64);
  }
  bool compiled_at_first_use() const {
    const auto notes = engine.values<cudnnBackendBehaviorNote_t>(
        CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE, CUDNN_TYPE_BEHAVIOR_NOTE, CUDNN_BEHAVIOR_NOTE_TYPE_COUNT);
    return std::find(notes.begin(), notes.end(), CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION) != notes.end();
  }

  /// False for engines that do not return the same bits every time, that sum in less than float, or that are
  /// compiled when they are first used; for float also for those that round operands, as TF32 does, or
  /// transform them.
  bool acceptable(cudnnDataType_t type) const {
    if (compiled_at_first_use() || noted(CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC) ||
        noted(CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION))
      return false;
    // Engine 17 transforms too, and does not note it: sums of whole numbers came out wrong by 1 / 500.
    return type != CUDNN_DATA_FLOAT ||
           !(index() == 17 || noted(CUDNN_NUMERICAL_NOTE_TENSOR_CORE) ||
             noted(CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS) || noted(CUDNN_NUMERICAL_NOTE_FFT) ||
             noted(CUDNN_NUMERICAL_NOTE_WINOGRAD));
  }
};

/// What the heuristics propose for a graph, best first, and what computes anything after it.
inline std::vector<ConvConfig> conv_configs(const ConvGraph& graph, const PlanTarget& target) {
  std::vector<ConvConfig> configs;
  for (const auto mode : {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK}) {
    Descriptor heuristics(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
    heuristics.set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph.descriptor())
        .set(CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, mode);
    target.describe(heuristics, CUDNN_ATTR_ENGINEHEUR_DEVICEPROP);
    if (heuristics.try_finalize() != CUDNN_STATUS_SUCCESS) continue;
    for (Descriptor& config :
         heuristics.descriptors(CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, 100))
      for (Descriptor& engine :
           config.descriptors(CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_BACKEND_ENGINE_DESCRIPTOR, 1))
        configs.push_back({std::move(config), std::move(engine)});
  }
  return configs;
}

/// Up to `most` plans of a problem, in the heuristics' order, but for bf16 those on tensor cores first; fewer
/// where cuDNN has fewer.
inline std::vector<ConvPlan> conv_plans(const ConvProblem& problem, const PlanTarget& target,
                                        std::size_t most) {
  const ConvGraph graph(problem, target);
  std::vector<ConvConfig> configs = conv_configs(graph, target);
  std::erase_if(configs, [&](const ConvConfig& c) { return !c.acceptable(problem.type); });
  if (problem.type == CUDNN_DATA_BFLOAT16)
    std::stable_partition(configs.begin(), configs.end(),
                          [](const ConvConfig& c) { return c.noted(CUDNN_NUMERICAL_NOTE_TENSOR_CORE); });
  std::vector<ConvPlan> plans;
  for (const ConvConfig& c : configs) {
    if (plans.size() == most) break;
    Descriptor plan(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
    plan.set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, c.config);
    target.attach(plan, CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP);
    if (plan.try_finalize() == CUDNN_STATUS_SUCCESS)
      plans.emplace_back(problem, std::move(plan), c.config, c.engine);
  }
  return plans;
}

}  // namespace pretext::cuda
