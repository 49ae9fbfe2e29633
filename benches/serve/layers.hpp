// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <sstream>

#include "answer.hpp"

namespace bench {

/// One convolution of a name such as 5x5_96_192_16: kernel, channels in and out, side of the map.
struct Layer {
  ops::ConvShape s{};
  Tensor<float, Cpu> x, weight, dy, y, dx, dw;

  Layer(const std::string& name, std::int64_t batch) {
    std::int64_t k = 0, same = 0, in = 0, out = 0, side = 0;
    require(std::sscanf(name.c_str(), "%ldx%ld_%ld_%ld_%ld", &k, &same, &in, &out, &side) == 5, "serve: '",
            name, "' is no layer such as 5x5_96_192_16");
    s = ops::Conv2d{{.padding = k / 2}}.shape({batch, side, side, in}, {k, k, in, out});
    x = drawn({batch, side, side, in});
    weight = drawn({k, k, in, out});
    dy = drawn({batch, side, side, out});
    y = Tensor<float, Cpu>(dy.shape());
    dx = Tensor<float, Cpu>(x.shape());
    dw = Tensor<float, Cpu>(weight.shape());
  }

  double flop() const {
    return 2.0 * static_cast<double>(s.n * s.oh * s.ow) * static_cast<double>(s.kh * s.kw * s.ci * s.co);
  }

  void run(const std::string& pass) {
    using K = Kernel<ops::Conv2d, Cpu>;
    const ops::Operand<float, Cpu> x(this->x);
    Tensor<float, Cpu> none;
    if (pass == "forward")
      K::forward(s, x, weight, Tensor<float, Cpu>(), y);
    else if (pass == "backward_data")
      K::backward(s, dy, x, weight, dx, none);
    else if (pass == "backward_weights")
      K::backward(s, dy, x, weight, none, dw);
    else
      K::backward(s, dy, x, weight, dx, dw);
  }
};

inline cpu::ConvAlgorithm algorithm_of(const std::string& name) {
  using A = cpu::ConvAlgorithm;
  const std::map<std::string, A> names{{"automatic", A::automatic}, {"gemm", A::gemm},
                                       {"direct", A::direct},       {"lines", A::lines},
                                       {"winograd2", A::winograd2}, {"winograd4", A::winograd4}};
  const auto found = names.find(name);
  if (found == names.end()) fail("serve: there is no algorithm '", name, "'");
  return found->second;
}

/// A line: "5x5_96_192_16 forward automatic", or another pass of backward_data, backward_weights, backward
/// (both), by another algorithm.
inline void serve_layers(std::int64_t batch) {
  std::map<std::string, std::vector<double>> seconds;
  std::map<std::string, double> flop;
  std::unique_ptr<Layer> layer;
  std::string current;
  serve([&](const std::string& line) {
    std::istringstream words(line);
    std::string name, pass, algorithm;
    words >> name >> pass >> algorithm;
    cpu::force_conv_algorithm(algorithm_of(algorithm));
    if (name != current) layer = std::make_unique<Layer>(current = name, batch);
    if (!seconds.contains(line)) layer->run(pass);
    const int runs = std::max(1, static_cast<int>(8e9 / layer->flop()));
    flop[line] = layer->flop();
    const double each = seconds_of([&] {
                          for (int i = 0; i < runs; ++i) layer->run(pass);
                        }) /
                        runs;
    return seconds[line].emplace_back(each);
  });
  for (const auto& [line, all] : seconds)
    print(identity().add("row", line).add("batch", batch).add("gflops", flop[line] / median(all) * 1e-9));
}

}  // namespace bench
