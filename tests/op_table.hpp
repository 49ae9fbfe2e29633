// SPDX-License-Identifier: MIT
#pragma once

#include "op_case.hpp"
#include "pretext/cpu/batch_norm.hpp"
#include "pretext/cpu/concat.hpp"
#include "pretext/cpu/conv2d.hpp"
#include "pretext/cpu/dropout.hpp"
#include "pretext/cpu/gather.hpp"
#include "pretext/cpu/l2_normalize.hpp"
#include "pretext/cpu/linear.hpp"
#include "pretext/cpu/local_response_norm.hpp"
#include "pretext/cpu/loss.hpp"
#include "pretext/cpu/pool.hpp"
#include "pretext/cpu/soft_cross_entropy.hpp"
#include "pretext/cpu/triplet_loss.hpp"
#include "pretext/cpu/upsample.hpp"
#include "pretext/ops/pad_channels.hpp"
#include "pretext/ops/reshape.hpp"

// One table of all ops. The tests loop over it (values against plain loops, gradients against finite
// differences, the same bits for any number of threads, ...), and so may a benchmark. A new op is one row or
// a few in op_table().
namespace test {

template <class T, Device D>
class OpTable {
 public:
  using Inputs = std::vector<naive::X>;

  OpTable() {
    elementwise();
    conv2d();
    linear();
    pools();
    norms();
    shapes();
    losses();
  }

  std::vector<OpCase<T, D>> cases;

 private:
  template <class Call, class Expect>
  void add(std::string name, std::vector<Input> inputs, Call call, Expect expect, bool large = false) {
    cases.push_back({std::move(name), std::move(inputs), call, call, expect, large});
  }

  void elementwise() {
    for (const Shape& shape : {Shape{3, 4, 5, 2}, Shape{1}, Shape{7, 0}, Shape{37, 1201}}) {
      const bool large = shape.size() > 1000;
      add(
          "relu", {{shape, Draw::off_zero}}, calling(ops::Relu()),
          [](const Inputs& in) {
            return naive::elementwise(
                0, [](double x) { return x > 0 ? x : 0; }, in[0]);
          },
          large);
      add(
          "tanh", {{shape}}, calling(ops::Tanh()),
          [](const Inputs& in) {
            return naive::elementwise(
                4, [](double x) { return std::tanh(x); }, in[0]);
          },
          large);
      add(
          "scale", {{shape}}, calling(ops::Scale{{-2.5}}),
          [](const Inputs& in) {
            return naive::elementwise(
                1, [](double x) { return -2.5 * x; }, in[0]);
          },
          large);
      add(
          "add", {{shape}, {shape}}, calling(ops::Add()),
          [](const Inputs& in) {
            return naive::elementwise(
                1, [](double a, double b) { return a + b; }, in[0], in[1]);
          },
          large);
      add(
          "add, then relu", {{shape, Draw::off_zero}, {shape, Draw::small}}, calling(ops::Add{.relu = true}),
          [](const Inputs& in) {
            return naive::elementwise(
                1, [](double a, double b) { return std::max(0.0, a + b); }, in[0], in[1]);
          },
          large);
      add(
          "dropout", {{shape}}, calling(ops::Dropout{0.3, {7, 2, 1}}),
          [](const Inputs& in) {
            return naive::dropout({0.3, {7, 2, 1}}, in[0]);
          },
          large);
    }
    for (double rate : {0.0, 1.0})
      add("dropout at the end", {{{5, 3}}}, calling(ops::Dropout{rate}), [=](const Inputs& in) {
        return rate == 1 ? naive::Expected(in[0].shape()) : naive::dropout({rate}, in[0]);
      });
  }

  void conv2d(const char* what, const Shape& x, const Shape& w, ops::Conv2d op, bool bias = true,
              bool large = false) {
    add(
        std::string("conv2d ") + what, {{x}, {w}, bias ? Input{{w[3]}} : none()}, calling(op),
        [=](const Inputs& in) { return naive::conv2d(op, in[0], in[1], in[2]); }, large);
  }

