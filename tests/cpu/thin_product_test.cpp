// SPDX-License-Identifier: MIT
#include "pretext/cpu/thin_product.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "pretext/core/random.hpp"

using namespace pretext;

namespace {

/// Whole numbers from -4 to 4, whose products and sums are exact, in rows with a NaN behind each.
template <class T>
struct Drawn {
  std::int64_t rows, columns;
  Tensor<T, Cpu> values;

  Drawn(std::int64_t r, std::int64_t c, std::uint64_t seed) : rows(r), columns(c), values({r, c + 1}) {
    Rng rng(seed, Use::test);
    for (std::int64_t i = 0; i < values.size(); ++i)
      values.data()[i] =
          i % (c + 1) == c ? std::numeric_limits<T>::quiet_NaN() : static_cast<T>(rng.below(9)) - 4;
  }
  T at(std::int64_t r, std::int64_t c) const { return values.data()[r * (columns + 1) + c]; }
  operator cpu::Matrix<const T>() const { return {values.data(), rows, columns, columns + 1}; }
};

template <class T>
void check_scores(const Drawn<T>& x, const Drawn<T>& w) {
  auto scores = Tensor<T, Cpu>::full({x.rows * w.rows + 1}, std::numeric_limits<T>::quiet_NaN());
  cpu::multiply_thin<T>(x, w, scores.data());
  std::int64_t wrong = 0;
  for (std::int64_t r = 0; r < x.rows; ++r)
    for (std::int64_t i = 0; i < w.rows; ++i) {
      T expected = 0;
      for (std::int64_t k = 0; k < x.columns; ++k) expected += x.at(r, k) * w.at(i, k);
      wrong += scores.data()[r * w.rows + i] == expected ? 0 : 1;
    }
  CHECK(wrong == 0);
  CHECK(std::isnan(scores.data()[x.rows * w.rows]));
}

template <class T>
void check_sums(const Drawn<T>& x, std::int64_t thin) {
  Tensor<T, Cpu> scores({x.rows, thin});
  Rng rng(7, Use::test);
  for (std::int64_t i = 0; i < scores.size(); ++i) scores.data()[i] = static_cast<T>(rng.below(9)) - 4;
  const Drawn<T> before(thin, x.columns, 8);
  Tensor<T, Cpu> sums = before.values.clone();
  cpu::add_thin_sums<T>(scores.data(), x, {sums.data(), thin, x.columns, x.columns + 1});
  std::int64_t wrong = 0;
  for (std::int64_t i = 0; i < thin; ++i) {
    for (std::int64_t k = 0; k < x.columns; ++k) {
      T expected = before.at(i, k);
      for (std::int64_t r = 0; r < x.rows; ++r) expected += scores.data()[r * thin + i] * x.at(r, k);
      wrong += sums.data()[i * (x.columns + 1) + k] == expected ? 0 : 1;
    }
    wrong += std::isnan(sums.data()[i * (x.columns + 1) + x.columns]) ? 0 : 1;
  }
  CHECK(wrong == 0);
}

template <class T>
void check_all() {
  for (const std::int64_t rows : {0, 1, 2, 3, 4, 5, 9, 64})
    for (const std::int64_t columns : {1, 2, 7, 16, 31, 64, 67, 300})
      for (const std::int64_t thin : {5, 10, 25}) {
        CAPTURE(rows);
        CAPTURE(columns);
        CAPTURE(thin);
        const Drawn<T> x(rows, columns, 1);
        check_scores(x, Drawn<T>(thin, columns, 2));
        check_sums(x, thin);
      }
}

}  // namespace

TEST_CASE(
    "products with a thin side are exact on whole numbers, in every instruction set, and write nothing "
    "else") {
  const cpu::Isa before = cpu::isa();
  for (const cpu::Isa isa : {cpu::Isa::portable, cpu::Isa::avx2, cpu::Isa::avx512}) {
    if (!cpu::runs_isa(isa)) continue;
    CAPTURE(cpu::to_string(isa));
    cpu::set_isa(isa);
    check_all<float>();
    check_all<double>();
  }
  cpu::set_isa(before);
}
