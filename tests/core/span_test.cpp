// SPDX-License-Identifier: MIT
#include "pretext/core/span.hpp"

#include <array>
#include <type_traits>
#include <vector>

#include "../support.hpp"

using namespace pretext;

namespace {

template <class From, class T>
constexpr bool converts = std::is_convertible_v<From, Span<T>>;

// Said by the type, so that overloads and concepts can ask.
static_assert(converts<std::vector<int>&, int> && converts<std::vector<int>&, const int>);
static_assert(converts<const std::vector<int>&, const int> && !converts<const std::vector<int>&, int>);
static_assert(converts<Span<int>, const int> && !converts<Span<const int>, int>);
static_assert(!converts<const std::array<int, 3>&, int> && !converts<const int (&)[3], int>);
static_assert(!converts<std::vector<int>&, float> && !converts<int, int>);

}  // namespace

TEST_CASE("a span shows the values that it was made of, whole or in part") {
  std::vector<int> values{1, 2, 3, 4};
  const Span<int> all = values;
  all[1] = 7;
  CHECK(values == std::vector<int>{1, 7, 3, 4});
  const Span<const int> middle = Span<const int>(all).subspan(1, 2);
  CHECK(middle.size() == 2);
  CHECK(middle.front() == 7);
  CHECK(middle.back() == 3);
  CHECK(Span(values).first(0).empty());
  const int array[] = {5, 6};
  CHECK(Span<const int>(array).size_bytes() == 8);
}
