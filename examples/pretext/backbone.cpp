// SPDX-License-Identifier: MIT
// The networks that are trained.
#include <algorithm>
#include <pretext/core/precision.hpp>
#include <pretext/models/probe_heads.hpp>
#include <pretext/models/registry.hpp>

#include "tasks.hpp"

using namespace pretext;

std::vector<std::string> model_names() { return models::backbone_names(); }

nn::Sequential<> make_backbone(const TrainingSettings& s) {
  set_precision(s.precision == "strict" ? Precision::strict : Precision::fast);  // of all that it computes
  Rng rng(s.random_seed(), Use::init);
  const models::BackboneOptions options{
      .width = s.width, .channels = tool_task(s.task).channels, .recompute = s.recompute};
  return models::backbone(s.model, options, rng);
}

nn::Sequential<> make_network(const TrainingSettings& s) {
  nn::Sequential<> net = make_backbone(s);
  add_head(s, net);
  return net;
}

void add_head(const TrainingSettings& s, nn::Sequential<>& backbone) {
  if (s.frozen_at.empty()) return;
  const auto head =
      static_cast<models::ProbeHead>(std::ranges::find(head_names, s.head) - head_names.begin());
  Rng rng(s.random_seed(), Use::init, 2);
  models::add_probe_head(backbone, s.frozen_at, {1, s.source.size, s.source.size, tool_task(s.task).channels},
                         {.head = head}, rng);
}

std::int64_t last_channels(nn::Sequential<>& backbone, const TrainingSettings& s) {
  const std::int64_t size = s.source.size;
  return backbone(Tensor<float, Cpu>::zeros({1, size, size, tool_task(s.task).channels})).dim(3);
}
