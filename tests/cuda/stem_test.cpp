// SPDX-License-Identifier: MIT
#include "pretext/cuda/stem.hpp"
#include "cuda/exact.hpp"
#include "cuda/processor.hpp"

using namespace test;

namespace {

struct StemCase {
  Shape x, weight;
  ops::Conv2d op{};
  bool gradient = false, relu = false;

  ops::ConvShape shape() const { return op.shape(x, weight); }
};

/// What both passes make of the same values on the GPU.
struct StemPasses {
  ops::ConvShape s;
  Floats x, weight;
  ops::Gradient<float, Cpu> dy;
  Tensor<bf16, Cuda> y;
  Tensor<float, Cuda> dw;
  Tensor<double, Cuda> moments;

  explicit StemPasses(const StemCase& c)
      : s(c.shape()),
        x(drawn(c.x, 1)),
        weight(drawn(c.weight, 2)),
        dy(drawn_gradient({s.n, s.oh, s.ow, s.co}, c.gradient, c.relu)) {}

  void run(bool measure = true) {
    const Tensor<bf16, Cuda> from = narrow(x);
    const Tensor<float, Cuda> w = there(weight);
    const ops::Gradient<bf16, Cuda> gradient = there(dy);
    poison_free_memory<Cuda>(1 << 20);
    y = Tensor<bf16, Cuda>(dy.shape());
    dw = Tensor<float, Cuda>(weight.shape());
    cuda::Stem::forward(s, from, w, y, measure ? &moments : nullptr);
    cuda::Stem::grad_weight(s, gradient, from, dw);
  }
};

template <class To>
Tensor<To, Cpu> cast(const Floats& x) {
  Tensor<To, Cpu> y(x.shape());
  for (std::int64_t i = 0; i < x.size(); ++i) y.data()[i] = x.data()[i];
  return y;
}

void check_stem(const StemCase& c) {
  INFO("x ", c.x, ", weight ", c.weight, ", stride ", c.op.window.stride, ", padding ", c.op.window.padding,
       ", gradient ", c.gradient, ", relu ", c.relu);
  StemPasses passes(c);
  REQUIRE(cuda::Stem::supports(passes.s));
  passes.run();

  using K = Kernel<ops::Conv2d, Cpu>;
  const Tensor<double, Cpu> x = cast<double>(passes.x), weight = cast<double>(passes.weight),
                            dy = cast<double>(rounded(ops::Gradient<float, Cpu>(passes.dy).take()));
  Tensor<double, Cpu> y(dy.shape()), dx, dw(weight.shape());
  K::forward<double>(passes.s, x, weight, {}, y);
  K::backward<double>(passes.s, dy, x, weight, dx, dw);
  CHECK(difference(values(passes.y), values(y)) <= 0x1p-8);
  CHECK(difference(values(passes.dw), values(dw)) <= 2e-5);
  check_halves(values(passes.moments), moments_of(passes.y));
}

}  // namespace

TEST_CASE("convolutions of few channels by tensor cores give what the processor gives in double") {
  if (no_gpu()) return;
  int i = 0;
  for (const std::int64_t ci : {1, 2, 3, 4})
    for (const std::int64_t co : {8, 64, 96, 192}) {
      const bool gradient = ++i % 2 == 0, relu = i % 3 == 0;
      check_stem({{3, 19, 17, ci}, {5, 5, ci, co}, {{.padding = 2}}, gradient, relu});
      check_stem({{2, 37, 45, ci}, {7, 7, ci, co}, {{.stride = 2, .padding = 3}}, !gradient, relu});
      check_stem({{1, 51, 47, ci}, {11, 11, ci, co}, {{.stride = 4}}, gradient, !relu});
      check_stem({{3, 23, 24, ci}, {3, 3, ci, co}, {{.stride = 2}}, !gradient, !relu});
      check_stem({{5, 7, 9, ci}, {1, 1, ci, co}, {}, gradient, relu});
    }
}

