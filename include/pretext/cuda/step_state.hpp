// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <type_traits>

#include "pretext/cuda/device.hpp"
#include "pretext/tensor/tensor.hpp"

namespace pretext::cuda {

/// What changes from step to step of a recorded one; it lies in device memory.
struct StepState {
  std::int64_t first = 0;  ///< position of the step's first picture in the epoch's order
  std::uint32_t epoch = 0;
  std::uint32_t step = 0;  ///< since training began: what dropout masks are a function of
};

/// Losses and right answers of some steps, summed on the device.
struct Tally {
  double loss = 0;
  std::int64_t correct = 0, steps = 0;
  std::int64_t bad_step = -1;  ///< the first, counted from 0, whose loss was not finite
};

/// Copies at most 4000 bytes from the host as a launch carries them: it waits for nothing.
void launch_store(void* to, const void* from, std::size_t bytes);

/// Adds the loss[1] and the number of right answers[1] of one step.
void launch_tally(const float* loss, const std::int32_t* correct, Tally* tally);

/// One value of a plain type in device memory.
template <class T>
class DeviceValue {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= 4000);

 public:
  DeviceValue() : memory_(Shape{static_cast<std::int64_t>(sizeof(T))}) { set(T{}); }

  /// In order with the work on the stream.
  void set(const T& value) { launch_store(memory_.data(), &value, sizeof value); }
  /// Waits for the work on the stream.
  T get() const {
    T value;
    Cuda::download(&value, memory_.data(), sizeof value);
    return value;
  }
  T* data() { return reinterpret_cast<T*>(memory_.data()); }

 private:
  Tensor<std::byte, Cuda> memory_;
};

}  // namespace pretext::cuda
