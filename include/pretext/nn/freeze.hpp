// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/nn/visit.hpp"

namespace pretext::nn {

/// Decides for every member of a part, such as "block1" or "block1.conv.weight", whether training changes it.
/// Frozen parameters get no gradient; frozen running statistics are used as in inference and kept.
template <class L>
void set_trainable(L& net, bool trainable, const std::string& part = "") {
  bool any = part.empty();
  net.each([&](const std::string& name, auto& member) {
    if (!belongs_to(name, part)) return;
    any = true;
    if constexpr (is_param<decltype(member)>)
      member.trainable = trainable;
    else
      member.frozen = !trainable;
  });
  require(any, "freeze: no parameter or buffer belongs to '", part, "'");
}

/// Training leaves these members of a network as they are.
template <class L>
void freeze(L& net, const std::string& part = "") {
  set_trainable(net, false, part);
}

/// Training changes these members of a network.
template <class L>
void unfreeze(L& net, const std::string& part = "") {
  set_trainable(net, true, part);
}

}  // namespace pretext::nn
