// SPDX-License-Identifier: MIT
#include "pretext/tensor/tensor.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <sstream>

#include "poison.hpp"

using namespace pretext;
using doctest::Contains;

namespace {

using X = Tensor<float, Cpu>;

std::vector<float> values(const X& x) { return {x.span().begin(), x.span().end()}; }

}  // namespace

TEST_CASE("a shape knows its axes, its size and its rows") {
  const Shape s{2, 3, 4};
  CHECK(s.rank() == 3);
  CHECK(s[0] == 2);
  CHECK(s[-1] == 4);
  CHECK(s[-3] == 2);
  CHECK(s.size() == 24);
  CHECK(s.row_size() == 12);
  CHECK(Shape{}.size() == 1);
  CHECK(Shape{5}.row_size() == 1);
  CHECK(Shape{3, 0, 4}.size() == 0);
  CHECK(s == Shape{2, 3, 4});
  CHECK(s != Shape{2, 3});
  CHECK(s != Shape{2, 3, 4, 1});
  CHECK(s.with(1, 7) == Shape{2, 7, 4});
  CHECK(s.with(-1, 0) == Shape{2, 3, 0});
  std::ostringstream text;
  text << s << Shape{} << Shape{5};
  CHECK(text.str() == "[2, 3, 4][][5]");
}

TEST_CASE("a shape that cannot be is refused in words") {
  const std::int64_t huge = std::int64_t{1} << 40;
  CHECK_THROWS_WITH_AS((Shape{2, -1}), "shape: negative extent in [2, -1]", Error);
  CHECK_THROWS_WITH_AS((Shape{-1, 3}), "shape: negative extent in [-1, 3]", Error);
  CHECK_THROWS_WITH_AS((Shape{1, 1, 1, 1, 1, 1, 1}), "shape: at most 6 axes, not 7", Error);
  CHECK_THROWS_WITH_AS((Shape{huge, huge}), Contains("is too large"), Error);
  CHECK_THROWS_WITH_AS((Shape{2, 3}[2]), "shape: no axis 2 in [2, 3]", Error);
  CHECK_THROWS_WITH_AS((Shape{2, 3}[-3]), "shape: no axis -3 in [2, 3]", Error);
  CHECK_THROWS_AS((Shape{2, 3}.with(2, 1)), Error);
  CHECK_THROWS_AS((Shape{2, 3}.with(0, -1)), Error);
  CHECK_THROWS_AS((Shape{huge, 3}.with(1, huge)), Error);
}

TEST_CASE("an undefined tensor has no memory and no size") {
  const X none;
  CHECK_FALSE(none.defined());
  CHECK(none.size() == 0);
  CHECK(none.bytes() == 0);
  CHECK(none.data() == nullptr);
  CHECK_FALSE(none.clone().defined());
  CHECK_FALSE(none.unique());
  CHECK_THROWS_AS(none.item(), Error);
  CHECK_THROWS_AS(none.reshape({0}), Error);
  CHECK_THROWS_AS(none.rows(0, 0), Error);
}

TEST_CASE("an empty tensor is defined") {
  const X empty({0, 3});
  CHECK(empty.defined());
  CHECK(empty.size() == 0);
  CHECK(empty.clone().shape() == Shape{0, 3});
  CHECK(empty.reshape({7, 0}).shape() == Shape{7, 0});
  CHECK(empty.rows(0, 0).defined());
}

TEST_CASE("copies share the memory, clones do not") {
  X a = X::from({2, 2}, std::vector<float>{1, 2, 3, 4});
  CHECK(a.unique());
  X shared = a;
  CHECK_FALSE(a.unique());
  X other = a.clone();
  CHECK(other.unique());
  shared.data()[0] = 9;
  CHECK(values(a) == std::vector<float>{9, 2, 3, 4});
  CHECK(values(other) == std::vector<float>{1, 2, 3, 4});
  other.copy_from(a);
  CHECK(values(other) == values(a));
  shared = X();
  CHECK(a.unique());
  const X moved = std::move(a);
  CHECK_FALSE(a.defined());
  CHECK(a.size() == 0);
  CHECK(moved.unique());
}

