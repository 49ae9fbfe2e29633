// SPDX-License-Identifier: MIT
// Every backbone of the registry as an ONNX model, run by onnxruntime where that is installed.
#include "onnx_case.hpp"
#include "pretext/cpu/batch_norm.hpp"
#include "pretext/cpu/concat.hpp"
#include "pretext/cpu/conv2d.hpp"
#include "pretext/cpu/dropout.hpp"
#include "pretext/cpu/linear.hpp"
#include "pretext/cpu/local_response_norm.hpp"
#include "pretext/cpu/pool.hpp"
#include "pretext/cpu/upsample.hpp"
#include "pretext/models/registry.hpp"

namespace {

using namespace pretext;
using X = Tensor<float, Cpu>;

/// The backbone at an eighth of its width or so, with a classifier where it has one, and batch norms as
/// training leaves them.
nn::Sequential<> make(const std::string& name, Rng& rng) {
  models::BackboneOptions options{.width = 16, .classes = 10};
  if (name.starts_with("exemplar") || name.starts_with("cfn") || name.starts_with("colorization"))
    options.classes = 0;
  auto net = models::backbone(name, options, rng);
  nn::visit<Cpu, float>(net, {.buffer = [&](const std::string& buffer, Buffer<float, Cpu>& b) {
                          const bool variance = buffer.ends_with("running_var");
                          for (float& value : b.value.span())
                            value = static_cast<float>(variance ? 0.5 + rng.uniform() : 0.3 * rng.normal());
                        }});
  return net;
}

/// The smallest of some odd sizes that the network takes.
std::int64_t size_for(nn::Sequential<>& net) {
  for (const std::int64_t size : {35, 75}) try {
      net(X::zeros({1, size, size, 3}));
      return size;
    } catch (const Error&) {
    }
  return 227;
}

TEST_CASE("every backbone runs in onnxruntime as it does here, taps included") {
  test::OnnxCases cases;
  for (const std::string& name : models::backbone_names()) {
    CAPTURE(name);
    Rng rng(1);
    auto net = make(name, rng);
    const std::int64_t size = size_for(net);
    cases.add(name, net, {1, size, size, 3});
  }
  cases.run();
}

}  // namespace
