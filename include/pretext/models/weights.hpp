// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "pretext/models/registry.hpp"
#include "pretext/nn/state.hpp"

namespace pretext::models {

/// A backbone that torchvision has under the same name and with the same names of parameters, and the part of
/// torchvision's network that classifies.
struct TorchvisionNetwork {
  const char *name, *classifier;
};

inline constexpr TorchvisionNetwork torchvision_networks[] = {
    {"alexnet", "classifier"},  {"vgg11_bn", "classifier"}, {"vgg13_bn", "classifier"},
    {"vgg16_bn", "classifier"}, {"vgg19_bn", "classifier"}, {"resnet18", "fc"},
    {"resnet34", "fc"},         {"resnet50", "fc"},         {"resnet101", "fc"},
    {"wide_resnet50_2", "fc"}};

/// Throws where torchvision has no network of this name; lists those that it has.
inline const TorchvisionNetwork& torchvision_network(const std::string& name) {
  std::string known;
  for (const TorchvisionNetwork& network : torchvision_networks) {
    if (name == network.name) return network;
    known += (known.empty() ? "" : ", ") + std::string(network.name);
  }
  fail("torchvision has no network with the names of '", name, "'; it has ", known);
}

/// A state as PyTorch has it: after the statistics of each batch norm the number of batches that it has seen.
inline std::vector<NamedTensor> with_batch_counts(std::vector<NamedTensor> state, std::int64_t batches) {
  constexpr std::string_view variance = "running_var";
  std::vector<NamedTensor> result;
  for (NamedTensor& tensor : state) {
    const std::string name = tensor.name;
    result.push_back(std::move(tensor));
    if (!name.ends_with(variance)) continue;
    const std::string counter = name.substr(0, name.size() - variance.size()) + "num_batches_tracked";
    result.push_back(NamedTensor::of<std::int64_t>(counter, {}, Span(&batches, 1)));
  }
  return result;
}

/// The state of a backbone as torchvision's network of that name takes it by load_state_dict(strict=True):
/// with its classifier where the state has one, and else once that ("fc" or "classifier") is a
/// torch.nn.Identity(). Where it is "fc", a `head` of weight and bias becomes it. Throws where torchvision
/// has no such network, and lists every tensor that is of another shape there.
template <Device D = Cpu>
std::vector<NamedTensor> torchvision_state(const std::string& name, std::vector<NamedTensor> state,
                                           Span<const NamedTensor> head = {}, std::int64_t batches = 0) {
  const std::string classifier = torchvision_network(name).classifier;
  if (classifier == "fc" && head.size() == 2 && head[0].name == "weight" && head[1].name == "bias")
    for (const NamedTensor& tensor : head) {
      state.push_back(tensor);
      state.back().name = "fc." + tensor.name;
    }
  const bool classifies = !state.empty() && belongs_to(state.back().name, classifier);
  Rng rng(0);
  auto published = backbone<D>(name, {.classes = classifies ? state.back().shape[0] : 0}, rng);
  try {
    nn::load_state(published, state);
  } catch (const Error& error) {
    fail("torchvision's ", name, " cannot take this network: ", error.what());
  }
  return with_batch_counts(std::move(state), batches);
}

/// The tensors without the "module." that DataParallel puts before all names.
inline std::vector<NamedTensor> without_module(std::vector<NamedTensor> tensors) {
  const std::string_view module = "module.";
  if (std::all_of(tensors.begin(), tensors.end(), [&](const auto& t) { return t.name.starts_with(module); }))
    for (NamedTensor& tensor : tensors) tensor.name.erase(0, module.size());
  return tensors;
}

/// Takes over weights that somebody else may have written, with or without "module.". Only names that begin
/// with the prefix count, without it; and a classifier ("fc" or "classifier") that the network lacks is
/// passed over: the names of what was are returned. Else as nn::load_state: one Error lists every missing,
/// unexpected and mis-shaped name, and nothing changes.
template <Device D, class T>
std::vector<std::string> load_weights(nn::Sequential<D, T>& net, std::vector<NamedTensor> tensors,
                                      const std::string& prefix = "") {
  const std::string first = tensors.empty() ? "" : "; the first is '" + tensors.front().name + "'";
  const auto begins = [&](const NamedTensor& tensor) { return tensor.name.starts_with(prefix); };
  if (prefix.empty() || std::none_of(tensors.begin(), tensors.end(), begins))
    tensors = without_module(std::move(tensors));
  require(prefix.empty() || std::any_of(tensors.begin(), tensors.end(), begins), "weights: no name of ",
          tensors.size(), " tensors begins with '", prefix, "'", first);
  std::vector<std::string> passed_over;
  const std::vector<StateEntry> entries = nn::state_entries(net, prefix);
  for (const char* part : {"fc", "classifier"}) {
    const auto belongs = [&](const auto& member) { return belongs_to(member.name, prefix + part); };
    if (std::any_of(entries.begin(), entries.end(), belongs)) continue;
    for (const NamedTensor& tensor : tensors)
      if (belongs(tensor)) passed_over.push_back(tensor.name);
    std::erase_if(tensors, belongs);
  }
  nn::load_state(net, tensors, prefix);
  return passed_over;
}

}  // namespace pretext::models