TEST_CASE("reshape and rows are views of the same memory") {
  const X x = X::from({4, 3}, std::vector<float>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
  CHECK(x.reshape({2, 6}).data() == x.data());
  const X middle = x.rows(1, 3);
  CHECK(middle.shape() == Shape{2, 3});
  CHECK(middle.data() == x.data() + 3);
  CHECK(values(middle.rows(1, 2)) == std::vector<float>{6, 7, 8});
  CHECK(values(middle.clone()) == std::vector<float>{3, 4, 5, 6, 7, 8});
  CHECK(x.rows(4, 4).size() == 0);
  const Tensor<float, Cpu> again(middle.base());
  CHECK(again.data() == middle.data());
  CHECK(again.shape() == middle.shape());
}

TEST_CASE("full, zeros and item say what they hold") {
  CHECK(values(X::full({3}, 2.5F)) == std::vector<float>{2.5F, 2.5F, 2.5F});
  test::poison_free_memory();
  CHECK(values(X::zeros({1, 2})) == std::vector<float>{0, 0});
  CHECK(X::full({1, 1}, 7).item() == 7);
  CHECK(X::full({}, 7).item() == 7);
  CHECK(Tensor<std::int32_t, Cpu>::full({5}, -3).bytes() == 20);
}

TEST_CASE("the poison of the tests reaches fresh tensors") {
  for (const Shape& shape : {Shape{1}, Shape{16}, Shape{17}, Shape{5, 100}, Shape{128, 127}}) {
    test::poison_free_memory();
    for (float v : values(X(shape))) REQUIRE(std::isnan(v));
  }
}

TEST_CASE("misuse of a tensor is refused in words") {
  const X x = X::zeros({2, 3});
  CHECK_THROWS_WITH_AS(X::from({2, 3}, std::vector<float>(5)),
                       "tensor: 5 values do not fill the shape [2, 3]", Error);
  CHECK_THROWS_WITH_AS(x.reshape({4, 2}), "reshape: [2, 3] does not have the size of [4, 2]", Error);
  CHECK_THROWS_WITH_AS(x.rows(1, 3), "rows: [1, 3) is not inside [2, 3]", Error);
  CHECK_THROWS_AS(x.rows(-1, 1), Error);
  CHECK_THROWS_AS(x.rows(2, 1), Error);
  CHECK_THROWS_WITH_AS(x.item(), "item: the tensor has shape [2, 3], not one element", Error);
  CHECK_THROWS_WITH_AS(X({2, 3}).copy_from(X::zeros({3, 2})), "copy: [3, 2] into [2, 3]", Error);
  CHECK_THROWS_WITH_AS(X({2, 3}).copy_from(X()), "copy: [] into [2, 3]; one of them is undefined", Error);
  CHECK_THROWS_WITH_AS(X(Shape{}).copy_from(X()), "copy: [] into []; one of them is undefined", Error);
  CHECK_THROWS_WITH_AS(X({std::int64_t{1} << 61}), Contains("tensor: bytes"), Error);
  CHECK_THROWS_WITH_AS(X({std::int64_t{1} << 50}), Contains("cpu: out of memory"), Error);
}

TEST_CASE("a tensor that is moved from is undefined and has no shape") {
  X x = X::zeros({2, 3});
  X y = std::move(x);
  CHECK(!x.defined());  // NOLINT(bugprone-use-after-move)
  CHECK(x.shape() == Shape());
  x = std::move(y);
  CHECK(x.shape() == Shape({2, 3}));
  CHECK(x.unique());
  CHECK(!y.defined());
  CHECK(y.shape() == Shape());
  X& self = x;
  x = std::move(self);
  CHECK(x.shape() == Shape({2, 3}));
}
