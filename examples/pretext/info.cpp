// SPDX-License-Identifier: MIT
// `pretext info` says what this build is, what a task's constants are, or what a model is made of.
#include <cstdio>
#include <memory>

#include <pretext/image/codec.hpp>
#include <pretext/pretext.hpp>

#include "environment.hpp"
#include "source.hpp"
#include "training.hpp"
#include "verbs.hpp"

using namespace pretext;

namespace {

struct InfoSettings {
  std::string subject;
  std::int64_t width = 0, size = 32;
};

const char* cuda() {
#if defined(PRETEXT_CUDA_VERSION)
  return "built with CUDA " PRETEXT_CUDA_VERSION "; this tool computes on the processor";
#else
  return "built without CUDA; this tool computes on the processor";
#endif
}

void print_supervised() {
  const tasks::SupervisedViews program{};
  std::printf(
      "supervised: what is in this picture? The baseline that is given the labels\n"
      "  views a picture    %d\n"
      "  classes            those of the pictures\n"
      "  input, moves       as for rotation\n"
      "  head               global average pooling, linear layer, softmax cross-entropy\n",
      program.views);
}

void print_rotation() {
  const tasks::RotationViews program{};
  const Normalization& n = cifar_normalization;
  std::printf(
      "rotation: which way up is this picture? (Gidaris, Singh and Komodakis, ICLR 2018)\n"
      "  views a picture    %d, all four quarter turns in the same batch\n"
      "  classes            %d (chance %.1f %%)\n"
      "  input              %d x %d, short side scaled, middle kept\n"
      "  moved in training  up to %d pixels on each axis, black from outside\n"
      "  mirrored           half the time\n"
      "  mean / deviation   %.4f %.4f %.4f / %.4f %.4f %.4f\n"
      "  head               global average pooling, linear layer, softmax cross-entropy\n",
      program.views, program.classes(), 100.0 / program.classes(), program.crop.size, program.crop.size,
      program.crop.padding, n.mean[0], n.mean[1], n.mean[2], n.deviation[0], n.deviation[1], n.deviation[2]);
}

void print_model(const InfoSettings& s) {
  TrainingSettings settings;
  settings.model = s.subject;
  settings.width = s.width;
  nn::Sequential<> net = make_backbone(settings);
  std::printf("%s: %lld parameters\n", s.subject.c_str(), static_cast<long long>(nn::count_parameters(net)));
  std::printf("  input    [N, %lld, %lld, 3]\n", static_cast<long long>(s.size),
              static_cast<long long>(s.size));
  net(Tensor<float, Cpu>::zeros({1, s.size, s.size, 3}),
      [](const std::string& tap, const Tensor<float, Cpu>& x) {
        std::printf("  %-8s [N, %lld, %lld, %lld]\n", tap.c_str(), static_cast<long long>(x.dim(1)),
                    static_cast<long long>(x.dim(2)), static_cast<long long>(x.dim(3)));
      });
}

void print_names(const char* what, const std::vector<std::string>& names) {
  std::printf("%-10s", what);
  for (const std::string& name : names) std::printf(" %s", name.c_str());
  std::printf("\n");
}

int run(const InfoSettings& s) {
  require(s.size >= 8 && s.size <= 1024, "--size must be 8 to 1024, not ", s.size);
  std::vector<std::string> known = model_names();
  if (s.subject.empty()) {
    for (const auto& [name, value] : environment()) std::printf("%-10s %s\n", name.c_str(), value.c_str());
    std::printf("%-10s %s\n", "cuda", cuda());
    print_names("tasks", task_names());
    print_names("models", known);
  } else if (s.subject == "rotation") {
    print_rotation();
  } else if (s.subject == "supervised") {
    print_supervised();
  } else {
    std::ranges::copy(task_names(), std::back_inserter(known));
    require_known("task or model", s.subject, known);
    print_model(s);
  }
  return 0;
}

}  // namespace

Verb info_verb() {
  auto s = std::make_shared<InfoSettings>();
  Verb verb{"info", "Say what this build is, or describe a task or a model", {}, [s](const Settings&) {
              return run(*s);
            }};
  verb.settings.add_positional("subject", &s->subject, "A task or a model; empty: this build");
  verb.settings.add("width", &s->width, "Width of the model; 0: as published");
  verb.settings.add("size", &s->size, "Side of the input, in pixels");
  return verb;
}
