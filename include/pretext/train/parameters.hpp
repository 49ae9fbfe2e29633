// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/nn/sequential.hpp"
#include "pretext/train/checkpoint.hpp"

namespace pretext::train::detail {

/// What training changes: the parameters of a backbone and of a task's head, by the names that checkpoints
/// have.
template <Device D, class T, class Task>
ParamList<Wide<T>, D> parameters_of(nn::Sequential<D, T>& backbone, Task& task) {
  ParamList<Wide<T>, D> params = nn::parameters<D, T>(backbone);
  for (auto& p : nn::parameters<D, T>(task, std::string(head_prefix))) params.push_back(std::move(p));
  return params;
}

}  // namespace pretext::train::detail
