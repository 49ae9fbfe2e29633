// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "op_table.hpp"

using namespace test;
using doctest::Contains;

namespace {

using X = Tensor<float, Cpu>;
using Labels = Tensor<std::int32_t, Cpu>;

X zeros(const Shape& shape) { return X::zeros(shape); }

}  // namespace

#define REFUSED(call, text) CHECK_THROWS_WITH_AS(call, Contains(text), Error)

TEST_CASE("conv2d says which shapes do not go together") {
  const auto conv = [](const Shape& x, const Shape& w, ops::Conv2d op = {}) {
    return apply(op, zeros(x), zeros(w), X());
  };
  REFUSED(conv({2, 5, 5, 3}, {3, 3, 4, 8}), "conv2d: x [2, 5, 5, 3] has 3 channels, but weight [3, 3, 4, 8]");
  REFUSED(conv({2, 5, 5}, {3, 3, 4, 8}), "must have 4 axes");
  REFUSED(conv({2, 5, 5, 4}, {3, 3, 2, 9}, {{}, 2}), "with 2 groups");
  REFUSED(conv({2, 2, 5, 3}, {3, 3, 3, 8}), "a kernel that spans 3 does not fit an input of 2");
  REFUSED(conv({2, 5, 5, 3}, {3, 3, 3, 8}, {{.dilation = 3}}), "spans 7");
  REFUSED(conv({2, 5, 5, 3}, {3, 3, 3, 8}, {{.stride = 0}}), "not 0, 1 and 0");
  REFUSED(conv({2, 5, 5, 3}, {3, 3, 3, 8}, {{.padding = std::int64_t{1} << 62}}), "padding");
  REFUSED(conv({2, 5, 5, 3}, {3, 3, 3, 8}, {{.dilation = std::int64_t{1} << 62}}), "dilation");
  REFUSED(apply(ops::Conv2d(), zeros({1, 5, 5, 3}), zeros({3, 3, 3, 8}), zeros({3})),
          "bias must have shape [8], not [3]");
}

TEST_CASE("linear says which shapes do not go together") {
  REFUSED(apply(ops::Linear(), zeros({2, 5}), zeros({4, 6}), X()),
          "linear: x [2, 5] has 5 features, but weight [4, 6]");
  REFUSED(apply(ops::Linear(), zeros({2, 5, 1}), zeros({4, 5}), X()), "x must have 2 axes");
  REFUSED(apply(ops::Linear(), zeros({2, 5}), zeros({4, 5}), zeros({5})), "bias must have shape [4]");
  REFUSED(apply(ops::Linear(), X(), zeros({4, 5}), X()), "x is undefined");
}

TEST_CASE("pools refuse windows that do not go with the picture") {
  REFUSED(apply(ops::MaxPool2d{3, {.padding = 2}}, zeros({1, 5, 5, 1})),
          "padding 2 is more than half of the kernel");
  REFUSED(apply(ops::MaxPool2d{6}, zeros({1, 5, 5, 1})), "does not fit an input of 5");
  REFUSED(apply(ops::MaxPool2d{300}, zeros({1, 500, 500, 1})), "at most 255");
  REFUSED(apply(ops::MaxPool2d{2}, zeros({1, 0, 5, 1})), "[1, 0, 5, 1]");
  REFUSED(apply(ops::AvgPool2d{2, {.dilation = 2}}, zeros({1, 5, 5, 1})), "dilation must be 1, not 2");
  REFUSED(apply(ops::AvgPool2d{0}, zeros({1, 5, 5, 1})), "kernel must be at least 1, not 0");
  REFUSED(apply(ops::GlobalAvgPool(), zeros({1, 5, 0, 1})), "no pixels");
  REFUSED(apply(ops::GlobalAvgPool(), zeros({5, 1})), "4 axes");
}

TEST_CASE("gather refuses indices of rows that are not there") {
  const auto gather = [](const Shape& x, const std::vector<std::int32_t>& index) {
    return apply(ops::Gather(), zeros(x), Labels::from({static_cast<std::int64_t>(index.size())}, index));
  };
  REFUSED(gather({3, 2}, {0, 3}), "gather: index 3 is not one of 3 rows");
  REFUSED(gather({3, 2}, {-1}), "gather: index -1 is not one of 3 rows");
  REFUSED(gather({0, 2}, {0}), "index 0 is not one of 0 rows");
  REFUSED(apply(ops::Gather(), zeros({2, 2}), Labels()), "gather: index is undefined");
  REFUSED(apply(ops::Gather(), X(), Labels::zeros({1})), "gather: x must be [N, ...]");
}

