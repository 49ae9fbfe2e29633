// SPDX-License-Identifier: MIT
#include "pretext/cuda/pointwise.hpp"
#include "cuda/exact.hpp"
#include "cuda/processor.hpp"

using namespace test;

namespace {

struct PointwiseCase {
  std::int64_t rows, ci, co;
  bool affine, gradient, relu;
};

/// What the three passes read, and what they make of it on the processor and on the GPU.
struct PointwisePasses {
  ops::ConvShape s;
  Floats weight;
  ops::Operand<float, Cpu> x;
  ops::Gradient<float, Cpu> dy;
  Tensor<bf16, Cuda> y, dx;
  Tensor<float, Cuda> dw;
  Tensor<double, Cuda> moments, sums;

  explicit PointwisePasses(const PointwiseCase& c)
      : s(ops::Conv2d().shape({1, 1, c.rows, c.ci}, {1, 1, c.ci, c.co})),
        weight(drawn({1, 1, c.ci, c.co}, 1)),
        x(drawn({1, 1, c.rows, c.ci}, 2)),
        dy(drawn_gradient({1, 1, c.rows, c.co}, c.gradient, c.relu)) {
    if (c.affine) x = {x.x, drawn_affine(c.ci, 4), c.relu};
  }

  void run(bool grad_input, bool grad_weight) {
    const ops::Operand<bf16, Cuda> from(narrow(x.x), there(x.affine), x.relu);
    const ops::Gradient<bf16, Cuda> gradient = there(dy);
    const Tensor<float, Cuda> w = there(weight);
    poison_free_memory<Cuda>(1 << 20);
    y = Tensor<bf16, Cuda>(dy.shape());
    if (grad_input) dx = Tensor<bf16, Cuda>(x.shape());
    if (grad_weight) dw = Tensor<float, Cuda>(weight.shape());
    cuda::Pointwise::forward(s, from, w, y, &moments);
    cuda::Pointwise::backward(s, gradient, from, w, dx, dw, &sums);
  }

  std::vector<double> expected_sums() const {
    const std::vector<double> d = values(dx);
    const std::int64_t channels = s.ci;
    std::vector<double> sum(static_cast<std::size_t>(2 * channels));
    for (std::int64_t i = 0; i < x.x.size(); ++i) {
      const std::int64_t c = i % channels;
      const float *map = x.affine.data() + c, v = x.x.data()[i];
      float of = static_cast<float>(d[static_cast<std::size_t>(i)]);
      ops::Normalized<float>{map[0], map[channels], map[2 * channels], x.relu}.cut_gradient(of, v);
      sum[static_cast<std::size_t>(c)] += static_cast<double>(of);
      sum[static_cast<std::size_t>(channels + c)] +=
          static_cast<double>(of) * static_cast<double>(v - map[0]);
    }
    return sum;
  }
};

void check_pointwise(const PointwiseCase& c) {
  INFO(c.rows, " rows, ", c.ci, " to ", c.co, " channels, affine ", c.affine, ", gradient ", c.gradient,
       ", relu ", c.relu);
  PointwisePasses passes(c);
  REQUIRE(cuda::Pointwise::supports(passes.s));
  passes.run(true, true);

  using K = Kernel<ops::Conv2d, Cpu>;
  const Floats x = rounded(passes.x.value()), dy = rounded(ops::Gradient<float, Cpu>(passes.dy).take());
  Floats y(dy.shape()), dx(x.shape()), dw(passes.weight.shape());
  K::forward<float>(passes.s, x, passes.weight, {}, y);
  K::backward<float>(passes.s, dy, x, passes.weight, dx, dw);
  CHECK(difference(values(passes.y), values(y)) <= 0x1p-8);
  CHECK(difference(values(passes.dx), values(dx)) <= 0x1p-8);
  CHECK(difference(values(passes.dw), values(dw)) <= 2e-5);
  check_halves(values(passes.moments), moments_of(passes.y));
  CHECK(passes.sums.defined() == c.affine);
  if (c.affine) check_halves(values(passes.sums), passes.expected_sums());
}

constexpr std::int64_t channels[] = {8, 96, 160, 192, 256};

}  // namespace

TEST_CASE("1 x 1 convolutions by tensor cores give what the processor gives for the same values in bf16") {
  if (no_gpu()) return;
  int i = 0;
  for (const std::int64_t ci : channels)
    for (const std::int64_t co : channels) {
      const int mode = ++i * 5 % 8;
      check_pointwise({i * 97 % 389 + 1, ci, co, (mode & 1) != 0, (mode & 2) != 0, (mode & 4) != 0});
    }
  for (int mode = 0; mode < 8; ++mode)
    check_pointwise({mode == 0 ? 1 : 1001, 192, 160, (mode & 1) != 0, (mode & 2) != 0, (mode & 4) != 0});
}

TEST_CASE("1 x 1 convolutions by tensor cores walk over many tiles") {
  if (no_gpu()) return;
  check_pointwise({98765, 96, 160, true, true, true});
  check_pointwise({70001, 192, 192, true, true, true});
}

TEST_CASE("1 x 1 convolutions by tensor cores have the same bits each time, and whatever is wanted") {
  if (no_gpu()) return;
  const PointwiseCase c{4321, 192, 96, true, true, true};
  PointwisePasses all(c), again(c), input(c), weight(c);
  all.run(true, true);
  again.run(true, true);
  input.run(true, false);
  weight.run(false, true);
  for (const PointwisePasses* other : {&again, &input}) {
    CHECK(values(other->y) == values(all.y));
    CHECK(values(other->moments) == values(all.moments));
    CHECK(values(other->dx) == values(all.dx));
    CHECK(values(other->sums) == values(all.sums));
  }
  CHECK(values(again.dw) == values(all.dw));
  CHECK(values(weight.dw) == values(all.dw));
  CHECK(!weight.sums.defined());
}

TEST_CASE("1 x 1 convolutions by tensor cores refuse what they do not take") {
  if (no_gpu()) return;
  const auto supports = [](const Shape& x, const Shape& weight, const ops::Conv2d& op = {}) {
    return cuda::Pointwise::supports(op.shape(x, weight));
  };
  CHECK(supports({2, 5, 7, 192}, {1, 1, 192, 192}));
  CHECK(!supports({2, 5, 7, 12}, {1, 1, 12, 16}));
  CHECK(!supports({2, 5, 7, 16}, {1, 1, 16, 12}));
  CHECK(!supports({2, 5, 7, 264}, {1, 1, 264, 16}));
  CHECK(!supports({2, 5, 7, 16}, {3, 3, 16, 16}, {{.padding = 1}}));
  CHECK(!supports({2, 3, 3, 16}, {1, 1, 16, 16}, {{.stride = 2, .padding = 1}}));
  CHECK(!supports({2, 5, 7, 16}, {1, 1, 8, 16}, {{}, 2}));
  CHECK(!supports({0, 5, 7, 16}, {1, 1, 16, 16}));
}
