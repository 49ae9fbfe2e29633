// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <bit>
#include <map>

#include "op_table.hpp"
#include "poison.hpp"
#include "pretext/autograd/gradcheck.hpp"

// Every way to compute a convolution, by every vector width that this CPU has, against plain loops in double.
using namespace test;
using cpu::ConvAlgorithm;
using cpu::Isa;

namespace {

constexpr ConvAlgorithm variants[] = {ConvAlgorithm::automatic, ConvAlgorithm::gemm,
                                      ConvAlgorithm::direct,    ConvAlgorithm::lines,
                                      ConvAlgorithm::winograd2, ConvAlgorithm::winograd4};

std::string name(ConvAlgorithm algorithm) {
  const char* names[] = {"automatic", "gemm", "direct", "lines", "winograd2", "winograd4"};
  return names[static_cast<int>(algorithm)];
}

/// Forces a variant, and a vector width, while it lives.
struct Forced {
  Isa before = cpu::isa();
  explicit Forced(ConvAlgorithm algorithm, Isa isa = cpu::isa()) {
    cpu::force_conv_algorithm(algorithm);
    cpu::set_isa(isa);
  }
  ~Forced() {
    cpu::force_conv_algorithm(ConvAlgorithm::automatic);
    cpu::set_isa(before);
  }
};

/// A convolution and what it must give: values and both gradients, each with the sum of the magnitudes of its
/// terms.
struct Case {
  ops::ConvShape s;
  naive::X x, weight, dy;
  naive::Expected y, dx, dw;

