// SPDX-License-Identifier: MIT
// What a reversible network saves in memory, and what that costs in time: training steps of RevNets for
// pictures of 32 pixels, in three depths, against the same network that keeps its activations.
// usage: reversible [width batch threads rounds]
#include <cstdio>

#include "serve/answer.hpp"

namespace {

using namespace bench;

/// One step forward and backward; the gradient that reaches the last map is all ones.
class Steps {
 public:
  Steps(std::int64_t blocks, std::int64_t width, std::int64_t batch, bool store)
      : rng_(1),
        net_(models::revnet(
            {.blocks = {blocks, blocks, blocks}, .width = width, .small = true, .store = store}, rng_)),
        inputs_(drawn({batch, 32, 32, 3})) {
    step();  // makes the gradients of the parameters
    held_ = allocator<Cpu>().use().live;
    allocator<Cpu>().reset_peak();
    step();
    peak_ = allocator<Cpu>().use().peak;
  }

  void step() {
    Tape<Cpu> tape;
    const auto y = net_(tape.constant(inputs_));
    const Tensor<float, Cpu> ones = Tensor<float, Cpu>::full(y.shape(), 1);
    tape.backward(y, ones);
  }

  /// The most that a step takes beside weights, their gradients and pictures.
  double mebibytes() const { return static_cast<double>(peak_ - held_) / (1 << 20); }

 private:
  Rng rng_;
  nn::Sequential<> net_;
  Tensor<float, Cpu> inputs_;
  std::size_t held_ = 0, peak_ = 0;
};

/// A row: blocks a layer, memory of both, the ratio of their times.
void print_row(std::int64_t blocks, std::int64_t width, std::int64_t batch, int rounds) {
  Steps stored(blocks, width, batch, true), reversed(blocks, width, batch, false);
  std::vector<double> slow, fast, ratios;
  for (int i = 0; i < rounds; ++i) {
    fast.push_back(seconds_of([&] { stored.step(); }));
    slow.push_back(seconds_of([&] { reversed.step(); }));
    ratios.push_back(slow.back() / fast.back());
  }
  std::printf("| %lld | %.1f | %.1f | %.0f | %.0f | %.2f |\n", static_cast<long long>(blocks),
              stored.mebibytes(), reversed.mebibytes(), 1e3 * median(fast), 1e3 * median(slow),
              median(ratios));
}

}  // namespace

int main(int argc, char** argv) {
  const auto argument = [&](int i, int otherwise) { return argc > i ? std::atoi(argv[i]) : otherwise; };
  const int width = argument(1, 16), batch = argument(2, 32);
  set_num_threads(argument(3, 1));
  std::printf(
      "| blocks a layer | MiB, stored | MiB, reversed | ms a step, stored | reversed | ratio |\n"
      "|---|---|---|---|---|---|\n");
  for (const std::int64_t blocks : {2, 6, 18}) print_row(blocks, width, batch, argument(4, 5));
}
