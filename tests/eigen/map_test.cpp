// SPDX-License-Identifier: MIT
#include "pretext/eigen/map.hpp"

#include <vector>

#include "support.hpp"

namespace {

using namespace pretext;

Tensor<float, Cpu> counted(const Shape& shape) {
  Tensor<float, Cpu> x(shape);
  for (std::int64_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<float>(i);
  return x;
}

TEST_CASE("a tensor [..., C] is a matrix of C columns over the same memory") {
  auto x = counted({2, 3, 5});
  auto m = eigen::matrix(x);
  CHECK(m.rows() == 6);
  CHECK(m.cols() == 5);
  CHECK(m(4, 3) == 23);
  m(4, 3) = -1;
  CHECK(x.data()[23] == -1);
  const auto& constant = x;
  CHECK(eigen::matrix(constant)(4, 3) == -1);
}

TEST_CASE("all elements are an array over the same memory") {
  auto x = counted({7});
  eigen::array(x) += 1;
  CHECK(x.data()[6] == 7);
  const auto& constant = x;
  CHECK(eigen::array(constant).sum() == 28);
}

TEST_CASE("a product of maps becomes a tensor") {
  const auto a = counted({3, 2}), b = counted({2, 4});
  const auto product = eigen::tensor(eigen::matrix(a) * eigen::matrix(b));
  CHECK(product.shape() == Shape({3, 4}));
  for (std::int64_t i = 0; i < 3; ++i)
    for (std::int64_t j = 0; j < 4; ++j)
      CHECK(product.data()[i * 4 + j] ==
            a.data()[i * 2] * b.data()[j] + a.data()[i * 2 + 1] * b.data()[4 + j]);
}

TEST_CASE("empty tensors map to empty matrices, and undefined ones are refused") {
  Tensor<float, Cpu> empty(Shape{0, 3}), hollow(Shape{3, 0}), undefined;
  CHECK(eigen::matrix(empty).rows() == 0);
  CHECK(eigen::matrix(hollow).cols() == 0);
  CHECK_THROWS_AS(eigen::matrix(undefined), Error);
}

}  // namespace
