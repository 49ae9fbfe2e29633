// SPDX-License-Identifier: MIT
// Times single convolutions in oneDNN 2 or 3: forward, backward to the data and backward to the weights, with
// pictures as NHWC, in the blocked layout that oneDNN prefers, and by Winograd where it has that (2 only).
//   g++ -std=c++20 -O2 -fopenmp benches/peers/onednn_conv.cpp -ldnnl -o onednn_conv
// usage: onednn_conv [--threads n] [--batch n] [--repeats n] [--serve]
// With --serve a driver alternates peers: each line of stdin, "layer pass algo", is answered by the seconds
// of one run, or by "none" where oneDNN cannot. The last lines are records in JSON, one for each row.
#include <omp.h>
#include <algorithm>
#include <chrono>
#include <dnnl.hpp>
#include <iostream>
#include <map>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace {

using dnnl::memory;

/// Kernel x kernel _ channels in _ channels out _ height and width of the map.
constexpr const char* layers[] = {"5x5_3_192_32",   "1x1_192_160_32", "1x1_160_96_32", "5x5_96_192_16",
                                  "1x1_192_192_16", "3x3_192_192_8",  "1x1_192_192_8", "3x3_64_64_32",
                                  "3x3_128_128_16", "3x3_256_256_8",  "3x3_512_512_4"};
constexpr const char* passes[] = {"forward", "backward_data", "backward_weights"};

/// An algorithm, and the layout of the pictures.
const std::map<std::string, std::pair<dnnl::algorithm, memory::format_tag>> algos = {
    {"nhwc", {dnnl::algorithm::convolution_direct, memory::format_tag::nhwc}},
    {"blocked", {dnnl::algorithm::convolution_direct, memory::format_tag::any}},
    {"winograd", {dnnl::algorithm::convolution_winograd, memory::format_tag::any}}};
constexpr double flop_a_run = 8e9;  // small layers are repeated until a run takes about that much

/// A convolution as oneDNN describes it: the same for each pass.
struct Problem {
  Problem(const std::string& layer, const std::string& algo, memory::dim batch) {
    memory::dim kernel = 0, in = 0, out = 0, size = 0;
    char times = 0, bar = 0;
    std::istringstream(layer) >> kernel >> times >> kernel >> bar >> in >> bar >> out >> bar >> size;
    const auto f32 = memory::data_type::f32;
    const auto [operation, pictures] = algos.at(algo);
    algorithm = operation;
    x = memory::desc({batch, in, size, size}, f32, pictures);
    w = memory::desc({out, in, kernel, kernel}, f32, memory::format_tag::any);
    y = memory::desc({batch, out, size, size}, f32, pictures);
    pad = {kernel / 2, kernel / 2};
    flop = 2.0 * static_cast<double>(batch * size * size * in * out * kernel * kernel);
  }

  double flop = 0;
  dnnl::algorithm algorithm{};
  memory::dims pad, stride = {1, 1};
  memory::desc x, w, y;
};

dnnl::convolution_forward::primitive_desc forward(const dnnl::engine& e, const Problem& p) {
#if DNNL_VERSION_MAJOR >= 3
  return {e, dnnl::prop_kind::forward_training, p.algorithm, p.x, p.w, p.y, p.stride, p.pad, p.pad};
#else
  return {{dnnl::prop_kind::forward_training, p.algorithm, p.x, p.w, p.y, p.stride, p.pad, p.pad}, e};
#endif
}

template <class Primitive>
typename Primitive::primitive_desc backward(const dnnl::engine& e, const Problem& p) {
#if DNNL_VERSION_MAJOR >= 3
  return {e, p.algorithm, p.x, p.w, p.y, p.stride, p.pad, p.pad, forward(e, p)};
#else
  return {{p.algorithm, p.x, p.w, p.y, p.stride, p.pad, p.pad}, e, forward(e, p)};
#endif
}

dnnl::primitive_desc_base describe(const dnnl::engine& e, const Problem& p, const std::string& pass) {
  if (pass == "forward") return forward(e, p);
  if (pass == "backward_data") return backward<dnnl::convolution_backward_data>(e, p);
  if (pass == "backward_weights") return backward<dnnl::convolution_backward_weights>(e, p);
  throw std::invalid_argument("no such pass: " + pass);
}

