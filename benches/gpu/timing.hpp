// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <vector>

#include "pretext/cuda/event.hpp"
#include "pretext/cuda/graph.hpp"

namespace bench {

using namespace pretext;

/// Seconds of the GPU from what was asked for before work() to its end.
template <class F>
double gpu_seconds_of(F&& work) {
  cuda::Event begin, end;
  begin.record();
  work();
  end.record();
  return static_cast<double>(end.milliseconds_since(begin)) / 1000;
}

/// The median of the GPU's seconds for one call of f, of seven replays of a graph of ten calls.
template <class F>
double seconds_a_call(F&& f) {
  constexpr int calls = 10;
  cuda::Graph graph;
  graph.warm_up(f);
  graph.warm_up(f);
  graph.record([&] {
    for (int i = 0; i < calls; ++i) f();
  });
  graph.replay();
  std::vector<double> seconds;
  for (int i = 0; i < 7; ++i) seconds.push_back(gpu_seconds_of([&] { graph.replay(); }) / calls);
  std::ranges::sort(seconds);
  return seconds[3];
}

}  // namespace bench
