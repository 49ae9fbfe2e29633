// SPDX-License-Identifier: MIT
#include "pretext/tasks/permutations.hpp"

#include <set>

#include "../support.hpp"
#include "statistics.hpp"

using namespace pretext;
using tasks::Spacing;
using tasks::TilePermutation;

namespace {

using Set = std::vector<TilePermutation>;

/// The next one by the definition: every permutation is compared with every one chosen.
TilePermutation next_by_definition(const Set& chosen, Spacing spacing) {
  std::vector<int> all{0, 1, 2, 3, 4, 5, 6, 7, 8};
  TilePermutation p{}, best{};
  int best_least = -1, best_sum = -1;
  do {
    std::ranges::transform(all, p.begin(), [](int tile) { return static_cast<std::uint8_t>(tile); });
    int least = 9, sum = 0;
    for (const TilePermutation& other : chosen) {
      least = std::min(least, tasks::distance(p, other));
      sum += tasks::distance(p, other);
    }
    if (least == 0) continue;
    const bool better = spacing == Spacing::max_avg ? sum > best_sum
                                                    : std::pair(least, sum) > std::pair(best_least, best_sum);
    if (better) best = p, best_least = least, best_sum = sum;
  } while (std::ranges::next_permutation(all).found);
  return best;
}

tasks::PermutationSpread spread_of_first(const Set& set, std::size_t count) {
  return tasks::spread_of(Span<const TilePermutation>(set).first(count));
}

}  // namespace

TEST_CASE("greedy sets of permutations are as far apart as those that were published") {
  struct Row {
    std::size_t count;
    double mean;
    int least;
  };
  const auto check = [](Spacing spacing, const std::vector<Row>& rows) {
    const Set set =
        tasks::tile_permutations({.count = static_cast<std::int64_t>(rows.back().count), .spacing = spacing});
    REQUIRE(set.size() == rows.back().count);
    CHECK(std::set<TilePermutation>(set.begin(), set.end()).size() == set.size());
    for (TilePermutation p : set) {
      std::ranges::sort(p);
      REQUIRE(p == TilePermutation{0, 1, 2, 3, 4, 5, 6, 7, 8});
    }
    for (const Row& row : rows) {
      const auto spread = spread_of_first(set, row.count);
      CAPTURE(row.count);
      CHECK(spread.mean >= row.mean);
      CHECK(spread.least >= row.least);
    }
  };
  check(Spacing::max_avg, {{100, 8.08, 2}, {1000, 8.0079, 2}, {2000, 8.0039, 2}, {10000, 8.0007, 2}});
  check(Spacing::max_min, {{10, 8.79, 8}, {100, 8.08, 6}, {1000, 8.0079, 5}, {2000, 8.0039, 4}});
}

TEST_CASE("each permutation is the farthest from those before it, the first of equals") {
  for (const Spacing spacing : {Spacing::max_avg, Spacing::max_min}) {
    CAPTURE(to_string(spacing));
    const Set set = tasks::tile_permutations({.count = 30, .spacing = spacing, .seed = 3});
    for (const std::size_t count : {1, 2, 9, 10, 29})
      CHECK(set[count] ==
            next_by_definition({set.begin(), set.begin() + static_cast<std::ptrdiff_t>(count)}, spacing));
  }
}

TEST_CASE("a set of permutations is a function of its options, whatever the threads, and grows at its end") {
  const Set set = tasks::tile_permutations({.count = 40, .spacing = Spacing::max_min, .seed = 1});
  const int threads = thread_pool().threads();
  for (const int count : {1, 3}) {
    set_num_threads(count);
    CHECK(tasks::tile_permutations({.count = 40, .spacing = Spacing::max_min, .seed = 1}) == set);
  }
  set_num_threads(threads);
  CHECK(tasks::tile_permutations({.count = 40, .spacing = Spacing::max_min, .seed = 2}) != set);
  const Set fewer = tasks::tile_permutations({.count = 7, .spacing = Spacing::max_min, .seed = 1});
  CHECK(std::equal(fewer.begin(), fewer.end(), set.begin()));
}

TEST_CASE("the first of a set is any of all permutations, evenly over a million seeds") {
  std::vector<int> counts(64);
  for (std::uint64_t seed = 0; seed < 1'000'000; ++seed)
    ++counts[Rng(seed, Use::permutations).below(362'880) / 5670];
  CHECK(std::abs(test::unevenness(counts)) < 4);
  for (const std::uint64_t seed : {0, 7, 123})
    CHECK(tasks::tile_permutations({.count = 1, .seed = seed})[0] ==
          tasks::detail::nth_permutation(Rng(seed, Use::permutations).below(362'880)));
}

TEST_CASE("the distance of permutations counts places, and a set of one has no pairs") {
  const TilePermutation a{0, 1, 2, 3, 4, 5, 6, 7, 8}, b{1, 0, 2, 3, 4, 5, 6, 7, 8},
      c{1, 2, 3, 4, 5, 6, 7, 8, 0};
  CHECK(tasks::distance(a, a) == 0);
  CHECK(tasks::distance(a, b) == 2);
  CHECK(tasks::distance(a, c) == 9);
  const Set set{a, b, c};
  CHECK(tasks::spread_of(set).mean == doctest::Approx((2 + 9 + 8) / 3.0));
  CHECK(tasks::spread_of(set).least == 2);
  CHECK(spread_of_first(set, 1).mean == 0);
}

TEST_CASE("an impossible number of permutations is refused in words") {
  for (const std::int64_t count : {0, 10001})
    CHECK_THROWS_WITH_AS(
        tasks::tile_permutations({.count = count}),
        ("permutations: their number must be 1 to 10000, not " + std::to_string(count)).c_str(), Error);
}