/// A pass of a convolution, with tensors of its own.
class Pass {
 public:
  Pass(const dnnl::engine& e, const dnnl::primitive_desc_base& description)
      : implementation(description.impl_info_str()), stream_(e), primitive_(description.get()) {
    for (const int name : {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST, DNNL_ARG_DIFF_SRC,
                           DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_DST}) {
      const auto desc = description.query_md(dnnl::query::exec_arg_md, name);
      const std::size_t size = desc.get_size() / sizeof(float);
      if (size == 0) continue;
      memory tensor(desc, e);
      auto* data = static_cast<float*>(tensor.get_data_handle());
      for (std::size_t i = 0; i < size; ++i) data[i] = static_cast<float>(i * 40503 % 256) / 256 - 0.5F;
      tensors_.emplace(name, tensor);
    }
    seconds(flop_a_run);  // the first is slower
  }

  /// The seconds of one run of that many operations, by the mean of several.
  double seconds(double flop) {
    const int runs = std::max(1, static_cast<int>(flop_a_run / flop));
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < runs; ++i) primitive_.execute(stream_, tensors_);
    stream_.wait();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / runs;
  }

  const std::string implementation;

 private:
  dnnl::stream stream_;
  dnnl::primitive primitive_;
  std::unordered_map<int, memory> tensors_;
};

/// Times rows of a layer, a pass and an algorithm, and holds the tensors of one layer at a time.
class Bench {
 public:
  explicit Bench(memory::dim batch) : batch_(batch) {}

  /// None where oneDNN has no such kernel.
  std::optional<double> run(const std::string& layer, const std::string& pass, const std::string& algo) {
    const Problem problem(layer, algo, batch_);
    if (std::exchange(layer_, layer) != layer) passes_.clear();
    const auto [found, added] = passes_.try_emplace(pass + ' ' + algo);
    if (added) {
      try {
        found->second.emplace(engine_, describe(engine_, problem, pass));
      } catch (const dnnl::error&) {
      }
    }
    if (!found->second) return std::nullopt;
    auto& record = records_[R"("layer": ")" + layer + R"(", "pass": ")" + pass + R"(", "algo": ")" + algo +
                            R"(", "implementation": ")" + found->second->implementation];
    record.flop = problem.flop;
    record.seconds.push_back(found->second->seconds(problem.flop));
    return record.seconds.back();
  }

  void report(int threads) const {
    const auto* version = dnnl_version();
    for (const auto& [row, record] : records_) {
      auto sorted = record.seconds;
      std::ranges::sort(sorted);
      std::cout << R"({"peer": "onednn", "version": ")" << version->major << '.' << version->minor << '.'
                << version->patch << R"(", "threads": )" << threads << ", " << row << R"(", "batch": )"
                << batch_ << R"(, "seconds": [)";
      for (const double& s : record.seconds) std::cout << (&s == record.seconds.data() ? "" : ", ") << s;
      std::cout << R"(], "gflops": )" << record.flop / sorted[sorted.size() / 2] / 1e9 << "}\n";
    }
  }

 private:
  struct Record {
    double flop = 0;
    std::vector<double> seconds;
  };

  memory::dim batch_;
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  std::string layer_;
  std::map<std::string, std::optional<Pass>> passes_;
  std::map<std::string, Record> records_;
};

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, int> options = {{"--threads", 1}, {"--batch", 128}, {"--repeats", 5}, {"--serve", 0}};
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--serve") {
      options[word] = 1;
    } else if (options.contains(word) && i + 1 < argc) {
      options[word] = std::stoi(argv[++i]);
    } else {
      std::cerr << "usage: onednn_conv [--threads n] [--batch n] [--repeats n] [--serve]\n";
      return 2;
    }
  }
  omp_set_num_threads(options["--threads"]);
  Bench bench(options["--batch"]);
  if (options["--serve"]) {
    for (std::string layer, pass, algo; std::cin >> layer >> pass >> algo;) {
      const auto seconds = bench.run(layer, pass, algo);
      seconds ? std::cout << *seconds << std::endl : std::cout << "none" << std::endl;
    }
  } else {
    for (const auto* layer : layers)
      for (int repeat = 0; repeat < options["--repeats"]; ++repeat)
        for (const auto* pass : passes)
          for (const auto& [algo, meaning] : algos) bench.run(layer, pass, algo);
  }
  bench.report(options["--threads"]);
}
