// SPDX-License-Identifier: MIT
#include "pretext/cuda/conv2d.hpp"
#include "cuda/gpu.hpp"
#include "cuda/processor.hpp"
#include "pretext/cuda/graph.hpp"
#include "pretext/cuda/linear.hpp"

using namespace test;

namespace {

struct ConvCase {
  Shape x, weight;
  ops::Conv2d op{};
};

const ConvCase cases[] = {{{2, 5, 4, 3}, {3, 3, 3, 4}, {{.padding = 1}}},
                          {{2, 3, 5, 4}, {1, 1, 4, 7}},
                          {{2, 5, 5, 3}, {1, 1, 3, 2}, {{.stride = 2}}},
                          {{1, 7, 6, 2}, {3, 3, 2, 3}, {{.stride = 2, .padding = 1}}},
                          {{2, 8, 7, 2}, {2, 2, 2, 3}, {{.stride = 3}}},
                          {{1, 7, 6, 2}, {3, 2, 2, 3}, {{.padding = 2, .dilation = 2}}},
                          {{2, 4, 4, 6}, {3, 3, 2, 9}, {{.padding = 1}, 3}},
                          {{1, 5, 5, 3}, {3, 3, 1, 6}, {{.stride = 2, .padding = 1, .dilation = 2}, 3}},
                          {{1, 3, 2, 1}, {2, 3, 1, 2}, {{.stride = 2, .padding = 4}}},
                          {{1, 1, 1, 1}, {1, 1, 1, 1}},
                          {{0, 5, 5, 3}, {3, 3, 3, 2}, {{.padding = 1}}},
                          {{1, 5, 5, 3}, {3, 3, 3, 0}},
                          {{5, 23, 29, 8}, {5, 5, 4, 6}, {{.stride = 2, .padding = 2}, 2}},
                          {{9, 16, 16, 96}, {5, 5, 96, 192}, {{.padding = 2}}},
                          {{8, 14, 14, 64}, {3, 3, 64, 64}, {{.padding = 1}}},
                          {{33, 16, 16, 192}, {1, 1, 192, 160}}};

/// What the three passes make of the same values, in poisoned memory.
template <class T, Device D>
std::array<std::vector<double>, 3> passes(const ConvCase& c) {
  const ops::ConvShape s = c.op.shape(c.x, c.weight);
  const Tensor<T, D> x = drawn<T, D>(c.x, 1), dy = drawn<T, D>({s.n, s.oh, s.ow, s.co}, 3);
  const ops::WideTensor<T, D> weight = drawn<Wide<T>, D>(c.weight, 2);
  poison_free_memory<D>();
  Tensor<T, D> y(dy.shape()), dx(c.x);
  ops::WideTensor<T, D> dw(c.weight);
  using K = Kernel<ops::Conv2d, D>;
  K::template forward<T>(s, x, weight, {}, y);
  K::template backward<T>(s, dy, x, weight, dx, dw);
  return {values(y), values(dx), values(dw)};
}

/// All cases against double on the processor, relative to the scale of each result.
template <class T>
void check_cases(double allowed) {
  for (const ConvCase& c : cases) {
    const auto is = passes<T, Cuda>(c);
    const auto should = passes<double, Cpu>(c);
    INFO("x ", c.x, ", weight ", c.weight);
    for (std::size_t pass = 0; pass < 3; ++pass) {
      INFO("pass ", pass);
      CHECK(difference(is[pass], should[pass]) <= allowed);
    }
    CHECK(passes<T, Cuda>(c) == is);
  }
}

/// An epilogue with everything in it.
template <class T, Device D>
std::vector<double> finished(const ConvCase& c) {
  const ops::ConvShape s = c.op.shape(c.x, c.weight);
  const Shape y{s.n, s.oh, s.ow, s.co};
  const ops::Operand<T, D> addend(drawn<T, D>(y, 4), drawn<Wide<T>, D>({3, s.co}, 5), true);
  return values(c.op.template infer<T, D>(drawn<T, D>(c.x, 1), drawn<Wide<T>, D>(c.weight, 2),
                                          drawn<Wide<T>, D>({s.co}, 6),
                                          {drawn<Wide<T>, D>({3, s.co}, 7), addend, true}));
}

/// The three passes of a linear layer.
template <class T, Device D>
std::array<std::vector<double>, 3> linear(std::int64_t n, std::int64_t in, std::int64_t out) {
  const Tensor<T, D> x = drawn<T, D>({n, in}, 1), dy = drawn<T, D>({n, out}, 3);
  const auto weight = drawn<Wide<T>, D>({out, in}, 2);
  poison_free_memory<D>();
  Tensor<T, D> y({n, out}), dx({n, in});
  ops::WideTensor<T, D> dw({out, in});
  using K = Kernel<ops::Linear, D>;
  K::template forward<T>(x, weight, drawn<Wide<T>, D>({out}, 4), y);
  K::template grad_input<T>(dy, weight, dx);
  K::template grad_weight<T>(x, dy, dw);
  return {values(y), values(dx), values(dw)};
}

constexpr double rounding_bf16 = 1.0 / 200;  // half a unit in the last place is 1 / 512 of a value

}  // namespace

