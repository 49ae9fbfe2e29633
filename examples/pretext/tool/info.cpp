// SPDX-License-Identifier: MIT
// `pretext info` says what this build is, what the constants of a task or a protocol are, or what a model is
// made of.
#include <algorithm>
#include <cstdio>
#include <memory>

#include <pretext/eval/published.hpp>
#include <pretext/image/codec.hpp>
#include <pretext/nn/count.hpp>
#include <pretext/nn/step_cost.hpp>

#include "environment.hpp"
#include "tasks.hpp"
#include "verbs.hpp"

using namespace pretext;

namespace {

struct InfoSettings {
  std::string subject, variants;
  std::int64_t width = 0, size = 0, batch = 0;
};

const char* cuda() {
#if defined(PRETEXT_CUDA_VERSION)
  return "built with CUDA " PRETEXT_CUDA_VERSION "; this tool computes on the processor";
#else
  return "built without CUDA; this tool computes on the processor";
#endif
}

/// A task's constants, a column a variant; a star where the columns differ.
void print_task(const ToolTask& task, const InfoSettings& s) {
  const std::vector<std::string> variants = s.variants.empty() ? task.variants : split_list(s.variants);
  std::vector<std::vector<Constant>> columns;
  std::vector<int> widths;
  for (const std::string& variant : variants) {
    TrainingSettings settings;
    settings.task = task.name;
    settings.variant = variant;
    if (variant == "fitted") settings.source.size = s.size;
    settings.resolve();
    columns.push_back(task.constants(settings));
    std::size_t longest = std::max<std::size_t>(11, variant.size());
    for (const Constant& c : columns.back()) longest = std::max(longest, c.value.size());
    widths.push_back(static_cast<int>(longest));
  }
  std::printf("%s: %s (%s)\n\n  %-20s", task.name.c_str(), task.question.c_str(), task.source.c_str(),
              "constant");
  for (std::size_t i = 0; i < variants.size(); ++i) std::printf(" %*s", widths[i], variants[i].c_str());
  std::printf("\n");
  for (std::size_t row = 0; row < columns.front().size(); ++row) {
    const Constant& first = columns.front()[row];
    const bool differs =
        std::ranges::any_of(columns, [&](const auto& c) { return c[row].value != first.value; });
    std::printf("%c %-20s", differs ? '*' : ' ', first.name.c_str());
    for (std::size_t i = 0; i < columns.size(); ++i)
      std::printf(" %*s", widths[i], columns[i][row].value.c_str());
    std::printf("  %s\n", first.meaning.c_str());
  }
  if (columns.size() > 1) std::printf("\n* the variants differ; --variants paper,released shows those two\n");
}

void print_protocol(const eval::Protocol& protocol) {
  std::printf("%s: %s\n\n", protocol.options.protocol.c_str(), protocol.source.c_str());
  for (const Constant& c : protocol.options.constants())
    std::printf("  %-16s %-26s  %s\n", c.name.c_str(), c.value.c_str(), c.meaning.c_str());
}

void print_model(const InfoSettings& s) {
  const std::int64_t size = s.size == 0 ? models::published_size(s.subject) : s.size;
  TrainingSettings settings;
  settings.model = s.subject;
  settings.width = s.width;
  nn::Sequential<> net = make_backbone(settings);
  std::printf("%s: %lld parameters without a classifier, %.3f million multiplications\n", s.subject.c_str(),
              static_cast<long long>(nn::count_parameters(net)),
              1e-6 * static_cast<double>(nn::count_multiplications(net, {1, size, size, 3})));
  std::printf("  input    [N, %lld, %lld, 3]\n", static_cast<long long>(size), static_cast<long long>(size));
  net(Tensor<float, Cpu>::zeros({1, size, size, 3}), [](const std::string& tap, const Tensor<float, Cpu>& x) {
    std::printf("  %-8s [N, %lld, %lld, %lld]\n", tap.c_str(), static_cast<long long>(x.dim(1)),
                static_cast<long long>(x.dim(2)), static_cast<long long>(x.dim(3)));
  });
  if (s.batch == 0) return;
  const nn::StepCost cost = nn::predict_step(net, {1, size, size, 3});
  std::printf(
      "  a training step of %lld inputs: %.3g s and %.0f MB beside parameters and optimiser, forward and "
      "backward "
      "here, predicted from steps of %lld and %lld\n",
      static_cast<long long>(s.batch), cost.seconds_of(s.batch), 1e-6 * cost.bytes_of(s.batch),
      static_cast<long long>(cost.smaller), static_cast<long long>(cost.larger));
}

void print_names(const char* what, const std::vector<std::string>& names) {
  std::printf("%-10s", what);
  for (const std::string& name : names) std::printf(" %s", name.c_str());
  std::printf("\n");
}

int run(const InfoSettings& s) {
  require(s.size == 0 || (s.size >= 8 && s.size <= 1024), "--size must be 8 to 1024, or 0, not ", s.size);
  const auto found = std::ranges::find(tool_tasks(), s.subject, &ToolTask::name);
  std::vector<std::string> known = model_names();
  const std::vector<std::string> protocols = eval::protocol_names();
  const bool task = found != tool_tasks().end(), protocol = std::ranges::count(protocols, s.subject) > 0,
             model = !task && !protocol && !s.subject.empty();
  require(model || s.width == 0, "--width is that of a model; name one");
  require(model || s.batch == 0, "--batch is that of a model's training step; name one");
  require(s.batch >= 0, "--batch must be at least 1, or 0 for no prediction, not ", s.batch);
  require(task || s.variants.empty(), "--variants are those of a task; name one");
  if (s.subject.empty()) {
    for (const auto& [name, value] : environment()) std::printf("%-10s %s\n", name.c_str(), value.c_str());
    std::printf("%-10s %s\n", "cuda", cuda());
    print_names("tasks", task_names());
    print_names("models", known);
    print_names("protocols", protocols);
  } else if (task) {
    print_task(*found, s);
  } else if (protocol) {
    print_protocol(eval::protocol(s.subject));
  } else {
    std::ranges::copy(task_names(), std::back_inserter(known));
    std::ranges::copy(protocols, std::back_inserter(known));
    require_known("task, model or protocol", s.subject, known);
    print_model(s);
  }
  return 0;
}

}  // namespace

Verb info_verb() {
  auto s = std::make_shared<InfoSettings>();
  Verb verb{
      "info", "Say what this build is, or describe a task, a model or a protocol", {}, [s](const Settings&) {
        return run(*s);
      }};
  verb.settings.add_positional("subject", &s->subject, "A task, a model or a protocol; empty: this build");
  verb.settings.add("width", &s->width, "Width of the model; 0: as published");
  verb.settings.add("size", &s->size, "Side of the input, in pixels; 0: that of the publication");
  verb.settings.add("batch", &s->batch,
                    "Of a model: predict time and memory of a training step of so many inputs; 0: do not");
  verb.settings.add("variants", &s->variants, "Of a task: which to compare, with commas; empty: all");
  return verb;
}
