// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

#include "pretext/autograd/param.hpp"
#include "pretext/core/bf16.hpp"

namespace pretext::nn {

/// What visit() calls for every parameter and every buffer (such as running statistics) of a network.
template <Device D, class T>
struct Visitor {
  std::function<void(const std::string& name, Param<Wide<T>, D>& param)> param = [](auto&&...) {};
  std::function<void(const std::string& name, Buffer<Wide<T>, D>& buffer)> buffer = [](auto&&...) {};
};

/// Calls the visitor for the defined members of a layer, with a prefix before their names.
template <Device D, class T, class L>
void visit(L& layer, const Visitor<D, T>& visitor, const std::string& prefix = "") {
  layer.each([&](const std::string& name, auto& member) {
    if (!member.defined()) return;
    if constexpr (is_param<decltype(member)>)
      visitor.param(prefix + name, member);
    else
      visitor.buffer(prefix + name, member);
  });
}

/// f with a prefix before every name: what a layer made of layers hands to their each().
template <class F>
auto prefixed(std::string prefix, F& f) {
  return
      [prefix = std::move(prefix), &f](const std::string& name, auto& member) { f(prefix + name, member); };
}

/// All parameters of a network, frozen ones too, for an optimiser.
template <Device D = Cpu, class T = float, class L>
ParamList<Wide<T>, D> parameters(L& net, const std::string& prefix = "") {
  ParamList<Wide<T>, D> list;
  visit<D, T>(net,
              {.param =
                   [&](const std::string& name, Param<Wide<T>, D>& p) {
                     list.push_back({name, &p});
                   }},
              prefix);
  return list;
}

}  // namespace pretext::nn