  Case(const ops::Conv2d& op, const Shape& of_x, const Shape& of_weight)
      : s(op.shape(of_x, of_weight)),
        x(draw({of_x}, 1)),
        weight(draw({of_weight}, 2)),
        dy(draw({{s.n, s.oh, s.ow, s.co}}, 3)),
        y(dy.shape()),
        dx(of_x),
        dw(of_weight) {
    const std::int64_t in = s.ci / s.groups, out = s.co / s.groups;
    naive::each_element(dy.shape(), [&](auto n, auto oy, auto ox, auto o) {
      const std::int64_t to = naive::at(dy.shape(), n, oy, ox, o);
      for (std::int64_t tap = 0; tap < s.kh * s.kw; ++tap) {
        const std::int64_t iy = oy * s.window.stride + tap / s.kw * s.window.dilation - s.window.padding,
                           ix = ox * s.window.stride + tap % s.kw * s.window.dilation - s.window.padding;
        if (iy < 0 || iy >= s.h || ix < 0 || ix >= s.w) continue;
        for (std::int64_t i = 0; i < in; ++i) {
          const std::int64_t from = naive::at(of_x, n, iy, ix, o / out * in + i),
                             by = (tap * in + i) * s.co + o;
          y.add(to, x.data()[from] * weight.data()[by]);
          dx.add(from, dy.data()[to] * weight.data()[by]);
          dw.add(by, dy.data()[to] * x.data()[from]);
        }
      }
    });
    y.length = static_cast<double>(s.kh * s.kw * in);
    dx.length = static_cast<double>(s.kh * s.kw * out);
    dw.length = static_cast<double>(s.n * s.oh * s.ow);
  }
};

/// The largest error in units of what rounding may do: of `length` roundings of each term where the sum is
/// direct. By fewer multiplications an element is made of its neighbours' terms too: there the largest sum of
/// the tensor counts.
double error(const Tensor<float, Cpu>& found, const naive::Expected& expected, bool winograd) {
  double worst = 0, largest = 0;
  for (const double scale : expected.scale.span()) largest = std::max(largest, scale);
  for (std::int64_t i = 0; i < found.size(); ++i) {
    const double off = std::abs(static_cast<double>(found.data()[i]) - expected.value.data()[i]);
    const double unit = std::numeric_limits<float>::epsilon() *
                        (winograd ? largest : (expected.length + 1) * expected.scale.data()[i]);
    const double ratio = off == 0 ? 0 : off / unit;
    if (!(ratio <= worst)) worst = ratio;
  }
  return worst;
}

/// The bound on error() of a variant; by fewer multiplications, about twice what was measured.
double bound(ConvAlgorithm algorithm, std::int64_t kernel) {
  if (algorithm == ConvAlgorithm::winograd2) return kernel == 3 ? 5 : 100;
  if (algorithm == ConvAlgorithm::winograd4) return kernel == 3 ? 40 : 250;
  return 1;
}

struct Results {
  Tensor<float, Cpu> y, dx, dw;
};

Results compute(const Case& c, const ops::Operand<float, Cpu>& x) {
  using K = Kernel<ops::Conv2d, Cpu>;
  Results r{Tensor<float, Cpu>(c.dy.shape()), Tensor<float, Cpu>(c.x.shape()),
            Tensor<float, Cpu>(c.weight.shape())};
  for (auto* out : {&r.y, &r.dx, &r.dw}) out->fill(std::nanf(""));
  const auto weight = as<float, Cpu>(c.weight), dy = as<float, Cpu>(c.dy);
  K::forward(c.s, x, weight, Tensor<float, Cpu>(), r.y);
  K::backward(c.s, dy, x, weight, r.dx, r.dw);
  return r;
}

std::vector<std::uint32_t> bits(const Tensor<float, Cpu>& x) {
  std::vector<std::uint32_t> all;
  for (const float v : x.span()) all.push_back(std::bit_cast<std::uint32_t>(v));
  return all;
}

std::vector<Isa> isas() {
  std::vector<Isa> all;
  for (const Isa isa : {Isa::portable, Isa::avx2, Isa::avx512})
    if (isa <= cpu::widest_isa()) all.push_back(isa);
  return all;
}

/// A convolution drawn by its number: mostly small and odd, with every option.
Case drawn_case(std::uint32_t number) {
  Rng rng(7, Use::test, 0, number);
  const auto between = [&](std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(rng.below(static_cast<std::uint32_t>(high - low + 1)));
  };
  const std::int64_t groups = between(0, 3) > 0 ? 1 : between(1, 3), most = number % 8 == 0 ? 70 : 12;
  const std::int64_t kernel = between(1, 5), other = between(0, 3) > 0 ? kernel : between(1, 4);
  const ops::Window window{.stride = between(0, 2) > 0 ? 1 : between(1, 3),
                           .padding = between(0, 3),
                           .dilation = between(0, 3) > 0 ? 1 : 2};
  const std::int64_t ci = between(1, most), co = between(1, most);
  const auto reach = [&](std::int64_t k) {
    return std::max<std::int64_t>(1, window.dilation * (k - 1) + 1 - 2 * window.padding);
  };
  const std::int64_t h = between(reach(kernel), reach(kernel) + 8),
                     w = between(reach(other), reach(other) + 8);
  return {ops::Conv2d{window, groups}, {between(0, 2), h, w, ci * groups}, {kernel, other, ci, co * groups}};
}

}  // namespace

TEST_CASE(
    "10,000 random convolutions: every variant and vector width is within its bound of the exact result") {
  const auto widths = isas();
  std::map<std::pair<ConvAlgorithm, std::int64_t>, double> worst;
  for (std::uint32_t number = 0; number < 10000; ++number) {
    const Case c = drawn_case(number);
    const auto x = as<float, Cpu>(c.x);
    for (const ConvAlgorithm algorithm : variants) {
      if (!cpu::can_compute(algorithm, c.s)) continue;
      const Forced forced(algorithm, widths[number % widths.size()]);
      const ConvAlgorithm used = cpu::conv_algorithm(c.s);
      const bool winograd = used == ConvAlgorithm::winograd2 || used == ConvAlgorithm::winograd4;
      const Results r = compute(c, x);
      const double most =
          std::max({error(r.y, c.y, winograd), error(r.dx, c.dx, winograd), error(r.dw, c.dw, winograd)});
      if (!(most <= bound(used, c.s.kh)))
        FAIL_CHECK("number ", number, ", ", name(used), ", ", std::string(cpu::to_string(cpu::isa())), ": ",
                   most);
      auto& of_variant = worst[{used, winograd ? c.s.kh : 0}];
      of_variant = std::max(of_variant, most);
    }
  }
  for (const auto& [variant, units] : worst)
    MESSAGE(name(variant.first), variant.second > 0 ? ", kernel " + std::to_string(variant.second) : "", ": ",
            units);
}