  void conv2d() {
    conv2d("3x3", {2, 5, 4, 3}, {3, 3, 3, 4}, {{.padding = 1}});
    conv2d("1x1", {2, 3, 5, 4}, {1, 1, 4, 7}, {}, false);
    conv2d("1x1 stride", {2, 5, 5, 3}, {1, 1, 3, 2}, {{.stride = 2}});
    conv2d("stride, odd", {1, 7, 6, 2}, {3, 3, 2, 3}, {{.stride = 2, .padding = 1}}, false);
    conv2d("stride over kernel", {2, 8, 7, 2}, {2, 2, 2, 3}, {{.stride = 3}});
    conv2d("dilation", {1, 7, 6, 2}, {3, 2, 2, 3}, {{.padding = 2, .dilation = 2}});
    conv2d("groups", {2, 4, 4, 6}, {3, 3, 2, 9}, {{.padding = 1}, 3});
    conv2d("depthwise", {1, 5, 5, 3}, {3, 3, 1, 6}, {{.stride = 2, .padding = 1, .dilation = 2}, 3}, false);
    conv2d("wide border", {1, 3, 2, 1}, {2, 3, 1, 2}, {{.stride = 2, .padding = 4}});
    conv2d("ones", {1, 1, 1, 1}, {1, 1, 1, 1}, {});
    conv2d("no pictures", {0, 5, 5, 3}, {3, 3, 3, 2}, {{.padding = 1}});
    conv2d("no outputs", {1, 5, 5, 3}, {3, 3, 3, 0}, {});
    conv2d("1x1 without outputs", {2, 3, 3, 4}, {1, 1, 4, 0}, {});
    conv2d("1x1 without pictures", {0, 3, 3, 4}, {1, 1, 4, 5}, {});
    conv2d("large", {9, 17, 19, 6}, {3, 3, 6, 10}, {{.padding = 1}}, true, true);
    conv2d("large groups", {5, 23, 29, 8}, {5, 5, 4, 6}, {{.stride = 2, .padding = 2}, 2}, true, true);
    conv2d("large 1x1", {7, 19, 19, 13}, {1, 1, 13, 17}, {}, true, true);
  }

  void linear() {
    for (auto [n, in, out, bias] : {std::tuple{3, 5, 4, true},
                                    {1, 1, 1, true},
                                    {0, 3, 2, true},
                                    {2, 7, 3, false},
                                    {3, 0, 2, true},
                                    {211, 67, 41, true}})
      add(
          "linear", {{{n, in}}, {{out, in}}, bias ? Input{{out}} : none()}, calling(ops::Linear()),
          [](const Inputs& in) { return naive::linear(in[0], in[1], in[2]); }, n > 100);
  }

  void max_pool(const char* what, const Shape& x, ops::MaxPool2d op, bool large = false) {
    add(
        std::string("max_pool2d ") + what, {{x, Draw::distinct}}, calling(op),
        [=](const Inputs& in) { return naive::max_pool(op, in[0]); }, large);
  }
  void avg_pool(const char* what, const Shape& x, ops::AvgPool2d op, bool large = false) {
    add(
        std::string("avg_pool2d ") + what, {{x}}, calling(op),
        [=](const Inputs& in) { return naive::avg_pool(op, in[0]); }, large);
  }