TEST_CASE(
    "convolutions in all their forms, by cuDNN and by plain loops, are those of the processor in double") {
  if (no_gpu()) return;
  for (const bool direct : {false, true}) {
    INFO("by plain loops: ", direct);
    cuda::force_direct_convolutions(direct);
    check_cases<float>(1e-5);
    check_cases<bf16>(rounding_bf16);
  }
  cuda::force_direct_convolutions(false);
}

TEST_CASE("a convolution's bias and epilogue, for few and for many channels") {
  if (no_gpu()) return;
  for (const ConvCase& c : cases) {
    INFO("x ", c.x, ", weight ", c.weight);
    CHECK(difference(finished<float, Cuda>(c), finished<double, Cpu>(c)) <= 1e-5);
    CHECK(difference(finished<bf16, Cuda>(c), finished<double, Cpu>(c)) <= 2 * rounding_bf16);
  }
}

TEST_CASE("a convolution of some rows of a tensor, which begin anywhere") {
  if (no_gpu()) return;
  const auto sums = []<Device D>(D) {
    const Tensor<float, D> x = drawn<float, D>({3, 5, 5, 3}, 1).rows(1, 3);
    return values(
        apply(ops::Conv2d{{.padding = 1}}, x, drawn<float, D>({3, 3, 3, 4}, 2), Tensor<float, D>()));
  };
  CHECK(difference(sums(Cuda()), sums(Cpu())) <= 1e-5);
}

TEST_CASE("timed plans compute the same, and all plans can be listed") {
  if (no_gpu()) return;
  const std::size_t before = cuda::chosen_convolutions().size();
  cuda::tune_convolutions(true);
  check_cases<bf16>(rounding_bf16);
  check_cases<float>(1e-5);
  const std::vector<std::string> plans = cuda::chosen_convolutions();
  CHECK(plans.size() >= before + 80);
  CHECK(plans[0].find("engine ") != std::string::npos);
  cuda::tune_convolutions(false);
}

TEST_CASE("a convolution that is new while a step is recorded is refused, and recorded once it is not") {
  if (no_gpu()) return;
  const auto x = drawn<float, Cuda>({1, 4, 4, 2}, 1), weight = drawn<float, Cuda>({3, 3, 2, 5}, 2);
  Tensor<float, Cuda> y;
  const auto step = [&] { y = apply(ops::Conv2d{}, x, weight, Tensor<float, Cuda>()); };
  cuda::Graph refused, graph;
  refused.warm_up([] { Tensor<float, Cuda> result({1, 2, 2, 5}), reordered({5, 3, 3, 2}); });
  CHECK_THROWS_WITH_AS(refused.record(step), doctest::Contains("run it once before"), Error);
  graph.warm_up(step);
  const std::vector<double> should = values(y);
  graph.record(step);
  y.fill(0);
  graph.replay();
  CHECK(values(y) == should);
}

TEST_CASE("linear layers are those of the processor in double") {
  if (no_gpu()) return;
  for (const std::array<std::int64_t, 3>& size : {std::array<std::int64_t, 3>{3, 5, 4},
                                                  {1, 1, 1},
                                                  {0, 3, 2},
                                                  {3, 0, 2},
                                                  {3, 2, 0},
                                                  {211, 67, 41},
                                                  {64, 4096, 1000}}) {
    const std::int64_t n = size[0], in = size[1], out = size[2];
    INFO(n, " x ", in, " x ", out);
    const auto should = linear<double, Cpu>(n, in, out), single = linear<float, Cuda>(n, in, out),
               half = linear<bf16, Cuda>(n, in, out);
    for (std::size_t pass = 0; pass < 3; ++pass) {
      INFO("pass ", pass);
      CHECK(difference(single[pass], should[pass]) <= 1e-5);
      CHECK(difference(half[pass], should[pass]) <= 1.5 * rounding_bf16);
    }
    CHECK(linear<bf16, Cuda>(n, in, out) == half);
  }
}

TEST_CASE("the GPU's own description plans as its handle does") {
  if (no_gpu()) return;
  const std::string json = cuda::device_description(cuda::cudnn());
  const cuda::ConvProblem problem{cuda::ConvPass::forward, CUDNN_DATA_BFLOAT16,
                                  cases[13].op.shape(cases[13].x, cases[13].weight)};
  const auto here = cuda::conv_plans(problem, cuda::PlanTarget(cuda::cudnn()), 1),
             described = cuda::conv_plans(problem, cuda::PlanTarget(json), 1);
  REQUIRE(here.size() == 1);
  REQUIRE(described.size() == 1);
  // The workspace may be padded.
  const auto without_workspace = [](const cuda::ConvPlan& plan) {
    const std::string text = to_string(plan);
    return text.substr(0, text.find(", workspace"));
  };
  CHECK(without_workspace(here[0]) == without_workspace(described[0]));
}
