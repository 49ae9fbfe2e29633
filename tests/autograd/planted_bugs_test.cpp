// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "op_table.hpp"
#include "pretext/autograd/gradcheck.hpp"

// Gradients that are wrong in the ways that gradients go wrong. The gradient check must refuse each of them.
using namespace test;

namespace {

using X = naive::X;
template <std::size_t N>
using Grads = ops::Grads<double, Cpu, N>;

/// The gradients of an op in memory.
template <class Op>
Grads<Op::inputs> gradients(const Op& op, const X& dy, const typename Op::template Saved<double, Cpu>& saved,
                            ops::Wanted<Op::inputs> wanted) {
  auto pending = op.backward(detail::reach<Op>(ops::Gradient<double, Cpu>(dy)), saved, wanted);
  return [&]<std::size_t... i>(std::index_sequence<i...>) {
    return Grads<Op::inputs>{detail::kept(std::get<i>(pending)).take()...};
  }
  (std::make_index_sequence<Op::inputs>());
}

/// An op whose backward is wrong(op, dy, saved, right gradients).
template <class Op, class Wrong>
struct Planted {
  static constexpr std::string_view name = Op::name;
  static constexpr std::size_t inputs = Op::inputs, operands = detail::operands<Op>();

  template <class T, Device D>
  using Saved = typename Op::template Saved<T, D>;

  Op op;
  Wrong wrong;

  template <class... Args>
  X forward(const Args&... args) const {
    return op.forward(args...);
  }
  Grads<inputs> backward(const X& dy, const typename Op::template Saved<double, Cpu>& saved,
                         ops::Wanted<inputs> wanted) const {
    return wrong(op, dy, saved, gradients(op, dy, saved, wanted));
  }
};

class Garden {
 public:
  int planted = 0, caught = 0;

  template <class Op, class Wrong, class... Rest>
  void plant(const char* bug, const std::vector<Input>& inputs, const Op& op, Wrong wrong,
             const Rest&... rest) {
    const auto x = draw_inputs(inputs);
    judge(bug, gradcheck(calling(op, rest...), x),
          gradcheck(calling(Planted<Op, Wrong>{op, wrong}, rest...), x));
  }

