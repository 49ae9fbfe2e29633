// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cpu/update.hpp"
#include "pretext/nn/linear.hpp"
#include "pretext/nn/state.hpp"
#include "pretext/optim/optimizer.hpp"
#include "pretext/optim/sgd.hpp"
#include "pretext/train/checkpoint.hpp"

namespace fuzz {

/// The smallest training that a checkpoint can be of.
struct TinyState {
  pretext::Rng rng{1};
  pretext::nn::Linear<> network{{.in = 3, .out = 2}, rng}, head{{.in = 2, .out = 2, .bias = false}, rng};
  pretext::optim::Optimizer<> optimizer{pretext::nn::parameters(network),
                                        pretext::optim::Sgd{.momentum = 0.9}};

  /// After one step.
  pretext::train::Checkpoint save() {
    network.weight.grad = network.weight.value.clone();
    network.bias.grad = pretext::Tensor<float, pretext::Cpu>::full({2}, 1);
    optimizer.step(0.1);
    pretext::train::CheckpointInfo info{
        .epoch = 1, .step = 2, .steps_per_epoch = 3, .task = "rotation", .config = "a = 1\n"};
    info.facts = {{"decoder", "stb_image"}};
    return {info, pretext::nn::save_state(network), pretext::nn::save_state(head), optimizer.save_state()};
  }

  void load(const pretext::train::Checkpoint& checkpoint) {
    pretext::nn::load_state(network, checkpoint.network);
    pretext::nn::load_state(head, checkpoint.head);
    optimizer.load_state(checkpoint.optimizer);
  }
};

}  // namespace fuzz