  void pools() {
    max_pool("2/2", {2, 4, 6, 3}, {2, {.stride = 2}});
    max_pool("3/2, border", {2, 7, 6, 2}, {3, {.stride = 2, .padding = 1}});
    max_pool("3/2, ceil", {1, 6, 8, 2}, {3, {.stride = 2}, true});
    max_pool("3/2, ceil and border", {1, 6, 5, 2}, {3, {.stride = 2, .padding = 1}, true});
    max_pool("3/1, overlapping", {1, 5, 4, 3}, {3, {.padding = 1}});
    max_pool("2/3, gaps", {2, 8, 7, 2}, {2, {.stride = 3}});
    max_pool("2/3, gaps, ceil", {2, 7, 8, 1}, {2, {.stride = 3}, true});
    max_pool("dilation", {1, 8, 7, 2}, {3, {.stride = 2, .padding = 1, .dilation = 2}});
    max_pool("kernel over picture, ceil", {1, 2, 2, 1}, {3, {.stride = 2}, true});
    max_pool("1/1", {1, 3, 3, 2}, {1, {}});
    max_pool("no pictures", {0, 4, 4, 3}, {2, {.stride = 2}});
    max_pool("2/2, 8 channels", {1, 5, 4, 8}, {2, {.stride = 2}, true});
    max_pool("3/2, 8 channels", {1, 5, 5, 8}, {3, {.stride = 2}});
    max_pool("3/2, border, 8 channels", {1, 5, 4, 8}, {3, {.stride = 2, .padding = 1}});
    max_pool("3/1, 8 channels", {1, 4, 3, 8}, {3, {.padding = 1}});
    max_pool("large, 96 channels", {3, 17, 12, 96}, {3, {.stride = 2, .padding = 1}}, true);
    max_pool("large", {5, 23, 21, 17}, {3, {.stride = 2, .padding = 1}}, true);
    avg_pool("2/2", {2, 4, 6, 3}, {2, {.stride = 2}});
    avg_pool("3/2, border", {2, 7, 6, 2}, {3, {.stride = 2, .padding = 1}});
    avg_pool("3/2, border not counted", {2, 7, 6, 2}, {3, {.stride = 2, .padding = 1}, false, false});
    avg_pool("3/2, ceil", {1, 6, 8, 2}, {3, {.stride = 2}, true});
    avg_pool("3/2, ceil and border", {1, 6, 8, 2}, {3, {.stride = 2, .padding = 1}, true});
    avg_pool("3/2, ceil, border not counted", {1, 6, 5, 2}, {3, {.stride = 2, .padding = 1}, true, false});
    avg_pool("3/1, overlapping", {1, 5, 4, 3}, {3, {.padding = 1}});
    avg_pool("2/3, gaps", {2, 8, 7, 2}, {2, {.stride = 3}});
    avg_pool("no pictures", {0, 4, 4, 3}, {2, {.stride = 2}});
    avg_pool("2/2, 8 channels", {1, 5, 4, 8}, {2, {.stride = 2}, true});
    avg_pool("3/2, 8 channels", {1, 5, 5, 8}, {3, {.stride = 2}});
    avg_pool("3/2, border not counted, 8 channels", {1, 5, 4, 8},
             {3, {.stride = 2, .padding = 1}, false, false});
    avg_pool("3/1, 8 channels", {1, 4, 3, 8}, {3, {.padding = 1}});
    avg_pool("large", {5, 23, 21, 17}, {3, {.stride = 2}, true}, true);
    for (const Shape& x : {Shape{3, 4, 5, 6}, Shape{1, 1, 1, 1}, Shape{0, 3, 3, 2}, Shape{37, 9, 7, 31}})
      add(
          "global_avg_pool", {{x}}, calling(ops::GlobalAvgPool()),
          [](const Inputs& in) { return naive::global_avg_pool(in[0]); }, x[0] > 10);
    for (auto [x, factor] : {std::pair{Shape{2, 3, 2, 5}, 2},
                             {{1, 1, 1, 1}, 3},
                             {{2, 3, 4, 1}, 1},
                             {{0, 3, 3, 2}, 2},
                             {{9, 13, 11, 17}, 3}})
      add(
          "upsample", {{x}}, calling(ops::Upsample{factor}),
          [factor = factor](const Inputs& in) { return naive::upsample(factor, in[0]); }, x[0] > 5);
  }

  void batch_norm(const char* what, const Shape& x, ops::BatchNorm op, Draw draw = Draw::uniform,
                  bool affine = true, bool large = false) {
    const Input channel = affine ? Input{{x[-1]}} : none();
    add(
        std::string("batch_norm ") + what, {{x, draw}, channel, channel},
        calling(op, Tensor<T, D>(), Tensor<T, D>()),
        [=](const Inputs& in) { return naive::batch_norm(op, in[0], in[1], in[2]); }, large);
  }

  void frozen_batch_norm(const char* what, const Shape& x, bool affine = true, bool large = false) {
    const Input channel = affine ? Input{{x[-1]}} : none();
    const std::vector<naive::X> given = draw_inputs({{{x[-1]}}, {{x[-1]}, Draw::distinct}});
    naive::X mean = given[0], var = given[1];
    for (double& v : var.span()) v += 2.5;
    add(
        std::string("batch_norm_inference ") + what, {{x}, channel, channel},
        calling(ops::BatchNormInference{1e-3}, as<T, D>(mean), as<T, D>(var)),
        [=](const Inputs& in) { return naive::batch_norm_with(1e-3, in[0], in[1], in[2], mean, var); },
        large);
  }

  void local_response_norm(const char* what, const Shape& x, ops::LocalResponseNorm op, bool large = false) {
    add(
        std::string("local_response_norm ") + what, {{x}}, calling(op),
        [=](const Inputs& in) { return naive::local_response_norm(op, in[0]); }, large);
  }

