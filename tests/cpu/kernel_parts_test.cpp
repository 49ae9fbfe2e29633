// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "op_case.hpp"
#include "pretext/cpu/batch_norm.hpp"
#include "pretext/cpu/conv2d.hpp"
#include "pretext/cpu/pool.hpp"

// The parts that the CPU's kernels are made of.
using namespace test;

namespace {

using X = naive::X;

/// c (+)= op(a) op(b) by plain loops.
void plain_product(std::int64_t m, std::int64_t n, std::int64_t k, auto&& a, auto&& b, X& c) {
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t j = 0; j < n; ++j)
      for (std::int64_t p = 0; p < k; ++p) c.data()[i * c.dim(1) + j] += a(i, p) * b(p, j);
}

double difference(const X& a, const X& b) {
  double worst = 0;
  for (std::int64_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::abs(a.data()[i] - b.data()[i]));
  return worst;
}

}  // namespace

TEST_CASE("the three matrix products are right on blocks inside larger matrices, and add where asked") {
  const X a = draw({{19, 23}}, 1), b = draw({{19, 23}}, 2), c = draw({{19, 23}}, 3);
  const auto at = [](const X& x) {
    return [&x](std::int64_t i, std::int64_t j) { return x.data()[i * 23 + j]; };
  };
  const auto turned = [](auto f) { return [f](std::int64_t i, std::int64_t j) { return f(j, i); }; };
  using In = cpu::Matrix<const double>;
  const auto in = [](const X& x, std::int64_t rows, std::int64_t columns) {
    return In{x.data(), rows, columns, 23};
  };
  for (const auto& extents :
       {std::tuple<std::int64_t, std::int64_t, std::int64_t>{5, 7, 3}, {1, 1, 1}, {17, 11, 13}, {4, 3, 0}})
    for (bool add : {false, true}) {
      const std::int64_t m = std::get<0>(extents), n = std::get<1>(extents), k = std::get<2>(extents);
      const auto check = [&](auto&& product, auto&& left, auto&& right) {
        X expected = c.clone(), found = c.clone();
        if (!add)
          for (std::int64_t i = 0; i < m; ++i) std::fill_n(expected.data() + i * 23, n, 0.0);
        plain_product(m, n, k, left, right, expected);
        product(cpu::Matrix<double>{found.data(), m, n, 23});
        CHECK(difference(found, expected) < 1e-13);
      };
      check([&](auto out) { cpu::gemm<double>(in(a, m, k), in(b, k, n), out, add); }, at(a), at(b));
      check([&](auto out) { cpu::gemm_nt<double>(in(a, m, k), in(b, n, k), out, add); }, at(a),
            turned(at(b)));
      check([&](auto out) { cpu::gemm_tn<double>(in(a, k, m), in(b, k, n), out, add); }, turned(at(a)),
            at(b));
    }
}

TEST_CASE("row2im is the transpose of im2row: <im2row(x), l> = <x, row2im(l)>") {
  for (const ops::Conv2d& op : {ops::Conv2d{{.padding = 1}},
                                {{.stride = 2, .padding = 2}},
                                {{.stride = 3, .padding = 1, .dilation = 2}},
                                {{.padding = 1}, 2}}) {
    const ops::ConvShape s = op.shape({2, 6, 7, 4}, {3, 2, 4 / op.groups, 2});
    for (std::int64_t group = 0; group < op.groups; ++group) {
      const cpu::ConvGroup g(s, group);
      const X x = draw({{2, 6, 7, 4}}, 1), lines = draw({{s.n * s.oh * s.ow, g.line}}, 2);
      X gathered(lines.shape()), spread = X::zeros(x.shape());
      gathered.fill(std::nan(""));
      cpu::im2row(s, g, 0, s.n * s.oh, x.data(), gathered.data());
      cpu::row2im(s, g, 0, s.n * s.oh, lines.data(), spread.data());
      double left = 0, right = 0;
      for (std::int64_t i = 0; i < lines.size(); ++i) left += gathered.data()[i] * lines.data()[i];
      for (std::int64_t i = 0; i < x.size(); ++i) right += spread.data()[i] * x.data()[i];
      CHECK(left == doctest::Approx(right).epsilon(1e-12));
    }
  }
}

TEST_CASE("the readers of a coordinate are the windows whose taps lie on it") {
  for (const ops::MaxPool2d& op : {ops::MaxPool2d{3, {.stride = 2, .padding = 1}},
                                   {2, {.stride = 3}},
                                   {3, {.padding = 1, .dilation = 2}},
                                   {4, {.stride = 2, .padding = 2}, true}}) {
    const auto s = ops::PoolShape::of("", {1, 9, 7, 1}, op.kernel, op.window, op.ceil);
    const cpu::Readers readers(s.rows());
    for (std::int64_t y = 0; y < s.h; ++y) {
      std::vector<std::pair<std::int64_t, std::int64_t>> expected, found;
      for (std::int64_t out = 0; out < s.oh; ++out)
        for (std::int64_t tap = 0; tap < s.kernel; ++tap)
          if (out * s.window.stride - s.window.padding + tap * s.window.dilation == y)
            expected.emplace_back(out, tap);
      for (const auto& [out, tap] : readers.of(y)) found.emplace_back(out, tap);
      CHECK(found == expected);
      found.clear();
      const ops::PoolAxis<std::int64_t> axis = s.rows();
      for (std::int64_t out = axis.first_reader(y); out < axis.readers_end(y); ++out)
        if (const std::int64_t tap = axis.tap(out, y); tap >= 0) found.emplace_back(out, tap);
      CHECK(found == expected);
    }
  }
}

TEST_CASE("column moments do not depend on how the rows fall into chunks and blocks") {
  for (const Shape& shape : {Shape{2, 1}, Shape{129, 1}, Shape{20000, 1}, Shape{777, 33}, Shape{70, 5000}}) {
    const X x = draw({shape, Draw::shifted}, 4);
    const auto moments = cpu::column_moments(x.data(), shape[0], shape[1]);
    const auto [mean, var] = naive::statistics(x);
    for (std::int64_t c = 0; c < shape[1]; c += 7) {
      CHECK(moments.data()[c] == doctest::Approx(mean.data()[c]).epsilon(1e-13));
      CHECK(moments.data()[shape[1] + c] ==
            doctest::Approx(var.data()[c] * static_cast<double>(shape[0])).epsilon(1e-10));
    }
  }
}

TEST_CASE("a sum over rows takes each chunk once and in order") {
  for (std::int64_t rows : {0, 1, 5, 64, 1000}) {
    X out({3});
    out.fill(std::nan(""));
    cpu::reduce_rows<double>(rows, 7, 3, out.data(),
                             [](std::int64_t begin, std::int64_t end, double* partial) {
                               for (std::int64_t r = begin; r < end; ++r)
                                 for (std::int64_t i = 0; i < 3; ++i)
                                   partial[i] += static_cast<double>((r + 1) * (i + 1));
                             });
    for (std::int64_t i = 0; i < 3; ++i)
      CHECK(out.data()[i] == static_cast<double>(rows * (rows + 1) / 2 * (i + 1)));
  }
}
