// SPDX-License-Identifier: MIT
// What predict_step() says of a training step beside what one takes: memory and time of models of the
// registry, forward and backward, at twice the larger of the two batches that it was predicted from.
// usage: step_cost [MODEL:SIZE...]
#include <pretext/cpu/render.hpp>
#include <pretext/pretext.hpp>

#include <charconv>
#include <cstdio>
#include <string>
#include <vector>

#include "pretext/nn/step_cost.hpp"

using namespace pretext;

namespace {

/// MODEL:SIZE
struct Case {
  std::string model;
  std::int64_t size = 0;

  explicit Case(const std::string& text) {
    const std::size_t colon = text.find(':');
    const char* end = text.data() + text.size();
    model = text.substr(0, colon);
    require(colon != std::string::npos && std::from_chars(text.data() + colon + 1, end, size) ==
                                              std::from_chars_result{end, std::errc()},
            text, ": expected MODEL:SIZE");
  }
};

void print(const Case& c) {
  Rng rng(1);
  nn::Sequential<> net = models::backbone(c.model, {}, rng);
  const Shape input{1, c.size, c.size, 3};
  const nn::StepCost predicted = nn::predict_step(net, input);
  const std::int64_t batch = 2 * predicted.larger;
  const nn::StepCost measured = nn::detail::measure_step<float, Cpu>(net, input, batch, 3);
  const double mega = 1.0 / (1 << 20), ms = 1000 * predicted.seconds_of(batch),
               mib = mega * predicted.bytes_of(batch);
  std::printf("| %s | %lld | %lld, %lld | %lld | %.0f | %.0f | %.2f | %.0f | %.0f | %.2f |\n",
              c.model.c_str(), static_cast<long long>(c.size), static_cast<long long>(predicted.smaller),
              static_cast<long long>(predicted.larger), static_cast<long long>(batch), ms,
              1000 * measured.seconds, ms / (1000 * measured.seconds), mib, mega * measured.bytes,
              mib / (mega * measured.bytes));
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> cases(argv + 1, argv + argc);
  if (cases.empty())
    cases = {"nin3:32",           "nin4:32",     "resnet20:32",  "resnet18_small:32", "vgg11_bn_small:32",
             "revnet50_small:32", "alexnet:224", "resnet18:224", "resnet50:224"};
  std::printf(
      "| model | size | batches, predicted from | batch | ms, predicted | measured | ratio | MiB, predicted "
      "| measured | ratio |\n|---|---|---|---|---|---|---|---|---|---|\n");
  try {
    for (const std::string& text : cases) print(Case(text));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "step_cost: %s\n", error.what());
    return 1;
  }
  return 0;
}