  void judge(const char* bug, double error_of_the_right, double error_of_the_wrong) {
    INFO(bug);
    CHECK(error_of_the_right < 1e-8);
    CHECK(error_of_the_wrong > 1e-6);
    ++planted;
    caught += error_of_the_wrong > 1e-6;
  }
};

X scaled(X x, double factor) {
  for (double& v : x.span()) v *= factor;
  return x;
}

X transposed(const X& x) {
  X result({x.dim(1), x.dim(0)});
  for (std::int64_t i = 0; i < x.size(); ++i)
    result.data()[i % x.dim(1) * x.dim(0) + i / x.dim(1)] = x.data()[i];
  return result;
}

/// The elements of the last axis moved by `distance` places, around the end.
X rolled(const X& x, std::int64_t distance) {
  X result(x.shape());
  const std::int64_t c = x.dim(-1);
  for (std::int64_t i = 0; i < x.size(); ++i) result.data()[i / c * c + (i + distance) % c] = x.data()[i];
  return result;
}

/// The same gradients with one of them replaced.
template <std::size_t N>
Grads<N> with(Grads<N> grads, std::size_t k, X replacement) {
  grads[k] = std::move(replacement);
  return grads;
}

/// The backward of the same op with other options.
auto with_options(auto other) {
  return [other](auto&&, const X& dy, const auto& saved, auto grads) {
    ops::Wanted<std::tuple_size_v<decltype(grads)>> all;
    all.fill(true);
    return gradients(other, dy, saved, all);
  };
}

/// The right gradient of input k times a factor.
auto off_by(std::size_t k, double factor) {
  return [=](auto&&, auto&&, auto&&, auto grads) { return with(grads, k, scaled(grads[k].clone(), factor)); };
}

void plant_linear(Garden& garden) {
  const std::vector<Input> square{{{3, 4}}, {{4, 4}}, {{4}}};
  garden.plant("linear: weight transposed in the gradient of x", square, ops::Linear(),
               [](auto& op, const X& dy, auto saved, auto grads) {
                 saved.weight = transposed(saved.weight);
                 return with(grads, 0, gradients(op, dy, saved, {true, false, false})[0]);
               });
  garden.plant("linear: gradient of the weight transposed", square, ops::Linear(),
               [](auto&&, auto&&, auto&&, auto grads) { return with(grads, 1, transposed(grads[1])); });
  garden.plant("linear: bias takes the mean over the batch", square, ops::Linear(), off_by(2, 1.0 / 3));
  garden.plant("add: the second term is subtracted", {{{3}}, {{3}}}, ops::Add(), off_by(1, -1));
  garden.plant("add: relu's mask forgotten", {{{8}, Draw::off_zero}, {{8}, Draw::small}},
               ops::Add{.relu = true}, with_options(ops::Add()));
}

void plant_conv2d(Garden& garden) {
  const auto plant = [&](const char* bug, const Shape& x, const Shape& w, const ops::Conv2d& op, auto wrong) {
    garden.plant(bug, {{x}, {w}, {{w[3]}}}, op, wrong);
  };
  plant("conv2d: dilation ignored", {1, 6, 6, 2}, {3, 3, 2, 2}, {{.padding = 2, .dilation = 2}},
        with_options(ops::Conv2d{{.padding = 1}}));
  plant("conv2d: wrong stride", {1, 5, 5, 2}, {2, 2, 2, 2}, {{.stride = 2}},
        with_options(ops::Conv2d{{.stride = 3}}));
  plant("conv2d: padding off by one", {1, 8, 8, 1}, {2, 2, 1, 2}, {{.stride = 3}},
        with_options(ops::Conv2d{{.stride = 3, .padding = 1}}));
  plant("conv2d: groups mixed up", {1, 4, 4, 4}, {3, 3, 2, 4}, {{}, 2},
        [](auto& op, const X& dy, auto saved, auto grads) {
          saved.x = rolled(saved.x.x, 2);
          return with(grads, 1, gradients(op, dy, saved, {false, true, false})[1]);
        });
  plant("conv2d: kernel flipped", {1, 4, 4, 1}, {3, 3, 1, 2}, {},
        [](auto& op, const X& dy, auto saved, auto grads) {
          saved.weight = saved.weight.clone();
          for (std::int64_t tap = 0; tap < 4; ++tap)
            std::swap_ranges(saved.weight.data() + 2 * tap, saved.weight.data() + 2 * tap + 2,
                             saved.weight.data() + 2 * (8 - tap));
          return with(grads, 0, gradients(op, dy, saved, {true, false, false})[0]);
        });
  plant("conv2d: weight gradient of the last picture alone", {2, 4, 4, 2}, {3, 3, 2, 2}, {},
        [](auto& op, const X& dy, auto saved, auto grads) {
          saved.x = saved.x.x.rows(1, 2);
          return with(grads, 1, gradients(op, dy.rows(1, 2), saved, {false, true, false})[1]);
        });
  plant("conv2d: bias gradient of the first row alone", {1, 4, 4, 2}, {3, 3, 2, 2}, {},
        [](auto&&, const X& dy, auto&&, auto grads) {
          return with(grads, 2, ops::SumRows::forward(dy.reshape({2, 2, 2}).rows(0, 1)));
        });
}

void plant_elementwise(Garden& garden) {
  const std::vector<Input> x{{{4, 3}, Draw::off_zero}};
  garden.plant("relu: negative inputs let through", x, ops::Relu(),
               [](auto&&, const X& dy, auto&&, auto&&) { return Grads<1>{dy}; });
  garden.plant("tanh: derivative taken at the input", {{{4, 3}}}, ops::Tanh(),
               [](auto& op, const X& dy, auto saved, auto&&) {
                 for (double& v : (saved.v = saved.v.clone()).span()) v = std::atanh(v);
                 return gradients(op, dy, saved, {true});
               });
  const ops::Dropout dropout{0.4, {3, 1, 2}};
  garden.plant("dropout: scale forgotten", x, dropout, off_by(0, 0.6));
  garden.plant("dropout: another mask", x, dropout, with_options(ops::Dropout{0.4, {3, 1, 3}}));
}

/// The windows of 2 x 2 with stride 1 of a picture [1, 3, 3, 1] assign to their pixels instead of adding.
Grads<1> overwriting(const X& dy) {
  X dx = X::zeros({1, 3, 3, 1});
  for (std::int64_t out = 0; out < 4; ++out)
    for (std::int64_t tap = 0; tap < 4; ++tap)
      dx.data()[(out / 2 + tap / 2) * 3 + out % 2 + tap % 2] = dy.data()[out] / 4;
  return {dx};
}

void plant_pools(Garden& garden) {
  const Input x{{1, 5, 5, 2}, Draw::distinct};
  const ops::MaxPool2d pool{3, {.stride = 2, .padding = 1}};
  garden.plant("max_pool2d: another tap wins", {x}, pool, [](auto& op, const X& dy, auto saved, auto&&) {
    saved.winner = saved.winner.clone();
    for (auto& tap : saved.winner.span()) tap = 4;
    return gradients(op, dy, saved, {true});
  });
  garden.plant("max_pool2d: every tap wins", {x}, pool, [](auto&&, const X& dy, const auto& saved, auto&&) {
    const ops::AvgPool2d all{3, {.stride = 2, .padding = 1}};
    return Grads<1>{scaled(all.backward(dy, {saved.x}, {true})[0], 9)};
  });
  garden.plant("avg_pool2d: border counted where it is not", {x},
               ops::AvgPool2d{3, {.stride = 2, .padding = 1}, false, false},
               with_options(ops::AvgPool2d{3, {.stride = 2, .padding = 1}}));
  garden.plant("avg_pool2d: overlapping windows overwrite each other", {{{1, 3, 3, 1}}}, ops::AvgPool2d{2},
               [](auto&&, const X& dy, auto&&, auto&&) { return overwriting(dy); });
  garden.plant("global_avg_pool: 1 / (H W) forgotten", {{{2, 3, 2, 2}}}, ops::GlobalAvgPool(), off_by(0, 6));
}

void plant_norms(Garden& garden) {
  const std::vector<Input> x{{{5, 2}}, {{2}}, {{2}}};
  const ops::BatchNorm norm{.epsilon = 0.1};
  const auto plant = [&](const char* bug, auto wrong) { garden.plant(bug, x, norm, wrong, X(), X()); };
  plant("batch_norm: mean term forgotten", [](auto&&, const X& dy, const auto& saved, auto grads) {
    for (std::int64_t i = 0; i < 10; ++i)
      grads[0].data()[i] += saved.affine.data()[2 + i % 2] * ops::SumRows::forward(dy).data()[i % 2] / 5;
    return grads;
  });
  plant("batch_norm: statistics taken as constants", [](auto&&, const X& dy, const auto& saved, auto grads) {
    for (std::int64_t i = 0; i < 10; ++i) grads[0].data()[i] = dy.data()[i] * saved.affine.data()[2 + i % 2];
    return grads;
  });
  garden.plant("batch_norm: relu's mask forgotten", x, ops::BatchNorm{.epsilon = 0.1, .relu = true},
               with_options(norm), X(), X());
  plant("batch_norm: gamma's gradient without the mean", [](auto& op, const X& dy, auto saved, auto grads) {
    saved.affine = saved.affine.clone();
    for (double& mean : saved.affine.rows(0, 1).span()) mean = 0;
    return with(grads, 1, gradients(op, dy, saved, {false, true, false})[1]);
  });
  plant("batch_norm: epsilon forgotten", [](auto& op, const X& dy, auto saved, auto&&) {
    for (double& v : (saved.inverse_deviation = saved.inverse_deviation.clone()).span())
      v = 1 / std::sqrt(1 / (v * v) - 0.1);
    return gradients(op, dy, saved, {true, true, true});
  });
  garden.plant("batch_norm_inference: epsilon inside out", x, ops::BatchNormInference{0.1},
               with_options(ops::BatchNormInference{0.01}), X::zeros({2}), X::full({2}, 1));
  const auto neighbours_forgotten = [](auto& op, const X& dy, const auto& saved, auto&&) {
    X dx = apply(op, saved.x).clone();
    for (std::int64_t i = 0; i < dx.size(); ++i) dx.data()[i] *= dy.data()[i] / saved.x.data()[i];
    return Grads<1>{dx};
  };
  const ops::LocalResponseNorm local{.size = 4, .alpha = 2};
  garden.plant("local_response_norm: window one too wide", {{{2, 6}}}, local,
               with_options(ops::LocalResponseNorm{.size = 5, .alpha = 2.5}));
  garden.plant("local_response_norm: neighbours forgotten", {{{2, 6}}}, local, neighbours_forgotten);
  garden.plant("l2_normalize: length taken as a constant", {{{2, 3}}}, ops::L2Normalize(),
               neighbours_forgotten);
}

void plant_losses(Garden& garden) {
  const auto labels = Tensor<std::int32_t, Cpu>::from({3}, std::vector<std::int32_t>{2, 0, 1});
  const ops::SoftmaxCrossEntropy loss{0.2};
  const auto plant = [&](const char* bug, auto wrong) { garden.plant(bug, {{{3, 4}}}, loss, wrong, labels); };
  plant("softmax_cross_entropy: 1 / N forgotten", off_by(0, 3));
  plant("softmax_cross_entropy: smoothing ignored", with_options(ops::SoftmaxCrossEntropy{0}));
  plant("softmax_cross_entropy: target not subtracted", [](auto&&, const X&, const auto& saved, auto&&) {
    return Grads<1>{scaled(saved.probabilities.clone(), 1.0 / 3)};
  });
  plant("softmax_cross_entropy: labels of other rows", [](auto& op, const X& dy, auto saved, auto&&) {
    saved.labels = saved.labels.clone();
    std::swap(saved.labels.data()[0], saved.labels.data()[1]);
    return gradients(op, dy, saved, {true});
  });
  const std::vector<Input> pair{{{3, 4}}, {{3, 4}}};
  garden.plant("mean_squared_error: factor 2 forgotten", pair, ops::MeanSquaredError(), off_by(0, 0.5));
  garden.plant("mean_squared_error: sign of the target", pair, ops::MeanSquaredError(), off_by(1, -1));
}

void plant_shapes(Garden& garden) {
  garden.plant("concat: halves exchanged", {{{3, 4}}, {{3, 4}}}, ops::Concat{},
               [](auto&&, auto&&, auto&&, auto grads) {
                 return Grads<2>{grads[1], grads[0]};
               });
  garden.plant("reshape: transposed", {{{3, 4}}}, ops::Reshape{{4, 3}},
               [](auto&&, const X& dy, auto&&, auto&&) { return Grads<1>{transposed(dy)}; });
}

/// Keeps what backward reads in one buffer for all calls: the second call overwrites that of the first.
struct OneBuffer {
  static constexpr std::size_t inputs = 1;

