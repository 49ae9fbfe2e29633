// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "pretext/cuda/device.hpp"
#include "pretext/tensor/allocator.hpp"

namespace pretext::cuda {

/// True while what is asked of the GPU is recorded instead of done.
inline bool recording() {
  cudaStreamCaptureStatus status;
  check(cudaStreamIsCapturing(stream(), &status), "asking whether the stream is recorded");
  return status == cudaStreamCaptureStatusActive;
}

/// Work recorded once and replayed as one launch. Its memory is its own: tensors made in warm-up and
/// recording come from a pool that nobody else takes from.
class Graph {
 public:
  Graph() = default;
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;
  ~Graph() {
    if (exec_ != nullptr) cudaGraphExecDestroy(exec_);
    if (graph_ != nullptr) cudaGraphDestroy(graph_);
    if (pool_ != 0) allocator<Cuda>().dissolve_pool(pool_);
  }

  /// Calls f(), which does the work, with the graph's memory: what it asks the system for is there when it is
  /// recorded.
  template <class F>
  void warm_up(F&& f) {
    const Pool open(pool_);
    f();
    synchronize();
  }

  /// Calls f() once more and records what it launches, which is not done until replay(). f must not wait for
  /// the GPU, nor read from it. Throws where the work cannot be recorded.
  template <class F>
  void record(F&& f) {
    const Pool open(pool_);
    check(cudaStreamBeginCapture(stream(), cudaStreamCaptureModeThreadLocal), "beginning to record a step");
    try {
      f();
    } catch (...) {
      cudaGraph_t broken = nullptr;
      cudaStreamEndCapture(stream(), &broken);
      cudaGetLastError();
      if (broken != nullptr) cudaGraphDestroy(broken);
      throw;
    }
    check(cudaStreamEndCapture(stream(), &graph_), "recording a step");
    check(cudaGraphInstantiate(&exec_, graph_, 0), "making a graph of a step");
    check(cudaGraphUpload(exec_, stream()), "uploading a graph");
  }

  bool recorded() const { return exec_ != nullptr; }
  void replay() { check(cudaGraphLaunch(exec_, stream()), "replaying a step"); }

  /// How many kernels and copies one replay launches.
  std::size_t nodes() const {
    std::size_t count = 0;
    check(cudaGraphGetNodes(graph_, nullptr, &count), "counting the nodes of a graph");
    return count;
  }

 private:
  /// While it lives, memory comes from the pool.
  struct Pool {
    explicit Pool(int& pool) { pool = allocator<Cuda>().enter_pool(pool); }
    ~Pool() { allocator<Cuda>().leave_pool(); }
    Pool(const Pool&) = delete;
  };

  cudaGraph_t graph_ = nullptr;
  cudaGraphExec_t exec_ = nullptr;
  int pool_ = 0;
};

}  // namespace pretext::cuda
