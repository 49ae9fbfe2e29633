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

void print_task() {
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

int run(const InfoSettings& s) {
  require(s.size >= 8 && s.size <= 1024, "--size must be 8 to 1024, not ", s.size);
  std::vector<std::string> known = model_names();
  if (s.subject.empty()) {
    for (const auto& [name, value] : environment()) std::printf("%-10s %s\n", name.c_str(), value.c_str());
    std::printf("%-10s rotation\n%-10s", "tasks", "models");
    for (const std::string& name : known) std::printf(" %s", name.c_str());
    std::printf("\n");
  } else if (s.subject == "rotation") {
    print_task();
  } else if (std::ranges::find(known, s.subject) != known.end()) {
    print_model(s);
  } else {
    known.push_back("rotation");
    fail("there is no task or model '", s.subject, "'.", suggestion(s.subject, known),
         " 'pretext info' lists them");
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