  void norms() {
    batch_norm("pictures", {4, 3, 2, 5}, {});
    batch_norm("rows", {7, 3}, {});
    batch_norm("two values", {2, 2}, {.epsilon = 0.1}, Draw::distinct);
    batch_norm("one channel, not affine", {3, 3, 2, 1}, {}, Draw::uniform, false);
    batch_norm("large mean", {5, 3, 3, 2}, {}, Draw::shifted);
    batch_norm("large", {3001, 37}, {}, Draw::shifted, true, true);
    frozen_batch_norm("pictures", {2, 3, 2, 5});
    frozen_batch_norm("one value, not affine", {1, 1}, false);
    frozen_batch_norm("no pictures", {0, 3, 3, 2});
    frozen_batch_norm("large", {3001, 37}, true, true);
    local_response_norm("caffe", {2, 3, 2, 9}, {});
    local_response_norm("strong", {2, 2, 3, 7}, {.size = 5, .alpha = 2, .beta = 0.75, .k = 2});
    local_response_norm("even size", {3, 6}, {.size = 4, .alpha = 1, .beta = 0.5, .k = 1});
    local_response_norm("wider than the channels", {2, 3}, {.size = 9, .alpha = 1, .beta = 1.5, .k = 1});
    local_response_norm("size 1, one channel", {4, 1}, {.size = 1, .alpha = 1});
    local_response_norm("no pictures", {0, 2, 2, 3}, {});
    local_response_norm("large", {9, 20, 20, 16}, {.alpha = 1}, true);
    for (const Shape& x : {Shape{3, 5}, Shape{2, 2, 4}, Shape{1, 1}, Shape{0, 3}, Shape{401, 129}})
      add(
          "l2_normalize", {{x, Draw::off_zero}}, calling(ops::L2Normalize()),
          [](const Inputs& in) { return naive::l2_normalize(1e-12, in[0]); }, x.size() > 1000);
    add("l2_normalize below epsilon", {{{3, 4}}}, calling(ops::L2Normalize{10}),
        [](const Inputs& in) { return naive::l2_normalize(10, in[0]); });
  }

  void concat(int axis, const Shape& a, const Shape& b, bool large = false) {
    add(
        "concat", {{a}, {b}}, calling(ops::Concat{axis}),
        [=](const Inputs& in) { return naive::concat(axis, in[0], in[1]); }, large);
  }

  void pad_channels(const Shape& x, ops::PadChannels op, bool large = false) {
    add(
        "pad_channels", {{x}}, calling(op), [=](const Inputs& in) { return naive::pad_channels(op, in[0]); },
        large);
  }

  void gather(const Shape& x, const std::vector<std::int32_t>& index, bool large = false) {
    const auto rows = static_cast<std::int64_t>(index.size());
    add(
        "gather", {{x}}, calling(ops::Gather(), Tensor<std::int32_t, D>::from({rows}, index)),
        [=](const Inputs& in) { return naive::gather(in[0], index); }, large);
  }

  void shapes() {
    gather({4, 3, 2}, {3, 0, 3, 3, 2, 0});  // row 1 is left out
    gather({3}, {2, 0});
    gather({5, 1}, {4, 4, 4, 1, 0, 2, 3});
    gather({3, 2}, {});
    gather({0, 4}, {});
    std::vector<std::int32_t> many;
    for (std::int32_t i = 0; i < 811; ++i) many.push_back(i * i % 97);
    gather({97, 203}, many, true);
    concat(-1, {2, 3, 2, 3}, {2, 3, 2, 5});
    concat(0, {2, 3, 2}, {1, 3, 2});
    concat(1, {2, 3, 2}, {2, 1, 2});
    concat(-2, {2, 0, 2}, {2, 3, 2});
    concat(1, {0, 3}, {0, 2});
    concat(0, {4}, {1});
    concat(-1, {331, 57}, {331, 91}, true);
    pad_channels({2, 3, 2, 4}, {2, 3});
    pad_channels({2, 3, 2, 4}, {-1, -2});
    pad_channels({2, 3, 2, 4}, {-2, 0});
    pad_channels({2, 3, 2, 4}, {0, -2});
    pad_channels({3, 5}, {0, 1});
    pad_channels({3, 5}, {-4, 2});
    pad_channels({4}, {});
    pad_channels({2, 0}, {1, 1});
    pad_channels({0, 3, 3, 2}, {1, 1});
    pad_channels({331, 57}, {13, 21}, true);
    const auto same = [](const Shape& to) {
      return [to](const Inputs& in) {
        naive::Expected e(to);
        for (std::int64_t i = 0; i < in[0].size(); ++i) e.add(i, in[0].data()[i]);
        return e;
      };
    };
    add("reshape", {{{2, 3, 4}}}, calling(ops::Reshape{{4, 6}}), same({4, 6}));
    add("flatten", {{{2, 3, 4}}}, calling(ops::Flatten()), same({2, 12}));
    add("flatten no pictures", {{{0, 3, 4}}}, calling(ops::Flatten()), same({0, 12}));
  }

