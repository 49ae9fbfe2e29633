// SPDX-License-Identifier: MIT
#pragma once

#include "peers.hpp"
#include "pretext/core/random.hpp"
#include "pretext/nn/onnx.hpp"
#include "pretext/nn/sequential.hpp"
#include "pretext/tensor/safetensors.hpp"

namespace test {

using namespace pretext;

/// [N, C, H, W] of a map [N, H, W, C]; anything else as it is.
inline NamedTensor channels_first(const std::string& name, const Tensor<float, Cpu>& x) {
  if (x.shape().rank() != 4) return NamedTensor::of<float>(name, x.shape(), x.span());
  const std::int64_t n = x.dim(0), pixels = x.dim(1) * x.dim(2), c = x.dim(3);
  std::vector<float> values(static_cast<std::size_t>(x.size()));
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t p = 0; p < pixels; ++p)
      for (std::int64_t k = 0; k < c; ++k)
        values[static_cast<std::size_t>((i * c + k) * pixels + p)] = x.data()[(i * pixels + p) * c + k];
  return NamedTensor::of<float>(name, {n, c, x.dim(1), x.dim(2)}, values);
}

/// Networks as ONNX models, and what onnxruntime is to make of a batch of three.
class OnnxCases {
 public:
  /// The model of a network for input[1, H, W, C], with all taps.
  void add(const std::string& name, nn::Sequential<>& net, const Shape& input) {
    nn::write_onnx(folder_ / (name + ".onnx"), net, input, {.taps = true});
    names_ += " '" + name + "'";
    Rng rng(7);
    Tensor<float, Cpu> x(input.with(0, 3));
    for (float& value : x.span()) value = static_cast<float>(rng.normal());
    TensorFile expected{{channels_first("input", x)}, {}};
    const Tensor<float, Cpu> y = net(x, [&](const std::string& tap, const Tensor<float, Cpu>& value) {
      expected.tensors.push_back(channels_first(tap, value));
    });
    expected.tensors.push_back(channels_first("output", y));
    write_safetensors(folder_ / (name + ".safetensors"), expected);
  }

  /// Runs them all where onnxruntime is installed.
  void run() const {
    if (!has_python_modules("onnx, onnxruntime, numpy")) return;
    CHECK(run_peer("onnx_run.py", "'" + folder_.path().string() + "'" + names_));
  }

 private:
  TempDir folder_;
  std::string names_;
};

}  // namespace test