TEST_CASE("norms refuse what has no variance or another number of channels") {
  const auto norm = [](const Shape& x, const X& gamma = X(), const X& mean = X()) {
    return apply(ops::BatchNorm(), zeros(x), gamma, X(), mean, X());
  };
  REFUSED(norm({1, 3}), "batch_norm: x [1, 3] has fewer than two values a channel");
  REFUSED(norm({0, 2, 2, 3}), "fewer than two values");
  REFUSED(norm({4, 0}), "fewer than two values");
  REFUSED(norm({4, 3}, zeros({4})), "gamma must have shape [3], not [4]");
  REFUSED(norm({4, 3}, X(), zeros({1})), "running_mean must have shape [3]");
  REFUSED(apply(ops::BatchNormInference(), zeros({4, 3}), X(), X(), X(), zeros({3})),
          "mean must have shape [3]");
  REFUSED(apply(ops::LocalResponseNorm{.size = 0}, zeros({4, 3})), "size must be at least 1, not 0");
  REFUSED(apply(ops::L2Normalize{0}, zeros({4, 3})), "epsilon must be positive");
}

TEST_CASE("losses name the label that is out of range, and refuse an empty batch") {
  const auto loss = [](const X& logits, std::vector<std::int32_t> labels, double smoothing = 0) {
    return apply(ops::SoftmaxCrossEntropy{smoothing}, logits,
                 Labels::from({static_cast<std::int64_t>(labels.size())}, labels));
  };
  REFUSED(loss(zeros({3, 4}), {0, 4, 1}),
          "softmax_cross_entropy: label 1 is 4, which is none of the 4 classes");
  REFUSED(loss(zeros({3, 4}), {0, 3, -1}), "label 2 is -1");
  REFUSED(loss(zeros({3, 4}), {0, 3}), "labels must have shape [3], not [2]");
  REFUSED(loss(zeros({0, 4}), {}), "logits [0, 4] are empty");
  REFUSED(loss(zeros({1, 4}), {1}, 1.5), "smoothing must be 0 to 1");
  REFUSED(apply(ops::MeanSquaredError(), zeros({0, 4}), zeros({0, 4})), "empty");
  REFUSED(apply(ops::MeanSquaredError(), zeros({2, 4}), zeros({4, 2})),
          "target must have shape [2, 4], not [4, 2]");
}

TEST_CASE("soft cross-entropy names the class that is out of range") {
  const auto loss = [](const Shape& logits, const Shape& classes, std::int32_t of, const X& weights = X()) {
    return apply(ops::SoftCrossEntropy(), zeros(logits), Labels::full(classes, of), zeros(classes), weights);
  };
  REFUSED(loss({3, 4}, {3, 2}, 4), "soft_cross_entropy: class 0 is 4, which is none of the 4 classes");
  REFUSED(loss({3, 4}, {3, 2}, -1), "class 0 is -1");
  REFUSED(loss({3, 4}, {2, 2}, 0), "do not have the 3 rows of logits [3, 4]");
  REFUSED(loss({0, 4}, {0, 2}, 0), "empty");
  REFUSED(loss({3, 4}, {3, 0}, 0), "classes [3, 0] give no target to any row");
  REFUSED(loss({3, 4}, {3, 2}, 0, zeros({2})), "weights must have shape [3], not [2]");
}

TEST_CASE("the other ops refuse what does not fit") {
  REFUSED(apply(ops::TripletLoss(), zeros({3, 2}), Labels::zeros({2})),
          "labels must have shape [3], not [2]");
  REFUSED(apply(ops::TripletLoss{-1}, zeros({3, 2}), Labels::zeros({3})), "margin must not be negative");
  REFUSED(apply(ops::Upsample{0}, zeros({1, 2, 2, 1})), "factor must be 1 to 64, not 0");
  REFUSED(apply(ops::Upsample{2}, zeros({2, 2, 1})), "4 axes");
  REFUSED(apply(ops::Add(), zeros({2, 4}), zeros({4})), "add: b must have shape [2, 4], not [4]");
  REFUSED(apply(ops::Concat{2}, zeros({2, 4}), zeros({2, 4})), "no axis 2 in [2, 4]");
  REFUSED(apply(ops::Concat{0}, zeros({2, 4}), zeros({2, 3})),
          "[2, 4] and [2, 3] differ on another axis than 0");
  REFUSED(apply(ops::Concat{0}, zeros({2, 4}), zeros({2})), "differ");
  REFUSED(apply(ops::Reshape{{3, 3}}, zeros({2, 4})), "[2, 4]");
  REFUSED(apply(ops::Dropout{1.1}, zeros({2, 4})), "rate must be 0 to 1");
  REFUSED(apply(ops::Dropout{-0.1}, zeros({2, 4})), "rate must be 0 to 1");
  REFUSED(apply(ops::Dropout{std::nan("")}, zeros({2, 4})), "rate must be 0 to 1");
  REFUSED(apply(ops::Relu(), X()), "relu: x is undefined");
}
