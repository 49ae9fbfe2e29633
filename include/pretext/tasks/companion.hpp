// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "pretext/data/loader.hpp"
#include "pretext/tensor/named_tensor.hpp"

namespace pretext::tasks {

/// What learns beside a network and never touches it: fit() tells it of every step and every epoch, and keeps
/// its state in the checkpoints.
class Companion {
 public:
  virtual ~Companion() = default;

  /// A step on the pictures of this plan was taken.
  virtual void after_step(const data::BatchPlan& plan) = 0;
  /// So many epochs are done.
  virtual void after_epoch(std::int64_t epochs) = 0;

  virtual std::vector<NamedTensor> save_state() = 0;
  /// Takes over what save_state() gave; nothing where the training began without a companion.
  virtual void load_state(const std::vector<NamedTensor>& tensors) = 0;
};

}  // namespace pretext::tasks