  template <class T, Device D>
  using Saved = ops::Tanh::Saved<T, D>;

  std::shared_ptr<X> buffer = std::make_shared<X>();

  X forward(const X& x, Saved<double, Cpu>* saved) const {
    const X y = ops::Tanh().forward(x, saved);
    *buffer = y;
    return y;
  }
  Grads<1> backward(const X& dy, const Saved<double, Cpu>&, ops::Wanted<1> wanted) const {
    return ops::Tanh().backward(dy, {*buffer}, wanted);
  }
};

void plant_stale_buffer(Garden& garden) {
  const auto twice = [](auto op) {
    return [=](const auto& in) { return apply(ops::Add(), apply(op, in[0]), apply(op, in[1])); };
  };
  const auto x = draw_inputs({{{3}}, {{3}}});
  garden.judge("a buffer that a second call overwrites", gradcheck(twice(ops::Tanh()), x),
               gradcheck(twice(OneBuffer()), x));
}

}  // namespace

TEST_CASE("the gradient check refuses every planted bug and passes every right gradient") {
  Garden garden;
  plant_linear(garden);
  plant_conv2d(garden);
  plant_elementwise(garden);
  plant_pools(garden);
  plant_norms(garden);
  plant_losses(garden);
  plant_shapes(garden);
  plant_stale_buffer(garden);
  std::printf("%d planted, %d caught\n", garden.planted, garden.caught);
  CHECK(garden.planted >= 20);
  CHECK(garden.caught == garden.planted);
}
