// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "pretext/data/dataset.hpp"
#include "pretext/data/loader.hpp"
#include "pretext/tensor/named_tensor.hpp"

namespace pretext::tasks {

/// What learns beside a network and never touches it: fit() tells it of every step and every epoch, and keeps
/// its state in the checkpoints.
class Companion {
 public:
  virtual ~Companion() = default;

  /// A step on these of the pictures was taken. Row i of a step's inputs shows picture i / (rows / pictures).
  virtual void after_step(const data::Dataset& pictures, const data::BatchPlan& plan) = 0;
  /// So many epochs are done.
  virtual void after_epoch(std::int64_t epochs) = 0;

  virtual std::vector<NamedTensor> save_state() = 0;
  /// Takes over what save_state() gave; throws where it cannot have given that.
  virtual void load_state(const std::vector<NamedTensor>& tensors) = 0;
};

}  // namespace pretext::tasks
