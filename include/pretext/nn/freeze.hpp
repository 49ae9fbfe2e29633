// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/nn/visit.hpp"

namespace pretext::nn {

/// Decides for every member whose name starts with the prefix whether training changes it. Frozen parameters
/// get no gradient; frozen running statistics are used as in inference and kept.
template <class L>
void set_trainable(L& net, bool trainable, const std::string& prefix = "") {
  bool any = prefix.empty();
  net.each([&](const std::string& name, auto& member) {
    if (!name.starts_with(prefix)) return;
    any = true;
    if constexpr (is_param<decltype(member)>)
      member.trainable = trainable;
    else
      member.frozen = !trainable;
  });
  require(any, "freeze: no parameter or buffer has a name that starts with '", prefix, "'");
}

/// Training leaves these members of a network as they are.
template <class L>
void freeze(L& net, const std::string& prefix = "") {
  set_trainable(net, false, prefix);
}

/// Training changes these members of a network.
template <class L>
void unfreeze(L& net, const std::string& prefix = "") {
  set_trainable(net, true, prefix);
}

}  // namespace pretext::nn
