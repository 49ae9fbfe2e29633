// SPDX-License-Identifier: MIT
// What colorization scores that does not see: its loss and accuracy under the best answer that is the same
// for every pixel, which of rare colours that weigh more is the weighted mean of all targets; and how often
// the commonest bin of all is right. usage: blind_colors DATA [pictures of the training part, whose colours
// are the prior; all without]
#include <pretext/cpu/render.hpp>
#include <pretext/pretext.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>

using namespace pretext;

namespace {

/// So many pictures, or all: those that the tool's --limit takes.
data::Dataset some_of(const data::Dataset& dataset, std::int64_t n) {
  const Permutation order(static_cast<std::uint64_t>(dataset.size()), 0, 0);
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < std::min(n, dataset.size()); ++i)
    indices.push_back(static_cast<std::int64_t>(order(static_cast<std::uint64_t>(i))));
  return dataset.subset(indices);
}

/// The targets of all pixels of a set that evaluation asks about.
struct Targets {
  std::array<double, tasks::ab_bin_count> weighted{};  ///< shares of the bins, by the weight of the pixel
  std::array<double, tasks::ab_bin_count> nearest{};   ///< how many pixels a bin is the nearest one to

  Targets(const tasks::Colorization<>& task, const tasks::ColorizationOptions& o, const data::Dataset& set) {
    const tasks::AbValues weights = tasks::ab_weights(o.prior, o.prior_sigma, o.uniform);
    std::vector<std::int32_t> bins(static_cast<std::size_t>(o.neighbours));
    std::vector<float> shares(bins.size());
    for (std::int64_t picture = 0; picture < set.size(); ++picture) {
      const tasks::Batch<> batch = task.batch(set, {0, 0, {picture}}, false);
      for (std::int64_t i = 0; i < batch.labels.size(); ++i) {
        const float* ab = batch.targets.data() + 2 * i;
        const auto label = static_cast<std::size_t>(batch.labels.data()[i]);
        tasks::encode_ab(tasks::Ab{ab[0], ab[1]}, o.sigma, Span(bins), Span(shares));
        for (std::size_t k = 0; k < bins.size(); ++k)
          weighted[static_cast<std::size_t>(bins[k])] += static_cast<double>(shares[k]) * weights[label];
        ++nearest[label];
      }
    }
  }
};

/// A task whose head answers with the logarithms of these, whatever it is shown.
void answer_always(tasks::Colorization<>& task, const std::array<double, tasks::ab_bin_count>& shares) {
  double sum = 0;
  for (const double share : shares) sum += share;
  task.each([&](const std::string& name, auto& tensor) {
    float* values = tensor.value.data();
    for (std::int64_t i = 0; i < tensor.value.size(); ++i)
      values[i] = name != "bias"
                      ? 0
                      : static_cast<float>(std::log(1e-12 + shares[static_cast<std::size_t>(i)] / sum));
  });
}

}  // namespace

int main(int argc, char** argv) {
  std::int64_t count = INT64_MAX;
  const char* end = argc == 3 ? argv[2] + std::strlen(argv[2]) : nullptr;
  if (argc < 2 || argc > 3 ||
      (argc == 3 &&
       (std::from_chars(argv[2], end, count) != std::from_chars_result{end, std::errc()} || count < 1))) {
    std::fputs("usage: blind_colors DATA [pictures]    drawn at 32 pixels, whatever their size\n", stderr);
    return 2;
  }
  try {
    const data::Dataset train = some_of(data::open(argv[1]), count),
                        test = data::open(argv[1], data::Split::test);
    tasks::ColorizationOptions options{.features = 1, .prior = tasks::ab_prior(train)};
    Rng rng(0);
    tasks::Colorization<> task(options, rng);
    const Targets targets(task, options, test);
    answer_always(task, targets.weighted);
    nn::Sequential<> backbone;  // one pixel for each that is asked about
    backbone.add("pool", nn::AvgPool2d{{.kernel = options.stride, .window = {.stride = options.stride}}});
    const tasks::Score score = train::evaluate(backbone, task, test, {.batch = 100});
    const double all = static_cast<double>(score.count);
    std::printf("best constant answer: loss %.4f, %.2f %% right; commonest bin: %.2f %% right\n", score.loss,
                100 * score.accuracy(), 100 * *std::ranges::max_element(targets.nearest) / all);
  } catch (const Error& error) {
    std::fprintf(stderr, "blind_colors: %s\n", error.what());
    return 1;
  }
  return 0;
}
