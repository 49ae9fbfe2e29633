// SPDX-License-Identifier: MIT
#pragma once

#include "answer.hpp"

namespace bench {

/// Multiply-adds on registers alone: what the units can do.
struct FmaLoop {
  static constexpr int sums = 12;  // enough to hide the latency of one

  template <int Bytes>
  PRETEXT_INLINE static void run(const std::int64_t& rounds, float* const& out) {
    cpu::Vector<float, Bytes> sum[sums], a{}, b{};
    for (int i = 0; i < sums; ++i) sum[i] = a + static_cast<float>(i);
    a += 0.999F;
    b += 1e-3F;
    for (std::int64_t r = 0; r < rounds; ++r)
#pragma GCC unroll 12
      for (int i = 0; i < sums; ++i) sum[i] = sum[i] * a + b;
    for (int i = 1; i < sums; ++i) sum[0] += sum[i];
    cpu::store(out, sum[0]);
  }
};

inline void run_fma(std::int64_t rounds) {
  float out[64];
  cpu::dispatch<FmaLoop>(rounds, static_cast<float*>(out));
}

constexpr std::int64_t tile_depth = 192, tile_rows = 84;

/// The micro-kernel on rows and a panel that stay in the first-level cache.
inline void run_micro_kernel(std::int64_t rounds) {
  const std::int64_t columns = cpu::panel_columns<float>();
  const Tensor<float, Cpu> a = drawn({tile_rows, tile_depth}), b = drawn({tile_depth, columns});
  Tensor<float, Cpu> c({tile_rows, columns});
  for (std::int64_t i = 0; i < rounds; ++i)
    cpu::multiply<float>({.a = a.data(),
                          .a_row = tile_depth,
                          .b = b.data(),
                          .c = c.data(),
                          .c_row = columns,
                          .rows = tile_rows,
                          .depth = tile_depth});
}

/// GFLOP/s of all threads, each of which calls work(rounds).
template <class Work>
double gflops(double flop_a_round, std::int64_t rounds, const Work& work) {
  const std::int64_t threads = thread_pool().threads();
  const double seconds =
      seconds_of([&] { parallel_for(threads, 1, [&](std::int64_t, std::int64_t) { work(rounds); }); });
  return flop_a_round * static_cast<double>(rounds * threads) / seconds * 1e-9;
}

/// The triad of McCalpin's STREAM, a = b + s c on arrays that no cache holds, in GB/s of three streams: that
/// a line is read before it is written is not counted.
class Triad {
 public:
  double gb_s() {
    const double seconds = seconds_of([&] {
      cpu::map([](float b, float c) { return b + 3 * c; }, length, a_.data(), b_.data(), c_.data());
    });
    return 3.0 * sizeof(float) * static_cast<double>(length) / seconds * 1e-9;
  }

 private:
  static constexpr std::int64_t length = 1 << 25;  // 128 MiB an array
  Tensor<float, Cpu> a_ = Tensor<float, Cpu>::zeros({length}), b_ = drawn({length}), c_ = drawn({length});
};

/// A line: "fma", multiply-adds on registers, or "micro_kernel", on the first-level cache, answered in
/// GFLOP/s; or "triad", answered in GB/s.
inline void serve_peaks() {
  std::unique_ptr<Triad> triad;
  serve([&](const std::string& what) {
    if (what == "fma")
      return gflops(2.0 * FmaLoop::sums * static_cast<double>(cpu::vector_lanes<float>()), 20'000'000,
                    run_fma);
    if (what == "micro_kernel")
      return gflops(2.0 * tile_rows * tile_depth * static_cast<double>(cpu::panel_columns<float>()), 3'000,
                    run_micro_kernel);
    require(what == "triad", "serve: there is no peak '", what, "'");
    if (!triad) triad = std::make_unique<Triad>();
    return triad->gb_s();
  });
}

}  // namespace bench
