// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/nn/visit.hpp"

namespace pretext::nn {

/// The number of learnt values of a network or layer, frozen ones included; buffers do not count.
template <class L>
std::int64_t count_parameters(L& net) {
  std::int64_t count = 0;
  net.each([&](const std::string&, auto& member) {
    if constexpr (is_param<decltype(member)>) count += member.value.size();
  });
  return count;
}

}  // namespace pretext::nn
