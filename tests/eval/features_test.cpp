// SPDX-License-Identifier: MIT
#include "pretext/eval/features.hpp"

#include "eval_data.hpp"
#include "pretext/cpu/map.hpp"
#include "pretext/cpu/pool.hpp"
#include "pretext/nn/activation.hpp"
#include "pretext/nn/pool.hpp"

namespace {

using namespace pretext;
using eval::FeatureOptions;
using eval::Features;
using eval::Pool;
using eval::PoolGrid;
using X = Tensor<float, Cpu>;

/// out[N, gh * gw * C] by the definition of adaptive pooling.
std::vector<double> naive_pool(const X& map, std::int64_t gh, std::int64_t gw, Pool pool) {
  const std::int64_t h = map.dim(1), w = map.dim(2), c = map.dim(3);
  std::vector<double> out;
  for (std::int64_t n = 0; n < map.dim(0); ++n)
    for (std::int64_t i = 0; i < gh; ++i)
      for (std::int64_t j = 0; j < gw; ++j)
        for (std::int64_t k = 0; k < c; ++k) {
          double sum = 0, largest = -1e30, count = 0;
          for (std::int64_t y = 0; y < h; ++y)
            for (std::int64_t x = 0; x < w; ++x) {
              const double top = std::floor(double(i * h) / double(gh)),
                           left = std::floor(double(j * w) / double(gw));
              const double bottom = std::ceil(double((i + 1) * h) / double(gh)),
                           right = std::ceil(double((j + 1) * w) / double(gw));
              if (double(y) < top || double(y) >= bottom || double(x) < left || double(x) >= right) continue;
              const double value = static_cast<double>(map.data()[((n * h + y) * w + x) * c + k]);
              sum += value;
              largest = std::max(largest, value);
              count += 1;
            }
          out.push_back(pool == Pool::max ? largest : sum / count);
        }
  return out;
}

X drawn_map(const Shape& shape) { return test::normal_matrix(shape[0], shape.row_size(), 5).reshape(shape); }

data::Dataset pictures(int count, int size = 6) {
  data::DatasetBuilder builder("grey", {"even", "odd"});
  for (int i = 0; i < count; ++i) {
    std::uint8_t* pixels = builder.add(size, size, i % 2);
    for (int p = 0; p < size * size * 3; ++p) pixels[p] = static_cast<std::uint8_t>(i * 31 + p * 7);
  }
  return std::move(builder).build();
}

/// [n, size, size, 3], values from -128 to 127.
X render(const data::Dataset& set, Span<const std::int64_t> indices) {
  const ImageView first = set.image(indices[0]);
  X out({std::ssize(indices), first.height, first.width, 3});
  float* to = out.data();
  for (const std::int64_t i : indices)
    for (std::int64_t p = 0; p < first.size(); ++p) *to++ = static_cast<float>(set.image(i).pixels[p]) - 128;
  return out;
}

TEST_CASE("pooled maps are what loops over every cell compute") {
  for (const Shape& shape : {Shape{3, 8, 8, 5}, Shape{2, 7, 7, 3}, Shape{1, 5, 9, 2}, Shape{9, 3, 2, 7}})
    for (const Pool pool : {Pool::average, Pool::max})
      for (const std::int64_t budget : {1, 12, 20, 45, 48, 10000}) {
        const X map = drawn_map(shape);
        const PoolGrid grid(shape, pool, budget);
        X out = X::full({shape[0], grid.dims()}, std::numeric_limits<float>::quiet_NaN());
        eval::pool_map(grid, map, out.data());
        const auto expected = naive_pool(map, grid.height, grid.width, pool);
        REQUIRE(std::ssize(expected) == out.size());
        double worst = 0;
        for (std::int64_t i = 0; i < out.size(); ++i)
          worst = std::max(worst, std::isnan(out.data()[i])
                                      ? 1
                                      : std::abs(out.data()[i] - expected[static_cast<std::size_t>(i)]));
        CHECK(worst < 1e-5);
      }
}

TEST_CASE("the grid is the largest square within the budget, or the whole map where that fits") {
  const auto grid = [](const Shape& map, std::int64_t budget, Pool pool = Pool::average) {
    const PoolGrid g(map, pool, budget);
    return std::pair(g.height, g.width);
  };
  CHECK(grid({1, 8, 8, 192}, 4096) == std::pair<std::int64_t, std::int64_t>(4, 4));
  CHECK(grid({1, 8, 8, 64}, 4096) == std::pair<std::int64_t, std::int64_t>(8, 8));
  CHECK(grid({1, 8, 8, 65}, 4096) == std::pair<std::int64_t, std::int64_t>(7, 7));
  CHECK(grid({1, 16, 16, 96}, 4096) == std::pair<std::int64_t, std::int64_t>(6, 6));
  CHECK(grid({1, 8, 8, 4097}, 4096) == std::pair<std::int64_t, std::int64_t>(1, 1));
  CHECK(grid({1, 1, 1, 9999}, 4096) == std::pair<std::int64_t, std::int64_t>(1, 1));
  CHECK(grid({1, 2, 30, 100}, 4096) == std::pair<std::int64_t, std::int64_t>(2, 2));
  CHECK(grid({1, 2, 20, 100}, 4096) == std::pair<std::int64_t, std::int64_t>(2, 20));
  CHECK(grid({1, 8, 8, 192}, 1, Pool::flat) == std::pair<std::int64_t, std::int64_t>(8, 8));
  CHECK(PoolGrid({1, 8, 8, 192}, Pool::max, 4096).text() == "max to 4 x 4 of 8 x 8 x 192");
  CHECK(PoolGrid({1, 2, 2, 3}, Pool::max, 4096).text() == "flat 2 x 2 x 3");
  CHECK_THROWS_AS(grid({1, 8, 8}, 4096), Error);
  CHECK_THROWS_AS(grid({1, 8, 8, 3}, 0), Error);
}

TEST_CASE("one pass gives every tap asked for, in the order asked, and the pixels") {
  const data::Dataset set = pictures(11);
  nn::Sequential<> net = test::two_stages();
  const std::vector<std::string> taps{"pool", "pixels", "relu"};
  for (const std::int64_t batch : {1, 4, 11, 100}) {
    int pictures_drawn = 0;
    const auto counting = [&](const data::Dataset& d, Span<const std::int64_t> indices) {
      pictures_drawn += static_cast<int>(indices.size());
      CHECK(std::ssize(indices) <= batch);
      return render(d, indices);
    };
    const auto found = eval::features(net, taps, set, counting, {.budget = 30, .batch = batch});
    CHECK(pictures_drawn == 11);
    REQUIRE(found.size() == 3);
    const std::int64_t all[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    const X input = render(set, all);
    const X expected[] = {net.at("pool", input), input, net.at("relu", input)};
    for (std::size_t t = 0; t < 3; ++t) {
      CHECK(found[t].tap == taps[t]);
      CHECK(found[t].labels == std::vector<int>{0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0});
      constexpr std::int64_t side = 3;  // of 6 and of 3: 3 * 3 * 3 features fit the budget
      REQUIRE(found[t].x.shape() == Shape{11, side * side * 3});
      const auto pooled = naive_pool(expected[t], side, side, Pool::average);
      for (std::int64_t i = 0; i < found[t].x.size(); ++i)
        CHECK(found[t].x.data()[i] == doctest::Approx(pooled[static_cast<std::size_t>(i)]));
    }
  }
}

TEST_CASE("pixels need no network, and flat ones are the input") {
  const data::Dataset set = pictures(3);
  const Features f = eval::pixels(set, render, {.pool = Pool::flat, .budget = 1});
  REQUIRE(f.x.shape() == Shape{3, 108});
  CHECK(f.tap == "pixels");
  CHECK(f.x.data()[2 * 108 + 5] == static_cast<float>(set.image(2).pixels[5]) - 128);
}

TEST_CASE("a tap without pixels gives its channels") {
  nn::Sequential<> net;
  net.add("mean", nn::GlobalAvgPool());
  const std::string tap = "mean";
  const auto f = eval::features(net, Span(&tap, 1), pictures(5), render);
  CHECK(f[0].x.shape() == Shape{5, 3});
  CHECK(f[0].pooling == "flat 1 x 1 x 3");
}

TEST_CASE("a picture without a label has label -1") {
  data::DatasetBuilder builder("bare", {});
  std::fill_n(builder.add(6, 6), 108, std::uint8_t{9});
  CHECK(eval::pixels(std::move(builder).build(), render).labels == std::vector{-1});
}

TEST_CASE("fewer pictures are in memory at a time where they are larger") {
  const auto largest = [](int side) {
    std::int64_t most = 0;
    const auto blank = [&](const data::Dataset&, Span<const std::int64_t> indices) {
      most = std::max<std::int64_t>(most, std::ssize(indices));
      return X::zeros({std::ssize(indices), side, side, 3});
    };
    eval::pixels(pictures(600), blank, {.pool = Pool::average, .budget = 3});
    return most;
  };
  CHECK(largest(8) == 256);
  CHECK(largest(32) == 256);
  CHECK(largest(64) == 128);
  CHECK(largest(1024) == 8);  // the first batch tells how large they are
}

TEST_CASE("who watches is told of every batch how much is done") {
  std::vector<std::int64_t> done;
  const auto watch = [&](const std::string& work, std::int64_t so_far, std::int64_t all) {
    CHECK(work == "features of grey");
    CHECK(all == 600);
    done.push_back(so_far);
  };
  eval::pixels(pictures(600), render, {.pool = Pool::average, .budget = 3, .watch = watch});
  CHECK(done == std::vector<std::int64_t>{0, 8, 264, 520});
}

TEST_CASE("taps that do not exist, data that is not there and inputs of other sizes are refused") {
  nn::Sequential<> net = test::two_stages();
  const auto ask = [&](std::vector<std::string> taps, const data::Dataset& set, FeatureOptions o = {}) {
    return eval::features(net, taps, set, render, o);
  };
  CHECK_THROWS_WITH_AS(ask({"conv1"}, pictures(2)),
                       "features: no tap is named 'conv1'; there are pixels, relu, pool", Error);
  CHECK_THROWS_WITH_AS(ask({"relu", "relu"}, pictures(2)), doctest::Contains("asked for twice"), Error);
  CHECK_THROWS_WITH_AS(ask({"relu"}, data::Dataset()), doctest::Contains("has no pictures"), Error);
  CHECK_THROWS_AS(ask({"relu"}, pictures(2), {.budget = 0}), Error);
  CHECK_THROWS_AS(ask({"relu"}, pictures(2), {.batch = 0}), Error);
  const auto too_few = [](const data::Dataset& d, Span<const std::int64_t> indices) {
    return render(d, indices.first(1));
  };
  const std::string tap = "relu";
  CHECK_THROWS_WITH_AS(eval::features(net, Span(&tap, 1), pictures(2), too_few),
                       doctest::Contains("gives [1, 6, 6, 3] for 2 pictures"), Error);
  const auto growing = [](const data::Dataset&, Span<const std::int64_t> indices) {
    return X::zeros({1, 4 + indices[0], 4, 3});
  };
  CHECK_THROWS_WITH_AS(eval::features(net, Span(&tap, 1), pictures(2), growing, {.batch = 1}),
                       doctest::Contains("must be rendered to one size"), Error);
}

TEST_CASE("features are the same for any number of threads") {
  nn::Sequential<> net = test::two_stages();
  const std::vector<std::string> taps{"relu", "pool"};
  const auto results = test::with_each_pool([&] {
    std::vector<float> all;
    for (const Features& f : eval::features(net, taps, pictures(70), render, {.budget = 20}))
      all.insert(all.end(), f.x.span().begin(), f.x.span().end());
    return all;
  });
  for (const auto& result : results) CHECK(result == results[0]);
}

}  // namespace
