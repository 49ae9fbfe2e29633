// SPDX-License-Identifier: MIT
#include <cstring>

#include "pretext/cuda/device.hpp"
#include "pretext/cuda/launch.cuh"

namespace pretext::cuda {
namespace {

template <class T>
__global__ void __launch_bounds__(256) fill_kernel(T* to, T element, std::size_t count) {
  for (std::size_t i = blockIdx.x * std::size_t{256} + threadIdx.x; i < count;
       i += gridDim.x * std::size_t{256})
    to[i] = element;
}

template <class T>
void fill_as(void* to, const void* from, std::size_t count) {
  T element;
  std::memcpy(&element, from, sizeof element);
  fill_kernel<<<blocks_for(static_cast<std::int64_t>(count), 256), 256, 0, stream()>>>(static_cast<T*>(to),
                                                                                       element, count);
  check_launch("fill");
}

}  // namespace

void launch_fill(void* to, const void* element, std::size_t bytes, std::size_t count) {
  if (count == 0) return;
  switch (bytes) {
    case 1:
      return fill_as<std::uint8_t>(to, element, count);
    case 2:
      return fill_as<std::uint16_t>(to, element, count);
    case 4:
      return fill_as<std::uint32_t>(to, element, count);
    case 8:
      return fill_as<std::uint64_t>(to, element, count);
    default:
      fail("cuda: elements of ", bytes, " bytes cannot be filled");
  }
}

}  // namespace pretext::cuda
