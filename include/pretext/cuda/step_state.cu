// SPDX-License-Identifier: MIT
#include <cstring>

#include "pretext/cuda/launch.cuh"
#include "pretext/cuda/step_state.hpp"

namespace pretext::cuda {
namespace {

template <int Bytes>
struct Parcel {
  unsigned char bytes[Bytes];
};

template <int Bytes>
__global__ void __launch_bounds__(128)
    store_kernel(unsigned char* to, const __grid_constant__ Parcel<Bytes> parcel, int bytes) {
  for (int i = static_cast<int>(threadIdx.x); i < bytes; i += 128) to[i] = parcel.bytes[i];
}

template <int Bytes>
void store_by(void* to, const void* from, std::size_t bytes) {
  Parcel<Bytes> parcel;
  std::memcpy(parcel.bytes, from, bytes);
  store_kernel<Bytes>
      <<<1, 128, 0, stream()>>>(static_cast<unsigned char*>(to), parcel, static_cast<int>(bytes));
  check_launch("store");
}

__global__ void tally_kernel(const float* loss, const std::int32_t* correct, Tally* tally) {
  if (!isfinite(*loss) && tally->bad_step < 0) tally->bad_step = tally->steps;
  tally->loss += static_cast<double>(*loss);
  tally->correct += *correct;
  ++tally->steps;
}

}  // namespace

void launch_store(void* to, const void* from, std::size_t bytes) {
  require(bytes <= 4000, "cuda: ", bytes, " bytes are more than a launch carries");
  if (bytes == 0) return;
  bytes <= 64 ? store_by<64>(to, from, bytes) : store_by<4000>(to, from, bytes);
}

void launch_tally(const float* loss, const std::int32_t* correct, Tally* tally) {
  tally_kernel<<<1, 1, 0, stream()>>>(loss, correct, tally);
  check_launch("tally");
}

}  // namespace pretext::cuda
