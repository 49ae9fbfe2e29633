// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <vector>

#include "pretext/cuda/graph.hpp"

namespace bench {

using namespace pretext;

/// A pair of events around work on the stream.
class Stopwatch {
 public:
  Stopwatch() {
    for (cudaEvent_t* event : {&begin_, &end_}) cuda::check(cudaEventCreate(event), "making an event");
  }
  ~Stopwatch() {
    cudaEventDestroy(begin_);
    cudaEventDestroy(end_);
  }
  Stopwatch(const Stopwatch&) = delete;

  /// Seconds of the GPU between what came before work() and its end.
  template <class F>
  double seconds_of(F&& work) {
    cuda::check(cudaEventRecord(begin_, cuda::stream()), "recording an event");
    work();
    cuda::check(cudaEventRecord(end_, cuda::stream()), "recording an event");
    cuda::check(cudaEventSynchronize(end_), "waiting for an event");
    float milliseconds = 0;
    cuda::check(cudaEventElapsedTime(&milliseconds, begin_, end_), "reading events");
    return static_cast<double>(milliseconds) / 1000;
  }

 private:
  cudaEvent_t begin_ = nullptr, end_ = nullptr;
};

/// The median of the GPU's seconds for one call of f, of seven replays of a graph of ten calls.
template <class F>
double gpu_seconds(F&& f) {
  constexpr int calls = 10;
  cuda::Graph graph;
  graph.warm_up(f);
  graph.warm_up(f);
  graph.record([&] {
    for (int i = 0; i < calls; ++i) f();
  });
  graph.replay();
  Stopwatch watch;
  std::vector<double> seconds;
  for (int i = 0; i < 7; ++i) seconds.push_back(watch.seconds_of([&] { graph.replay(); }) / calls);
  std::ranges::sort(seconds);
  return seconds[3];
}

}  // namespace bench
