// SPDX-License-Identifier: MIT
// Runs one measured piece of work for each line on stdin and answers with its seconds, so that a driver can
// alternate this engine with others (benches/compare.py). The last lines are records in JSON.
//   serve step MODEL BATCH THREADS [strict | recompute]   a line: one training step
//   serve infer MODEL BATCH THREADS             a line: one batch through the frozen network
//   serve conv BATCH THREADS                    a line: "5x5_96_192_16 forward automatic", or another pass of
//                                               backward_data, backward_weights, backward (both), by another
//                                               algorithm
//   serve batch PICTURES THREADS                a line: one batch of four turned views of each picture
//   serve views PICTURES THREADS                a line: "crop", "jitter" or "blur", one batch of views of 224
//   x
//                                               224, one of each picture of 256 x 256, so changed
//   serve peak THREADS                          a line: "fma", multiply-adds on registers, or "micro_kernel",
//   on the
//                                               first-level cache; answered in GFLOP/s
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <functional>
#include <iostream>
#include <map>
#include <numeric>
#include <pretext/models/registry.hpp>
#include <pretext/nn/count.hpp>
#include <pretext/optim/sgd.hpp>
#include <pretext/pretext.hpp>
#include <pretext/tasks/jitter.hpp>
#include <pretext/tasks/supervised.hpp>
#include <sstream>

using namespace pretext;

namespace {

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Tensor<float, Cpu> drawn(const Shape& shape) {
  Tensor<float, Cpu> x(shape);
  Rng rng(1, Use::test);
  for (float& v : x.span()) v = rng.uniform(-0.5F, 0.5F);
  return x;
}

JsonObject identity() {
  return JsonObject()
      .add("peer", "pretext")
      .add("version", PRETEXT_VERSION)
      .add("isa", std::string(cpu::to_string(cpu::isa())));
}

/// Answers every line by what work(line) says.
void serve(const std::function<double(const std::string&)>& work) {
  for (std::string line; std::getline(std::cin, line);) std::cout << work(line) << std::endl;
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values.empty() ? 0 : values[values.size() / 2];
}

/// Training steps of a backbone with a linear head on one batch that is there already.
class Steps {
 public:
  Steps(const std::string& model, std::int64_t batch, bool recompute)
      : rng_(1),
        backbone_(models::backbone(model, {.recompute = recompute}, rng_)),
        inputs_(drawn({batch, 32, 32, 3})),
        labels_({batch}) {
    const std::int64_t features = backbone_(inputs_.rows(0, 1)).dim(3);
    head_ = std::make_unique<nn::Linear<>>(nn::Linear<>::Options{.in = features, .out = 4}, rng_);
    for (std::int64_t i = 0; i < batch; ++i) labels_.data()[i] = static_cast<std::int32_t>(i % 4);
    auto params = nn::parameters(backbone_);
    for (const auto& p : nn::parameters(*head_)) params.push_back(p);
    optimizer_ = std::make_unique<optim::Optimizer<>>(
        params, optim::Sgd{.momentum = 0.9, .weight_decay = 5e-4, .nesterov = true});
  }

  double step() {
    tape_.clear(0);
    const auto x = backbone_(tape_.constant(inputs_));
    const auto loss = apply(ops::SoftmaxCrossEntropy{}, (*head_)(apply(ops::GlobalAvgPool{}, x)), labels_);
    tape_.backward(loss);
    optimizer_->step(0.01);
    return static_cast<double>(loss.value().item());
  }

