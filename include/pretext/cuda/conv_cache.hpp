// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <limits>
#include <map>
#include <mutex>
#include <optional>

#include "pretext/cuda/conv_plan.hpp"
#include "pretext/cuda/event.hpp"
#include "pretext/cuda/graph.hpp"
#include "pretext/tensor/tensor.hpp"

namespace pretext::cuda {

/// The three tensors of a convolution, of which one is the result.
struct ConvData {
  const void *x, *weight, *y;
};

namespace detail {

inline void run(const ConvPlan& plan, const ConvData& data) {
  Tensor<std::byte, Cuda> workspace({plan.workspace()});
  plan.run(cudnn(), data.x, data.weight, data.y, workspace.data());
}

/// The least of a few times, after a first run; no time at all where the workspace does not fit.
inline float milliseconds(const ConvPlan& plan, const ConvData& data) {
  float least = std::numeric_limits<float>::infinity();
  try {
    run(plan, data);
    Event begin, end;
    for (int i = 0; i < 3; ++i) {
      begin.record();
      run(plan, data);
      end.record();
      least = std::min(least, end.milliseconds_since(begin));
    }
  } catch (const Error&) {  // whoever has no better plan will run it, and then says so
  }
  return least;
}

/// Where plans are kept for good, made at the first use of a problem.
class ConvCache {
 public:
  std::atomic<bool> tune{false};

  /// The plan of a problem; null where cuDNN has none.
  const ConvPlan* find(const ConvProblem& problem, const ConvData& data) {
    std::lock_guard lock(mutex_);
    const bool timed = tune;
    const Key key(timed, problem.key());
    auto place = chosen_.find(key);
    if (place == chosen_.end()) place = chosen_.emplace(key, choose(problem, timed ? 4 : 1, data)).first;
    return place->second ? &*place->second : nullptr;
  }

  std::vector<std::string> list() {
    std::lock_guard lock(mutex_);
    std::vector<std::string> texts;
    for (const auto& [key, plan] : chosen_)
      if (plan) texts.push_back(message(plan->problem(), ": ", *plan));
    return texts;
  }

 private:
  static std::optional<ConvPlan> choose(const ConvProblem& problem, std::size_t most, const ConvData& data) {
    require(!recording(), problem,
            ": is planned at its first use, which must not be while a step is recorded: run it once before");
    std::vector<ConvPlan> plans = conv_plans(problem, PlanTarget(cudnn()), most);
    if (plans.empty()) return {};
    std::size_t best = 0;
    float least = std::numeric_limits<float>::infinity();
    for (std::size_t i = 0; i < plans.size() && plans.size() > 1; ++i) {
      const float time = milliseconds(plans[i], data);
      if (time < least) best = i;
      least = std::min(least, time);
    }
    return std::move(plans[best]);
  }

  using Key = std::pair<bool, std::array<std::int64_t, 13>>;  // whether by timing, and the problem

  std::mutex mutex_;
  std::map<Key, std::optional<ConvPlan>> chosen_;
};

/// Never destroyed, as cuDNN may be gone before it.
inline ConvCache& conv_cache() {
  static auto* const cache = new ConvCache;
  return *cache;
}

}  // namespace detail

/// Whether the first use of a convolution's shape times the first twelve plans that cuDNN proposes and keeps
/// the fastest. Otherwise the first is taken, so that every run on a kind of GPU has the same bits.
inline void tune_convolutions(bool tune) { detail::conv_cache().tune = tune; }

/// All plans made so far, one line each: problem, engine, knobs and bytes of workspace.
inline std::vector<std::string> chosen_convolutions() { return detail::conv_cache().list(); }

/// Computes one pass by cuDNN; false where it has no acceptable engine for it.
inline bool run_convolution(const ConvProblem& problem, const ConvData& data) {
  const ConvPlan* const plan = detail::conv_cache().find(problem, data);
  if (plan != nullptr) detail::run(*plan, data);
  return plan != nullptr;
}

}  // namespace pretext::cuda