  void cross_entropy(std::int64_t n, std::int64_t classes, double smoothing) {
    std::vector<std::int32_t> labels;
    for (std::int64_t i = 0; i < n; ++i) labels.push_back(static_cast<std::int32_t>(i * 7 % classes));
    add(
        "softmax_cross_entropy", {{{n, classes}}},
        calling(ops::SoftmaxCrossEntropy{smoothing}, Tensor<std::int32_t, D>::from({n}, labels)),
        [=](const Inputs& in) { return naive::softmax_cross_entropy(smoothing, in[0], labels); }, n > 100);
  }

  void soft_cross_entropy(std::int64_t n, std::int64_t classes, std::int64_t k, bool weighted) {
    std::vector<std::int32_t> of;
    for (std::int64_t i = 0; i < n * k; ++i) of.push_back(static_cast<std::int32_t>(i * 5 % classes));
    const std::vector<naive::X> given = draw_inputs({{{n, k}}, {{n}}});
    const naive::X weights = weighted ? given[1] : naive::X();
    add(
        "soft_cross_entropy", {{{n, classes}}},
        calling(ops::SoftCrossEntropy(), Tensor<std::int32_t, D>::from({n, k}, of), as<T, D>(given[0]),
                as<T, D>(weights)),
        [=](const Inputs& in) { return naive::soft_cross_entropy(in[0], of, given[0], weights); }, n > 100);
  }

  void triplets(const std::vector<std::int32_t>& labels, std::int64_t columns, ops::TripletLoss op) {
    const auto n = static_cast<std::int64_t>(labels.size());
    add(
        "triplet_loss", {{{n, columns}}}, calling(op, Tensor<std::int32_t, D>::from({n}, labels)),
        [=](const Inputs& in) { return naive::triplet_loss(op, in[0], labels); }, n > 30);
  }

  void losses() {
    std::vector<std::int32_t> many;
    for (std::int32_t i = 0; i < 97; ++i) many.push_back(i * 7 % 13);
    for (const ops::Mining mining : {ops::Mining::semi_hard, ops::Mining::hard}) {
      // Of numbers of columns at which no step of finite differences changes the choice of triplets.
      triplets({4, 4, 1, 1, 1, 0}, 4, {0.5, mining});  // one row is alone
      triplets({0, 1, 0, 1, 2, 2, 0}, 6, {2, mining});
      triplets({0, 1, 2}, 2, {1, mining});  // no positives
      triplets({3, 3}, 2, {1, mining});     // no negatives
      triplets({}, 2, {1, mining});
      triplets(many, 17, {0.5, mining});
    }
    soft_cross_entropy(3, 7, 4, true);
    soft_cross_entropy(5, 3, 2, false);
    soft_cross_entropy(2, 2, 3, true);  // a class twice in a row
    soft_cross_entropy(1, 1, 1, true);
    soft_cross_entropy(1009, 313, 5, true);
    cross_entropy(3, 5, 0);
    cross_entropy(4, 3, 0.1);
    cross_entropy(2, 1, 0);
    cross_entropy(1, 4, 1);
    cross_entropy(1301, 103, 0.2);
    for (const Shape& x : {Shape{3, 4}, Shape{1}, Shape{67, 701}})
      add(
          "mean_squared_error", {{x}, {x}}, calling(ops::MeanSquaredError()),
          [](const Inputs& in) { return naive::mean_squared_error(in[0], in[1]); }, x.size() > 1000);
  }
};

template <class T, Device D>
std::vector<OpCase<T, D>> op_table() {
  return OpTable<T, D>().cases;
}

}  // namespace test
