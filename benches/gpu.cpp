// SPDX-License-Identifier: MIT
// Work for the GPU that benches/compare.py alternates with peers, and the times of single kernels.
#include "gpu/drawing.hpp"
#include "gpu/learning.hpp"
#include "gpu/steps.hpp"

namespace {

constexpr const char* usage =
    "usage: gpu step MODEL PICTURES bf16|f32 recorded|eager|fused   a block of steps for each line of stdin\n"
    "       gpu layers PICTURES bf16|f32                      every kind of layer of NIN-4, a record a "
    "line\n"
    "       gpu draw bf16|f32                                 the tasks' input pipelines, a record a line\n"
    "       gpu learn CIFAR10 FOLDER EPOCHS SEED bf16|f32     ResNet-18 with labels; leaves the pictures in "
    "FOLDER\n";

int run(const std::vector<std::string>& words) {
  using namespace bench;
  if (words.size() == 5 && words[0] == "step") {
    const StepSetting setting{words[1], std::stoll(words[2]), words[4] != "eager"};
    cuda::fuse_pointwise_convolutions(words[4] == "fused");
    words[3] == "bf16" ? serve_steps<bf16>(setting, words[3]) : serve_steps<float>(setting, words[3]);
  } else if (words.size() == 3 && words[0] == "layers") {
    cuda::tune_convolutions(true);
    const Ceilings c = ceilings();
    std::puts(
        JsonObject().add("copy_gb_s", c.bytes_s * 1e-9).add("bf16_tflop_s", c.flop_s * 1e-12).text().c_str());
    const std::int64_t views = 4 * std::stoll(words[1]);
    words[2] == "bf16" ? nin_times<bf16>(words[2], c, views) : nin_times<float>(words[2], c, views);
  } else if (words.size() == 2 && words[0] == "draw") {
    words[1] == "bf16" ? all_draw_times<bf16>() : all_draw_times<float>();
  } else if (words.size() == 6 && words[0] == "learn") {
    const Learning setting{words[1], words[2], std::stod(words[3]), std::stoull(words[4])};
    words[5] == "bf16" ? learn<bf16>(setting, words[5]) : learn<float>(setting, words[5]);
  } else {
    std::fputs(usage, stderr);
    return 2;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (const std::string& reason = pretext::cuda::why_not(); !reason.empty()) {
    std::fprintf(stderr, "SKIPPED gpu: %s\n", reason.c_str());
    return 77;
  }
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "gpu: %s\n", error.what());
    return 1;
  }
}