TEST_CASE("convolutions of few channels by tensor cores take odd windows and single pixels") {
  if (no_gpu()) return;
  check_stem({{1, 1, 1, 3}, {1, 1, 3, 24}});
  check_stem({{9, 5, 5, 4}, {5, 3, 4, 256}, {}, true, true});
  check_stem({{1, 12, 16, 3}, {3, 5, 3, 40}, {{.stride = 3, .padding = 1}}, true, false});
  check_stem({{2, 13, 8, 3}, {2, 4, 3, 128}, {{.padding = 3}}, true, true});
  check_stem({{1, 9, 9, 2}, {11, 11, 2, 256}, {{.padding = 5}}, false, false});
  check_stem({{1, 16, 700, 3}, {5, 5, 3, 32}, {{.padding = 2}}, true, true});
}

TEST_CASE("convolutions of few channels by tensor cores walk over many tiles") {
  if (no_gpu()) return;
  check_stem({{64, 32, 32, 3}, {5, 5, 3, 192}, {{.padding = 2}}, true, true});
  check_stem({{9, 224, 224, 3}, {7, 7, 3, 64}, {{.stride = 2, .padding = 3}}, true, true});
  check_stem({{3, 227, 227, 3}, {11, 11, 3, 96}, {{.stride = 4}}, false, false});
}

TEST_CASE("convolutions of few channels by tensor cores have the same bits each time") {
  if (no_gpu()) return;
  const StemCase c{{17, 32, 32, 3}, {5, 5, 3, 192}, {{.padding = 2}}, true, true};
  StemPasses all(c), again(c), bare(c);
  all.run();
  again.run();
  bare.run(false);
  for (const StemPasses* other : {&again, &bare}) {
    CHECK(values(other->y) == values(all.y));
    CHECK(values(other->dw) == values(all.dw));
  }
  CHECK(values(again.moments) == values(all.moments));
  CHECK(!bare.moments.defined());
}

TEST_CASE("convolutions by tensor cores keep what is not a number within its windows") {
  if (no_gpu()) return;
  StemPasses passes({{1, 6, 6, 3}, {3, 3, 3, 8}, {{.padding = 1}}});
  passes.x.data()[(2 * 6 + 3) * 3 + 1] = NAN;
  passes.run(false);
  const std::vector<double> y = values(passes.y);
  for (std::int64_t row = 0; row < 6; ++row)
    for (std::int64_t column = 0; column < 6; ++column)
      CHECK(std::isnan(y[static_cast<std::size_t>((row * 6 + column) * 8)]) ==
            (row >= 1 && row <= 3 && column >= 2 && column <= 4));
}

TEST_CASE("convolutions of few channels by tensor cores refuse what they do not take") {
  if (no_gpu()) return;
  const auto supports = [](const Shape& x, const Shape& weight, const ops::Conv2d& op = {}) {
    return cuda::Stem::supports(op.shape(x, weight));
  };
  CHECK(supports({512, 32, 32, 3}, {5, 5, 3, 192}, {{.padding = 2}}));
  CHECK(supports({256, 224, 224, 3}, {7, 7, 3, 64}, {{.stride = 2, .padding = 3}}));
  CHECK(supports({256, 227, 227, 3}, {11, 11, 3, 96}, {{.stride = 4}}));
  CHECK(!supports({2, 8, 8, 5}, {3, 3, 5, 16}));
  CHECK(!supports({2, 8, 8, 3}, {3, 3, 3, 12}));
  CHECK(!supports({2, 8, 8, 3}, {3, 3, 3, 264}));
  CHECK(!supports({2, 16, 16, 3}, {12, 3, 3, 16}));
  CHECK(!supports({2, 8, 8, 4}, {3, 3, 2, 16}, {{}, 2}));
  CHECK(!supports({2, 8, 8, 3}, {3, 3, 3, 16}, {{.dilation = 2}}));
  CHECK(!supports({1, 3, 30000, 4}, {3, 3, 4, 16}));
  CHECK(!supports({0, 8, 8, 3}, {3, 3, 3, 16}));
}