TEST_CASE("a convolution gives the same bits on 1, 2, 4 and 8 threads, by every variant") {
  const Case c({{.padding = 1}}, {5, 11, 13, 37}, {3, 3, 37, 41}), point({}, {5, 11, 13, 37}, {1, 1, 37, 41}),
      five({{.padding = 2}}, {3, 17, 9, 20}, {5, 5, 20, 70}),
      strided({{.stride = 2}, 2}, {3, 17, 9, 40}, {3, 3, 20, 70});
  for (const Case* of : {&c, &point, &five, &strided})
    for (const ConvAlgorithm algorithm : variants) {
      if (!cpu::can_compute(algorithm, of->s)) continue;
      const Forced forced(algorithm);
      const auto x = as<float, Cpu>(of->x);
      std::vector<std::vector<std::uint32_t>> first;
      for (const int threads : {1, 2, 4, 8}) {
        set_num_threads(threads);
        const Results r = compute(*of, x);
        const std::vector<std::vector<std::uint32_t>> now{bits(r.y), bits(r.dx), bits(r.dw)};
        if (threads == 1) first = now;
        CHECK(now == first);
      }
    }
  set_num_threads(2);
}

TEST_CASE("a gradient is the same whether the other one is wanted or not, by every variant") {
  using K = Kernel<ops::Conv2d, Cpu>;
  for (const std::int64_t kernel : {1, 3, 5}) {
    const Case c({{.padding = kernel / 2}}, {2, 9, 7, 19}, {kernel, kernel, 19, 35});
    const ops::Operand<float, Cpu> x(as<float, Cpu>(c.x));
    const auto weight = as<float, Cpu>(c.weight), dy = as<float, Cpu>(c.dy);
    for (const ConvAlgorithm algorithm : variants) {
      if (!cpu::can_compute(algorithm, c.s)) continue;
      const Forced forced(algorithm);
      const Results both = compute(c, x);
      Tensor<float, Cpu> none, dx(c.x.shape()), dw(c.weight.shape());
      K::backward(c.s, dy, x, weight, none, dw);
      K::backward(c.s, dy, x, weight, dx, none);
      K::backward(c.s, dy, x, weight, none, none);
      INFO("kernel ", kernel, ", ", name(algorithm));
      CHECK(bits(dx) == bits(both.dx));
      CHECK(bits(dw) == bits(both.dw));
    }
  }
}

TEST_CASE("an input that is normalised on the way gives what the normalised input gives, by every variant") {
  for (const auto& [window, kernel] : {std::pair<ops::Window, std::int64_t>{{}, 1},
                                       {{.padding = 1}, 3},
                                       {{.padding = 2}, 5},
                                       {{.stride = 2, .padding = 1}, 3}}) {
    const Case c({window}, {2, 9, 10, 19}, {kernel, kernel, 19, 35});
    const ops::Operand<float, Cpu> pending(as<float, Cpu>(c.x), as<float, Cpu>(draw({{3, 19}}, 9)), true);
    for (const ConvAlgorithm algorithm : variants)
      for (const Isa isa : isas()) {
        if (!cpu::can_compute(algorithm, c.s)) continue;
        const Forced forced(algorithm, isa);
        poison_free_memory();
        const Results a = compute(c, pending), b = compute(c, pending.value());
        double worst = 0;
        for (std::int64_t i = 0; i < a.y.size(); ++i)
          worst = std::max(worst, std::abs(static_cast<double>(a.y.data()[i] - b.y.data()[i])));
        for (std::int64_t i = 0; i < a.dw.size(); ++i)
          worst = std::max(worst, std::abs(static_cast<double>(a.dw.data()[i] - b.dw.data()[i])));
        CHECK(worst < 1e-3);
        CHECK(std::ranges::none_of(a.y.span(), [](float v) { return std::isnan(v); }));
      }
  }
}

