// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "cuda/gpu.hpp"
#include "pretext/cpu/batch_norm.hpp"
#include "pretext/ops/loss.hpp"

using namespace test;

namespace {

/// Values of type T, in double.
template <class T>
naive::X rounded_to(naive::X x) {
  for (double& v : x.span())
    v = static_cast<double>(static_cast<Wide<T>>(static_cast<T>(static_cast<float>(v))));
  return x;
}

template <class T>
Tensor<T, Cuda> on_gpu(const naive::X& x) {
  Tensor<T, Cpu> narrow(x.shape());
  for (std::int64_t i = 0; i < x.size(); ++i)
    narrow.data()[i] = static_cast<T>(static_cast<float>(x.data()[i]));
  return narrow.template to<Cuda>();
}

/// The sums of a batch norm over the columns of random numbers, against the processor's in double.
template <class T>
void check_sums(const Shape& shape, Draw how) {
  INFO("shape ", shape);
  using Double = Kernel<ops::BatchNorm, Cpu>;
  using Gpu = Kernel<ops::BatchNorm, Cuda>;
  const bool shifted = how == Draw::shifted;
  naive::X x = draw({shape, how}, 0);
  x = shifted ? rounded_to<T>(x) : rounded_to<bf16>(x);
  const naive::X dy = rounded_to<T>(draw({shape}, 1));
  const Tensor<double, Cpu> moments = Double::moments(x);
  const Tensor<double, Cpu> found = Gpu::moments(on_gpu<T>(x)).template to<Cpu>();
  const std::int64_t channels = shape[1];
  for (std::int64_t c = 0; c < channels; ++c) {
    const double deviation = std::sqrt(moments.data()[channels + c] / static_cast<double>(shape[0]));
    CHECK(std::abs(found.data()[c] - moments.data()[c]) <= 1e-5 * deviation + 1e-12);
  }
  CHECK(difference(values(found.rows(1, 2)), values(moments.rows(1, 2))) <= 1e-5);

  // Numbers of few bits and a scale of 1 or -1: what the relu cuts is the same in float and in double.
  naive::X affine = rounded_to<bf16>(draw({{3, channels}}, 2));
  for (double& center : affine.rows(0, 1).span()) center = static_cast<float>(center + (shifted ? 100 : 0));
  for (double& scale : affine.rows(1, 2).span()) scale = std::copysign(1.0, scale);
  for (const bool relu : {false, true}) {
    const auto should = Double::gradient_sums(ops::Operand<double, Cpu>(x, affine, relu), dy);
    const auto is =
        Gpu::gradient_sums(ops::Operand<T, Cuda>(on_gpu<T>(x), on_gpu<float>(affine), relu), on_gpu<T>(dy));
    CHECK(difference(values(is.rows(0, 1)), values(should.rows(0, 1))) <= 1e-4);
    CHECK(difference(values(is.rows(1, 2)), values(should.rows(1, 2))) <= 1e-4);
  }
  CHECK(difference(values(ops::SumRows::forward(on_gpu<T>(dy))), values(ops::SumRows::forward(dy))) <= 1e-5);
}

}  // namespace

TEST_CASE("sums over rows on the GPU: one row a column, one column, many tiles, many chunks, odd widths") {
  if (no_gpu()) return;
  for (const Shape& shape : {Shape{2, 1}, Shape{9001, 1}, Shape{3, 5}, Shape{4099, 96}, Shape{2053, 160},
                             Shape{1031, 37}, Shape{257, 2048}, Shape{2, 20000}, Shape{30011, 8}}) {
    for (const Draw how : {Draw::uniform, Draw::shifted}) check_sums<float>(shape, how);
    check_sums<bf16>(shape, Draw::uniform);
  }
}

TEST_CASE("a label that is no class makes the loss on the GPU not a number, and touches nothing else") {
  if (no_gpu()) return;
  const auto logits = Tensor<float, Cuda>::full({3, 4}, 1);
  for (const std::int32_t label : {-1, 4, 1 << 30}) {
    const auto labels = Tensor<std::int32_t, Cuda>::from({3}, std::vector<std::int32_t>{0, label, 3});
    ops::SoftmaxCrossEntropy::Saved<float, Cuda> saved;
    CHECK(std::isnan(ops::SoftmaxCrossEntropy().forward(logits, labels, &saved).item()));
    const auto dx = ops::SoftmaxCrossEntropy().backward(Tensor<float, Cuda>::full({1}, 1), saved, {true})[0];
    CHECK(values(dx.rows(0, 1))[0] == doctest::Approx((0.25 - 1) / 3));
    CHECK(ops::CountCorrect::forward(logits, labels).item() == 1);
  }
}

TEST_CASE("no rows have no right answers") {
  if (no_gpu()) return;
  CHECK(ops::CountCorrect::forward(Tensor<bf16, Cuda>(Shape{0, 5}), Tensor<std::int32_t, Cuda>(Shape{0}))
            .item() == 0);
}
