// SPDX-License-Identifier: MIT
// Times the matrix products that are convolutions of 1 x 1, in OpenBLAS. usage: openblas_gemm batch; each
// line of stdin, "layer pass", is answered by the seconds of one product, or by "none" where the kernel is
// larger. OPENBLAS_NUM_THREADS says how many threads work. The last lines are records in JSON.
#include <cblas.h>

#include <cstdio>
#include <map>
#include <vector>

#include "peer.hpp"

namespace {

/// x [pixels, in] times w [in, out] is y [pixels, out].
struct Layer {
  int in, out, pixels;
  std::vector<float> x, w, y;

  Layer(int inputs, int outputs, int count)
      : in(inputs),
        out(outputs),
        pixels(count),
        x(made(in * pixels)),
        w(made(in * out)),
        y(made(out * pixels)) {}

  static std::vector<float> made(int size) {
    std::vector<float> values(static_cast<std::size_t>(size));
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<float>(i * 40503 % 256) / 256 - 0.5F;
    return values;
  }

  double flop() const { return 2.0 * in * out * pixels; }

  void run(const std::string& pass) {
    const auto t = CblasTrans, n = CblasNoTrans;
    if (pass == "forward")
      cblas_sgemm(CblasRowMajor, n, n, pixels, out, in, 1, x.data(), in, w.data(), out, 0, y.data(), out);
    else if (pass == "backward_data")
      cblas_sgemm(CblasRowMajor, n, t, pixels, in, out, 1, y.data(), out, w.data(), out, 0, x.data(), in);
    else
      cblas_sgemm(CblasRowMajor, t, n, in, out, pixels, 1, x.data(), in, y.data(), out, 0, w.data(), out);
  }
};

}  // namespace

int main(int argc, char** argv) {
  const int batch = argc > 1 ? std::stoi(argv[1]) : 128;
  std::map<std::string, Layer> layers;
  for (std::string name, pass; std::cin >> name >> pass;) {
    int kernel = 0, in = 0, out = 0, side = 0;
    if (std::sscanf(name.c_str(), "%dx%*d_%d_%d_%d", &kernel, &in, &out, &side) != 4 || kernel != 1) {
      std::cout << "none" << std::endl;
      continue;
    }
    if (layers.size() > 1) layers.clear();
    const auto [found, added] = layers.try_emplace(name, in, out, batch * side * side);
    Layer& layer = found->second;
    if (added)
      for (const char* each : {"forward", "backward_data", "backward_weights"}) layer.run(each);
    const int runs = std::max(1, static_cast<int>(8e9 / layer.flop()));
    const double seconds = peer::seconds_of([&] {
      for (int i = 0; i < runs; ++i) layer.run(pass);
    });
    std::cout << seconds / runs << std::endl;
  }
  std::cout << R"({"peer": "OpenBLAS", "version": ")" << openblas_get_config() << R"(", "core": ")"
            << openblas_get_corename() << R"("})" << std::endl;
}
