// SPDX-License-Identifier: MIT
#include "pretext/cpu/elementary.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "../support.hpp"
#include "pretext/core/random.hpp"

using namespace pretext;

namespace {

template <class T>
using Limits = std::numeric_limits<T>;

struct Exponential {
  template <class T, class V>
  PRETEXT_INLINE static void apply(V& v) {
    cpu::exponential<T>(v);
  }
};
struct Logarithm {
  template <class T, class V>
  PRETEXT_INLINE static void apply(V& v) {
    cpu::logarithm<T>(v);
  }
};

/// A function on a row of numbers, as kernels use it.
template <class Function, class T>
struct FunctionRow {
  T* values;
  std::int64_t count;

  template <int Bytes, bool Whole>
  PRETEXT_INLINE void vector_of(std::int64_t, std::int64_t i) const {
    cpu::Vector<T, Bytes> v;
    cpu::load_lanes<Whole>(v, values + i, count - i);
    Function::template apply<T>(v);
    cpu::store_lanes<Whole>(values + i, v, count - i);
  }
  template <int Bytes>
  PRETEXT_INLINE static void run(const FunctionRow& row) {
    cpu::each_vector<Bytes, T>(row, 1, row.count);
  }
};

template <class Function, class T>
std::vector<T> by(std::vector<T> x) {
  using Row = FunctionRow<Function, T>;
  cpu::dispatch<Row>(Row{x.data(), static_cast<std::int64_t>(x.size())});
  return x;
}
template <class T>
std::vector<T> exponential(const std::vector<T>& x) {
  return by<Exponential>(x);
}
template <class T>
std::vector<T> logarithm(const std::vector<T>& x) {
  return by<Logarithm>(x);
}

/// How far a normal number is from the truth, in units of the truth's last place.
template <class T>
double ulps(T value, long double truth) {
  int exponent = 0;
  std::frexp(truth, &exponent);
  return static_cast<double>(std::abs(static_cast<long double>(value) - truth) /
                             std::ldexp(1.0L, exponent - Limits<T>::digits));
}

/// Evenly drawn numbers from low to high, both included.
template <class T>
std::vector<T> drawn(T low, T high, std::uint32_t count = 200'000) {
  std::vector<T> values{low, high};
  Rng rng(5, Use::test);
  while (values.size() < count) {
    const double along =
        (static_cast<double>(rng.bits()) + static_cast<double>(rng.bits()) * 0x1p-32) * 0x1p-32;
    values.push_back(static_cast<T>(static_cast<double>(low) +
                                    (static_cast<double>(high) - static_cast<double>(low)) * along));
  }
  return values;
}

/// Positive normal numbers of all magnitudes.
template <class T>
std::vector<T> magnitudes() {
  std::vector<T> values = drawn<T>(T(Limits<T>::min_exponent - 1), T(Limits<T>::max_exponent - 1));
  for (T& v : values) v = std::exp2(v);
  for (const T near_one : drawn<T>(T(0.5), T(2), 20'000)) values.push_back(near_one);
  for (const T v : {Limits<T>::min(), Limits<T>::max(), T(1)})
    for (const T next : {std::nextafter(v, T(0)), v, std::nextafter(v, Limits<T>::infinity())})
      if (std::isnormal(next)) values.push_back(next);
  return values;
}

}  // namespace

TEST_CASE_TEMPLATE("e^x is right to 2 units in the last place wherever it is a normal number", T, float,
                   double) {
  const T most = std::log(Limits<T>::max()), least = std::log(Limits<T>::min());
  std::vector<T> x = drawn<T>(least, most);
  for (const T small : drawn<T>(T(-1), T(1), 20'000)) x.push_back(small);
  for (const T v : {T(0), T(-0.0), Limits<T>::min(), Limits<T>::denorm_min(), Limits<T>::epsilon()})
    x.push_back(v);
  const std::vector<T> y = exponential(x);
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const long double truth = std::exp(static_cast<long double>(x[i]));
    if (truth > static_cast<long double>(Limits<T>::max()) ||
        truth < static_cast<long double>(Limits<T>::min()))
      continue;
    CAPTURE(x[i]);
    REQUIRE(std::isnormal(y[i]));
    worst = std::max(worst, ulps(y[i], truth));
  }
  MESSAGE("worst of e^x: ", worst);
  CHECK(worst < 2);
}

TEST_CASE_TEMPLATE("e^x overflows and vanishes where it must, step by step of x, and not before", T, float,
                   double) {
  const T infinity = Limits<T>::infinity();
  const auto walk = [&](T from, auto check) {
    std::vector<T> x{from};
    for (int i = 0; i < 1000; ++i)
      x.push_back(std::nextafter(x.back(), infinity)),
          x.insert(x.begin(), std::nextafter(x.front(), -infinity));
    const std::vector<T> y = exponential(x);
    for (std::size_t i = 0; i < x.size(); ++i) {
      CAPTURE(x[i]);
      CAPTURE(y[i]);
      check(y[i], std::exp(static_cast<long double>(x[i])));
    }
  };
  int finite = 0, infinite = 0, normal = 0, gone = 0;
  walk(std::log(Limits<T>::max()), [&](T y, long double truth) {
    const bool fits = truth < std::ldexp(1.0L, Limits<T>::max_exponent);
    ++(fits ? finite : infinite);
    REQUIRE(std::isinf(y) == !fits);
    if (fits) REQUIRE(ulps(y, truth) < 2);
  });
  walk(std::log(Limits<T>::min()), [&](T y, long double truth) {
    const bool fits = truth >= static_cast<long double>(Limits<T>::min());
    ++(fits ? normal : gone);
    if (fits) REQUIRE(ulps(y, truth) < 2);
    if (!fits) REQUIRE(y == 0);
  });
  for (const int seen : {finite, infinite, normal, gone}) CHECK(seen > 900);
}

TEST_CASE_TEMPLATE("e^x of what is not a usual number", T, float, double) {
  const T infinity = Limits<T>::infinity();
  const std::vector<T> y = exponential<T>({infinity, -infinity, Limits<T>::max(), Limits<T>::lowest(), 0,
                                           T(-0.0), Limits<T>::quiet_NaN(), -Limits<T>::quiet_NaN()});
  CHECK(y[0] == infinity);
  CHECK(y[1] == 0);
  CHECK(y[2] == infinity);
  CHECK(y[3] == 0);
  CHECK(y[4] == 1);
  CHECK(y[5] == 1);
  CHECK(std::isnan(y[6]));
  CHECK(std::isnan(y[7]));
}

TEST_CASE_TEMPLATE("ln x is right to 3 units in the last place for all normal x", T, float, double) {
  const std::vector<T> x = magnitudes<T>(), y = logarithm(x);
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    CAPTURE(x[i]);
    REQUIRE(std::isfinite(y[i]));
    if (x[i] == 1)
      REQUIRE(y[i] == 0);
    else
      worst = std::max(worst, ulps(y[i], std::log(static_cast<long double>(x[i]))));
  }
  MESSAGE("worst of ln x: ", worst);
  CHECK(worst < 3);
}

TEST_CASE_TEMPLATE("ln x of what is not a usual number", T, float, double) {
  const T infinity = Limits<T>::infinity(), least = logarithm<T>({Limits<T>::min()})[0];
  const std::vector<T> y = logarithm<T>({infinity, Limits<T>::quiet_NaN(), 0, Limits<T>::denorm_min(), -1});
  CHECK(y[0] == infinity);
  CHECK(std::isnan(y[1]));
  for (std::size_t i = 2; i < 5; ++i) CHECK(y[i] == least);
}

TEST_CASE_TEMPLATE("powers are right to 3 units in the last place by the length of their logarithm", T, float,
                   double) {
  for (const T exponent : {T(-0.75), T(0), T(0.5), T(1), T(-1), T(2.4), T(7)}) {
    CAPTURE(exponent);
    const std::vector<T> x = magnitudes<T>();
    std::vector<T> y = x;
    cpu::dispatch<cpu::PowerRow<T>>(
        cpu::PowerRow<T>{y.data(), static_cast<std::int64_t>(y.size()), exponent});
    double worst = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const long double truth = std::pow(static_cast<long double>(x[i]), static_cast<long double>(exponent));
      CAPTURE(x[i]);
      const double turns = std::abs(static_cast<double>(exponent) * std::log(static_cast<double>(x[i])));
      const long double slack = 1 + (3 * turns + 3) * static_cast<long double>(Limits<T>::epsilon());
      if (truth > static_cast<long double>(Limits<T>::max()) * slack) {
        REQUIRE(std::isinf(y[i]));
      } else if (truth < static_cast<long double>(Limits<T>::min()) / slack) {
        REQUIRE(y[i] == 0);
      } else if (truth * slack < static_cast<long double>(Limits<T>::max()) &&
                 truth > static_cast<long double>(Limits<T>::min()) * slack) {
        worst = std::max(worst, ulps(y[i], truth) / (turns + 1));
      }
    }
    MESSAGE("worst of x^", exponent, ": ", worst);
    CHECK(worst < 3);
  }
}
