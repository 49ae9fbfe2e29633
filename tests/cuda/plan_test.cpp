// SPDX-License-Identifier: MIT
// What cuDNN would do on a GPU that is not here: all of it runs on any machine that has cuDNN.
#include <doctest/doctest.h>

#include <map>
#include <set>

#include "cuda/dry.hpp"
#include "pretext/cuda/conv_plan.hpp"
#include "pretext/models/registry.hpp"
#include "support.hpp"

using namespace pretext;
using namespace test;
using cuda::ConvPass, cuda::ConvProblem;

namespace {

const cuda::PlanTarget& h200() {
  static const cuda::PlanTarget target(
      read_file(std::filesystem::path(PRETEXT_SOURCE_DIR) / "tests/cuda/h200.json"));
  return target;
}

/// What a backbone is trained on; a new one gets the first of these, until it has a line of its own.
Shape input_of(const std::string& backbone) {
  static const std::map<std::string, Shape> table{{"", {512, 32, 32, 3}},
                                                  {"alexnet", {192, 224, 224, 3}},
                                                  {"alexnet_bn", {192, 224, 224, 3}},
                                                  {"alexnet_color", {80, 180, 180, 1}},
                                                  {"caffenet", {192, 227, 227, 3}},
                                                  {"cfn", {576, 75, 75, 3}},
                                                  {"cfn_bn", {576, 75, 75, 3}},
                                                  {"cfn_small", {1152, 24, 24, 3}},
                                                  {"colorization_net", {40, 176, 176, 1}},
                                                  {"resnet18", {256, 224, 224, 3}},
                                                  {"resnet34", {256, 224, 224, 3}},
                                                  {"resnet50", {128, 224, 224, 3}},
                                                  {"revnet50", {128, 224, 224, 3}},
                                                  {"vgg19_bn", {64, 224, 224, 3}}};
  const auto found = table.find(backbone);
  return found != table.end() ? found->second : table.at("");
}

/// The convolutions of a backbone in the order in which it computes them.
std::vector<ops::ConvShape> convolutions_of(const std::string& backbone) {
  Dry::convolutions().clear();
  const Shape input = input_of(backbone);
  Rng rng(1, Use::test);
  models::backbone<Dry, bf16>(backbone, {.channels = input[3]}, rng)(Tensor<bf16, Dry>(input));
  return Dry::convolutions();
}

constexpr ConvPass all_passes[] = {ConvPass::forward, ConvPass::grad_input, ConvPass::grad_weight};

/// The engines with one of these notes that cuDNN proposes.
std::set<std::int64_t> noted(const ConvProblem& problem, const std::set<cudnnBackendNumericalNote_t>& notes) {
  std::set<std::int64_t> engines;
  for (const cuda::ConvConfig& c : cuda::conv_configs(cuda::ConvGraph(problem, h200()), h200()))
    for (const auto note : notes)
      if (c.noted(note))
        engines.insert(c.engine.value<std::int64_t>(CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64));
  return engines;
}

const ops::ConvShape nin_conv2{512, 16, 16, 96, 5, 5, 192, 16, 16, 1, {.padding = 2}};

}  // namespace

TEST_CASE("every convolution of every backbone has a deterministic plan on an H200") {
  std::map<std::array<std::int64_t, 13>, std::string> planned;
  for (const std::string& backbone : models::backbone_names<Dry, bf16>()) {
    const std::vector<ops::ConvShape> convolutions = convolutions_of(backbone);
    INFO(backbone);
    CHECK(!convolutions.empty());
    for (const ops::ConvShape& shape : convolutions)
      for (const ConvPass pass : all_passes)
        for (const cudnnDataType_t type : {CUDNN_DATA_BFLOAT16, CUDNN_DATA_FLOAT}) {
          const ConvProblem problem{pass, type, shape};
          if (!planned.try_emplace(problem.key(), backbone).second) continue;
          const auto plans = cuda::conv_plans(problem, h200(), 1);
          INFO(to_string(problem));
          REQUIRE(plans.size() == 1);
          CHECK(plans[0].workspace() >= 0);
          std::printf("%s\n", message(backbone, ": ", problem, ": ", plans[0]).c_str());
        }
  }
}

TEST_CASE("engines that do not give the same bits each time are refused, for float those that round too") {
  for (const ConvPass pass : all_passes)
    for (const cudnnDataType_t type : {CUDNN_DATA_BFLOAT16, CUDNN_DATA_FLOAT}) {
      const ConvProblem problem{pass, type, nin_conv2};
      INFO(to_string(problem));
      std::set<cudnnBackendNumericalNote_t> never{CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC,
                                                  CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION};
      if (type == CUDNN_DATA_FLOAT)
        never.insert({CUDNN_NUMERICAL_NOTE_TENSOR_CORE, CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS});
      const std::set<std::int64_t> refused = noted(problem, never);
      if (pass != ConvPass::forward || type == CUDNN_DATA_FLOAT) CHECK(!refused.empty());
      const auto plans = cuda::conv_plans(problem, h200(), 1000);
      CHECK(plans.size() > 1);
      for (const cuda::ConvPlan& plan : plans) CHECK(!refused.contains(plan.engine()));
    }
}

TEST_CASE("plans are in the heuristics' order, as many as asked for, and the same each time") {
  const ConvProblem problem{ConvPass::grad_weight, CUDNN_DATA_BFLOAT16, nin_conv2};
  const auto one = cuda::conv_plans(problem, h200(), 1), four = cuda::conv_plans(problem, h200(), 4);
  REQUIRE(one.size() == 1);
  REQUIRE(four.size() == 4);
  CHECK(to_string(one[0]) == to_string(four[0]));
  CHECK(to_string(four[0]) != to_string(four[1]));
  CHECK(to_string(four[0]).find("knobs ") != std::string::npos);
}

TEST_CASE("plans in bf16 are on tensor cores where there are such") {
  // The heuristics' first is not.
  const ConvProblem problem{
      ConvPass::forward, CUDNN_DATA_BFLOAT16, {256, 56, 56, 64, 1, 1, 128, 28, 28, 1, {.stride = 2}}};
  const auto plans = cuda::conv_plans(problem, h200(), 1);
  REQUIRE(plans.size() == 1);
  CHECK(noted(problem, {CUDNN_NUMERICAL_NOTE_TENSOR_CORE}).contains(plans[0].engine()));
}

TEST_CASE("a description that is none is refused with what cuDNN says") {
  for (const std::string text : {"", "{}", "[", "{\"deviceName\": 3}"})
    CHECK_THROWS_AS(cuda::PlanTarget{text}, Error);
}