TEST_CASE(
    "an epilogue gives what batch norm, addition and relu give behind the convolution, by every variant") {
  using Operand = ops::Operand<float, Cpu>;
  const auto draw_float = [](const Shape& shape, std::uint32_t seed) {
    return as<float, Cpu>(draw({shape}, seed));
  };
  struct Row {
    ops::Conv2d op;
    std::int64_t kernel;
  };
  for (const Row& row :
       {Row{{}, 1}, {{{.padding = 1}}, 3}, {{{.padding = 2}}, 5}, {{{.stride = 2, .padding = 1}}, 3}}) {
    const ops::Conv2d& op = row.op;
    const std::int64_t kernel = row.kernel;
    const Operand x(draw_float({2, 9, 10, 19}, 1));
    const auto weight = draw_float({kernel, kernel, 19, 35}, 2), bias = draw_float({35}, 3);
    const Tensor<float, Cpu> affine = draw_float({3, 35}, 4), none;
    const Shape of_y = op.infer(x, weight, none, {}).shape();
    const Operand addends[] = {{}, draw_float(of_y, 5), {draw_float(of_y, 6), draw_float({3, 35}, 7), true}};
    for (const ConvAlgorithm algorithm : variants)
      for (const Isa isa : isas())
        for (const Operand& addend : addends)
          for (int mask = 0; mask < 8; ++mask) {
            const Forced forced(algorithm, isa);
            const bool relu = (mask & 1) != 0;
            const auto& scaled = (mask & 2) != 0 ? affine : none;
            const auto& offset = (mask & 4) != 0 ? bias : none;
            const auto sums = op.infer(x, weight, offset, {});
            auto expected = Operand(sums, scaled, false).value();
            if (addend.x.defined())
              expected = ops::Add{relu}.forward(Operand(expected), addend,
                                                static_cast<ops::Add::Saved<float, Cpu>*>(nullptr));
            else if (relu)
              expected = apply(ops::Relu{}, expected);
            poison_free_memory();
            const auto found = op.infer(x, weight, offset, {scaled, addend, relu});
            double worst = 0;
            for (std::int64_t i = 0; i < found.size(); ++i) {
              const double off = std::abs(static_cast<double>(found.data()[i] - expected.data()[i]));
              if (!(off <= worst)) worst = off;
            }
            INFO("kernel ", kernel, ", ", name(algorithm), ", mask ", mask);
            CHECK(worst < 1e-5);
          }
  }
}

TEST_CASE("every row of the op table that convolves has the right values and gradients by every variant") {
  for (const ConvAlgorithm algorithm : variants)
    for (const auto& op : op_table<double, Cpu>()) {
      if (!op.name.starts_with("conv2d") || op.large) continue;
      INFO(op.name, ", ", name(algorithm));
      const Forced forced(algorithm);
      CHECK(gradcheck(op.record, draw_inputs(op.inputs)) < 1e-8);
      const auto expected = op.expect(draw_inputs(op.inputs));
      std::vector<Tensor<double, Cpu>> inputs;
      for (const auto& input : draw_inputs(op.inputs)) inputs.push_back(input);
      const auto found = op.infer(inputs);
      for (std::int64_t i = 0; i < found.size(); ++i)
        CHECK(found.data()[i] == doctest::Approx(expected.value.data()[i]).epsilon(1e-10));
    }
}

TEST_CASE(
    "convolution, batch norm and relu in a row have exact gradients, by every variant, read once or twice") {
  const auto network = [](const auto& in) {
    const auto z = apply(ops::Conv2d{{.padding = 1}}, in[0], in[1], Tensor<double, Cpu>());
    const auto n = apply(ops::BatchNorm{}, z, in[2], in[3], Tensor<double, Cpu>(), Tensor<double, Cpu>());
    const auto a = apply(ops::Relu{}, n);
    const auto y = apply(ops::Conv2d{{.padding = 1}}, a, in[4], Tensor<double, Cpu>());
    return apply(ops::Add{}, apply(ops::Add{}, y, a), n);  // both are read in memory as well
  };
  const std::vector<Tensor<double, Cpu>> inputs{draw({{2, 5, 4, 3}}, 1), draw({{3, 3, 3, 17}}, 2),
                                                draw({{17}}, 3), draw({{17}}, 4), draw({{3, 3, 17, 17}}, 5)};
  for (const ConvAlgorithm algorithm : variants) {
    const Forced forced(algorithm);
    CHECK(gradcheck(network, inputs, 1e-5) < 1e-6);
  }
}
