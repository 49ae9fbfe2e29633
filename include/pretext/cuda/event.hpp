// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cuda/context.hpp"

namespace pretext::cuda {

/// A point on the stream, for measuring the time between two.
class Event {
 public:
  Event() { check(cudaEventCreate(&event_), "making an event"); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { cudaEventDestroy(event_); }

  void record() { check(cudaEventRecord(event_, stream()), "recording an event"); }
  float milliseconds_since(const Event& begin) const {
    float time = 0;
    check(cudaEventSynchronize(event_), "timing work on the GPU");
    check(cudaEventElapsedTime(&time, begin.event_, event_), "timing work on the GPU");
    return time;
  }

 private:
  cudaEvent_t event_ = nullptr;
};

}  // namespace pretext::cuda
