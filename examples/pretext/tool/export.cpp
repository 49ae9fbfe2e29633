// SPDX-License-Identifier: MIT
// `pretext export` writes the network of a run for other programs: weights for PyTorch, or a whole ONNX
// model.
#include <cstdio>
#include <map>
#include <memory>
#include <pretext/models/weights.hpp>
#include <pretext/nn/onnx.hpp>
#include <pretext/tensor/safetensors.hpp>

#include "saved_run.hpp"
#include "tasks.hpp"
#include "verbs.hpp"

using namespace pretext;

namespace {

struct ExportSettings {
  std::string run = "runs/rotation", to, names = "own";
  std::int64_t size = 0;
  bool head = true, taps = false, force = false;
};

/// What the verb has read of a run.
struct Network {
  TrainingSettings training;
  Restored restored;
};

void write_weights(const ExportSettings& s, Network& n) {
  const std::vector<NamedTensor>& head = n.restored.head;
  std::vector<NamedTensor> state = nn::save_state(n.restored.backbone);
  if (s.names == "torchvision") {
    state = models::torchvision_state(n.training.model, std::move(state),
                                      s.head ? Span(head) : Span<const NamedTensor>(), n.restored.steps);
  } else {
    state = models::with_batch_counts(std::move(state), n.restored.steps);
    for (const NamedTensor& tensor : head) {
      if (!s.head) break;
      state.push_back(tensor);
      state.back().name.insert(0, "head.");
    }
  }
  write_safetensors(s.to, {state, {{"model", n.training.model}, {"task", n.training.task}}});
  std::printf("%zu tensors in %s\n", state.size(), s.to.c_str());
}

/// Numbers of each channel, with commas between them.
std::string listed(Span<const float> numbers) {
  std::string text;
  for (const float number : numbers) text += (text.empty() ? "" : ",") + message(static_cast<double>(number));
  return text;
}

/// What a reader of the model has to know.
std::map<std::string, std::string> facts_of(const Network& n) {
  const auto channels = static_cast<std::size_t>(tool_task(n.training.task).channels);
  const Normalization normalization = n.training.inputs().normalization;
  std::map<std::string, std::string> facts{{"model", n.training.model}, {"task", n.training.task}};
  if (normalization.statistics != Statistics::given || normalization.gain != 1) return facts;
  facts["mean"] = listed({normalization.mean, channels});
  facts["deviation"] = listed({normalization.deviation, channels});
  return facts;
}

void write_model(const ExportSettings& s, Network& n) {
  const ToolTask& task = tool_task(n.training.task);
  const bool with_head = s.head && task.head != nullptr;
  if (s.head && !with_head)
    std::fprintf(stderr,
                 "%s: its head answers about several inputs together; the features alone are written\n",
                 task.name.c_str());
  const std::int64_t size = s.size != 0 ? s.size : n.training.source.size;
  const nn::OnnxOptions options{
      .output = with_head ? "logits" : "features", .taps = s.taps, .metadata = facts_of(n)};
  const auto network = [&](const auto& x, const auto& on_tap) {
    const auto features = n.restored.backbone(x, on_tap);
    return with_head ? task.head(n.restored.head, features) : features;
  };
  nn::write_onnx(s.to, network, {1, size, size, task.channels}, options);
  std::printf("%s of [batch, %lld, %lld, %lld] in %s\n", options.output.c_str(),
              static_cast<long long>(task.channels), static_cast<long long>(size),
              static_cast<long long>(size), s.to.c_str());
}

int run(const ExportSettings& s) {
  const bool onnx = s.to.ends_with(".onnx");
  require(onnx || s.to.ends_with(".safetensors"), "--to must end with .safetensors or .onnx, not '", s.to,
          "'",
          s.to.ends_with(".pth") || s.to.ends_with(".pt") ? "; safetensors.torch.load_file reads the former"
                                                          : "");
  require_known("kind of names", s.names, {"own", "torchvision"});
  require(!onnx || s.names == "own", "--names ", s.names,
          " is for weights; an ONNX model is whole without names");
  require(onnx || (s.size == 0 && !s.taps),
          "--size and --taps are for ONNX; a .safetensors holds the weights alone");
  require(!std::filesystem::exists(s.to) || s.force, s.to,
          ": exists; --force replaces it, or give another name");
  require(s.size >= 0 && s.size <= 4096, "--size must be 1 to 4096, or 0, not ", s.size);
  TrainingSettings training = read_run(s.run);
  training.resolve();
  if (s.names == "torchvision") models::torchvision_network(training.model);
  Network network{training, load_backbone(training, s.run)};
  make_folder_of(s.to);
  if (onnx)
    write_model(s, network);
  else
    write_weights(s, network);
  return 0;
}

}  // namespace

Verb export_verb() {
  auto s = std::make_shared<ExportSettings>();
  Verb verb{"export", "Write the network of a run for PyTorch or ONNX", {}, [s](const Settings&) {
              return run(*s);
            }};
  verb.settings.add("run", &s->run, "Run folder of the network");
  verb.settings.add("to", &s->to, "File: .safetensors for the weights, .onnx for the whole network");
  verb.settings.add("names", &s->names,
                    "Of weights: own, or torchvision, whose network of that name then loads them");
  verb.settings.add("head", &s->head, "With the task's head, where that answers about single inputs");
  verb.settings.add("taps", &s->taps, "ONNX: every tap is an output as well");
  verb.settings.add("force", &s->force, "Replace a file that is there");
  verb.settings.add("size", &s->size, "ONNX: side of the input, in pixels; 0: that of the run");
  return verb;
}
