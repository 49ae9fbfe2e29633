// SPDX-License-Identifier: MIT
#pragma once

#include <any>
#include <string_view>
#include <vector>

#include "pretext/tensor/shape.hpp"

namespace pretext {

/// An argument of an op in a trace: the result of a step, or a tensor that is the same for all inputs, such
/// as a weight.
struct TraceArgument {
  int step = -1;      ///< -1: a constant
  std::any constant;  ///< a Tensor, which may be undefined
};

/// One op of an inference, as it was called.
struct TraceStep {
  std::string_view name;  ///< of the op; empty: an input
  std::any op;
  std::vector<TraceArgument> arguments;
  Shape shape;  ///< of the result
};

/// What a network does in inference, op by op: run it with a Pending that is on a trace. It is the network's
/// own description of itself, for who wants to write it down elsewhere. The values are computed as well.
class Trace {
 public:
  const std::vector<TraceStep>& steps() const { return steps_; }

  /// Adds a step and returns its number.
  int add(TraceStep step) {
    steps_.push_back(std::move(step));
    return static_cast<int>(steps_.size()) - 1;
  }

 private:
  std::vector<TraceStep> steps_;
};

}  // namespace pretext
