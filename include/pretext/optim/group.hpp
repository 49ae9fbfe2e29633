// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "pretext/autograd/param.hpp"

namespace pretext::optim {

/// Parameters that are treated in another way than the rest. Where several groups match, all of them apply,
/// in order.
struct Group {
  std::function<bool(const std::string& name, const Shape& shape)> match;
  double lr_scale = 1;
  std::optional<double> weight_decay{};  ///< in place of the rule's
};

/// Matches the parameters of a part of the network, such as "block1" or "block1.conv.weight".
inline auto named(std::string part) {
  return [part = std::move(part)](const std::string& name, const Shape&) { return belongs_to(name, part); };
}

/// Matches biases and the scales of norms: what has at most one axis, and is often spared weight decay.
inline bool vectors(const std::string&, const Shape& shape) { return shape.rank() <= 1; }

}  // namespace pretext::optim