 private:
  Rng rng_;
  nn::Sequential<> backbone_;
  std::unique_ptr<nn::Linear<>> head_;
  std::unique_ptr<optim::Optimizer<>> optimizer_;
  Tensor<float, Cpu> inputs_;
  Tensor<std::int32_t, Cpu> labels_;
  Tape<Cpu> tape_;
};

int serve_steps(const std::string& model, std::int64_t batch, int threads, bool recompute) {
  rusage before{};
  getrusage(RUSAGE_SELF, &before);
  Steps steps(model, batch, recompute);
  const double first = steps.step();
  steps.step();
  const std::size_t allocations = allocator<Cpu>().use().allocations;
  std::vector<double> seconds;
  double last = first;
  serve([&](const std::string&) { return seconds.emplace_back(seconds_of([&] { last = steps.step(); })); });
  rusage after{};
  getrusage(RUSAGE_SELF, &after);
  const MemoryUse use = allocator<Cpu>().use();
  std::cout << identity()
                   .add("model", model)
                   .add("threads", threads)
                   .add("batch", batch)
                   .add("images_s", static_cast<double>(batch) / median(seconds))
                   .add("loss_first", first)
                   .add("loss_last", last)
                   .add("tensor_peak_mib", static_cast<std::int64_t>(use.peak >> 20))
                   .add("allocations_in_steady_steps",
                        static_cast<std::int64_t>(use.allocations - allocations))
                   .add("start_rss_mib", static_cast<std::int64_t>(before.ru_maxrss / 1024))
                   .add("peak_rss_mib", static_cast<std::int64_t>(after.ru_maxrss / 1024))
                   .text()
            << std::endl;
  return 0;
}

/// One batch that is there already, through a frozen backbone.
int serve_inference(const std::string& model, std::int64_t batch, int threads) {
  Rng rng(1);
  auto backbone = models::backbone(model, {}, rng);
  const Tensor<float, Cpu> inputs = drawn({batch, 32, 32, 3});
  for (int i = 0; i < 2; ++i) backbone(inputs);
  std::vector<double> seconds;
  serve([&](const std::string&) { return seconds.emplace_back(seconds_of([&] { backbone(inputs); })); });
  std::cout << identity()
                   .add("model", model)
                   .add("threads", threads)
                   .add("batch", batch)
                   .add("images_s", static_cast<double>(batch) / median(seconds))
                   .add("tensor_peak_mib", static_cast<std::int64_t>(allocator<Cpu>().use().peak >> 20))
                   .text()
            << std::endl;
  return 0;
}

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

/// The input pipeline of rotation: decoded pictures to a batch of views.
int serve_batches(std::int64_t pictures, int threads) {
  Rng rng(1);
  const tasks::Rotation<> task({.features = 8}, rng);
  std::vector<std::int64_t> all(static_cast<std::size_t>(pictures));
  std::iota(all.begin(), all.end(), 0);
  const auto set = data::shapes({.count = pictures});
  std::vector<double> seconds;
  serve([&](const std::string&) {
    return seconds.emplace_back(seconds_of([&] { task.batch(set, {0, 0, all}, true); }));
  });
  std::cout << identity()
                   .add("threads", threads)
                   .add("pictures", pictures)
                   .add("views_s", 4 * static_cast<double>(pictures) / median(seconds))
                   .text()
            << std::endl;
  return 0;
}

/// What contrastive tasks are shown: a resized crop, mirrored or not, its colours changed, blurred.
std::vector<View> contrastive_views(const std::vector<ImageView>& pictures, const std::string& change,
                                    std::uint32_t epoch) {
  std::vector<View> views(pictures.size());
  for (std::size_t i = 0; i < views.size(); ++i) {
    Rng rng(1, Use::views, epoch, static_cast<std::uint32_t>(i));
    views[i].source = static_cast<std::int32_t>(i);
    views[i].map = tasks::ResizedCrop{}(pictures[i], rng);
    if (change != "crop") tasks::ColorJitter{}(views[i], rng);
    if (change == "blur") views[i].blur = rng.uniform(0.1F, 2);
  }
  return views;
}

int serve_views(std::int64_t count, int threads) {
  std::vector<Image> images;
  Rng rng(1, Use::test);
  for (std::int64_t i = 0; i < count; ++i) {
    images.emplace_back(256, 256);
    for (int k = 0; k < 3 * 256 * 256; ++k)
      images.back().pixels()[k] = static_cast<std::uint8_t>(rng.below(256));
  }
  const std::vector<ImageView> pictures(images.begin(), images.end());
  const RenderOptions options{224, 224, {{0.485F, 0.456F, 0.406F}, {0.229F, 0.224F, 0.225F}}};
  std::map<std::string, std::vector<double>> seconds;
  std::uint32_t epoch = 0;
  serve([&](const std::string& line) {
    return seconds[line].emplace_back(
        seconds_of([&] { render<Cpu>(pictures, contrastive_views(pictures, line, epoch++), options); }));
  });
  for (const auto& [line, all] : seconds)
    std::cout << identity()
                     .add("views", line)
                     .add("threads", threads)
                     .add("views_s", static_cast<double>(count) / median(all))
                     .text()
              << std::endl;
  return 0;
}

cpu::ConvAlgorithm algorithm_of(const std::string& name) {
  using A = cpu::ConvAlgorithm;
  const std::map<std::string, A> names{{"automatic", A::automatic}, {"gemm", A::gemm},
                                       {"direct", A::direct},       {"lines", A::lines},
                                       {"winograd2", A::winograd2}, {"winograd4", A::winograd4}};
  const auto found = names.find(name);
  if (found == names.end()) fail("serve: there is no algorithm '", name, "'");
  return found->second;
}

int serve_convolutions(std::int64_t batch, int threads) {
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
    std::cout << identity()
                     .add("row", line)
                     .add("threads", threads)
                     .add("batch", batch)
                     .add("gflops", flop[line] / median(all) * 1e-9)
                     .text()
              << std::endl;
  return 0;
}

/// Multiply-adds on registers alone: what the units can do.
struct FmaLoop {
  static constexpr int sums = 12;  // enough to hide the latency of one

  template <int Bytes>
  PRETEXT_INLINE static void run(const std::int64_t& rounds, float* const& out) {
    cpu::Vector<float, Bytes> sum[sums], a{}, b{};
    for (int i = 0; i < sums; ++i) sum[i] = a + static_cast<float>(i);
    a += 0.999F;
    b += 1e-3F;
    for (std::int64_t r = 0; r < rounds; ++r)
#pragma GCC unroll 12
      for (int i = 0; i < sums; ++i) sum[i] = sum[i] * a + b;
    for (int i = 1; i < sums; ++i) sum[0] += sum[i];
    cpu::store(out, sum[0]);
  }
};

/// The micro-kernel on a block of rows and a panel that stay in the first-level cache.
void run_micro_kernel(std::int64_t rounds, float* out) {
  constexpr std::int64_t depth = 192, rows = 14;
  const std::int64_t columns = cpu::panel_columns<float>();
  const Tensor<float, Cpu> a = drawn({rows, depth}), b = drawn({depth, columns});
  Tensor<float, Cpu> c({rows, columns});
  for (std::int64_t i = 0; i < rounds; ++i)
    cpu::multiply<float>({.a = a.data(),
                          .a_row = depth,
                          .b = b.data(),
                          .c = c.data(),
                          .c_row = columns,
                          .rows = rows,
                          .depth = depth});
  out[0] = c.data()[0];
}

/// GFLOP/s of all threads.
double peak_gflops(const std::string& what) {
  const bool fma = what != "micro_kernel";
  const std::int64_t rounds = fma ? 20'000'000 : 20'000, threads = thread_pool().threads();
  const double flop = fma ? 2.0 * FmaLoop::sums * static_cast<double>(cpu::vector_lanes<float>())
                          : 2.0 * 14 * 192 * static_cast<double>(cpu::panel_columns<float>());
  const double seconds = seconds_of([&] {
    parallel_for(threads, 1, [&](std::int64_t, std::int64_t) {
      Tensor<float, Cpu> out({64});
      fma ? cpu::dispatch<FmaLoop>(rounds, out.data()) : run_micro_kernel(rounds, out.data());
    });
  });
  return flop * static_cast<double>(rounds * threads) / seconds * 1e-9;
}

int run(const std::vector<std::string>& words) {
  const auto number = [&](std::size_t i) { return std::stoll(words.at(i)); };
  if (words.size() >= 4 && words[0] == "step") {
    set_num_threads(static_cast<int>(number(3)));
    const std::string how = words.size() > 4 ? words[4] : "";
    set_precision(how == "strict" ? Precision::strict : Precision::fast);
    return serve_steps(words[1], number(2), static_cast<int>(number(3)), how == "recompute");
  }
  if (words.size() == 4 && words[0] == "infer") {
    set_num_threads(static_cast<int>(number(3)));
    return serve_inference(words[1], number(2), static_cast<int>(number(3)));
  }
  if (words.size() == 3 && words[0] == "conv") {
    set_num_threads(static_cast<int>(number(2)));
    return serve_convolutions(number(1), static_cast<int>(number(2)));
  }
  if (words.size() == 3 && words[0] == "batch") {
    set_num_threads(static_cast<int>(number(2)));
    return serve_batches(number(1), static_cast<int>(number(2)));
  }
  if (words.size() == 3 && words[0] == "views") {
    set_num_threads(static_cast<int>(number(2)));
    return serve_views(number(1), static_cast<int>(number(2)));
  }
  if (words.size() == 2 && words[0] == "peak") {
    set_num_threads(static_cast<int>(number(1)));
    serve(peak_gflops);
    return 0;
  }
  std::cerr << "usage: serve step MODEL BATCH THREADS [strict | recompute] | infer MODEL BATCH THREADS | "
               "conv BATCH THREADS | batch PICTURES THREADS | views PICTURES THREADS | peak THREADS
";
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << "serve: " << error.what() << "\n";
    return 1;
  }
}
