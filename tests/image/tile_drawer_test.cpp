// SPDX-License-Identifier: MIT
#include "pretext/image/tile_drawer.hpp"

#include <barrier>
#include <cmath>
#include <memory>
#include <thread>
#include <vector>

#include "../support.hpp"
#include "pretext/cpu/render.hpp"
#include "random_views.hpp"

using namespace pretext;

namespace {

struct OneThread {
  int index = 0, count = 1;
  void sync() const {}
  void sum(double (&)[3]) const {}
};

/// Threads of the processor in the part of those of a device.
struct Threads {
  struct Shared {
    std::barrier<> barrier;
    std::vector<double> sums;
    explicit Shared(int count) : barrier(count), sums(static_cast<std::size_t>(3 * count)) {}
  };
  int index, count;
  Shared* shared;

  void sync() const { shared->barrier.arrive_and_wait(); }
  void sum(double (&v)[3]) const {
    for (int c = 0; c < 3; ++c) shared->sums[static_cast<std::size_t>(3 * index + c)] = v[c];
    sync();
    for (double& total : v) total = 0;
    for (std::size_t i = 0; i < shared->sums.size(); ++i) v[i % 3] += shared->sums[i];
    sync();
  }
};

/// What a team draws in, of any size.
struct Room {
  std::vector<float> tile, plane;
  std::vector<WeightedPixel> weights;
  alignas(PreparedView) unsigned char view[sizeof(PreparedView)];
  alignas(Gaussian) unsigned char gaussian[sizeof(Gaussian)];
  alignas(Finish) unsigned char finish[sizeof(Finish)];

  Room(const RenderOptions& o, std::size_t weights_)
      : tile(static_cast<std::size_t>(3 * o.height * o.width), NAN),
        plane(static_cast<std::size_t>(o.height * o.width), NAN),
        weights(weights_) {}
  TileMemory memory() {
    return {view, gaussian, finish, weights.data(), std::ssize(weights), tile.data(), plane.data()};
  }
};

std::vector<ImageView> views_of(const std::vector<Image>& images) { return {images.begin(), images.end()}; }

double worst(Span<const float> a, Span<const float> b) {
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double error = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    most = std::isfinite(error) ? std::max(most, error) : INFINITY;
  }
  return most;
}

}  // namespace

TEST_CASE("a team of one draws what the renderer of the processor draws, with room for weights or without") {
  const std::vector<Image> images = test::view_pictures();
  const std::vector<ImageView> pictures = views_of(images);
  for (const RenderOptions& o : test::render_forms()) {
    CAPTURE(o.height);
    CAPTURE(static_cast<int>(o.space));
    const auto views = test::random_views(120, static_cast<int>(pictures.size()), o, true);
    const auto drawn = render<Cpu>(pictures, views, o);
    for (const std::size_t weights : {std::size_t{100000}, std::size_t{150}, std::size_t{0}}) {
      Room room(o, weights);
      std::vector<float> own(static_cast<std::size_t>(o.height * o.width * o.written()), NAN);
      int off = 0;
      for (std::size_t i = 0; i < views.size(); ++i) {
        TileDrawer<OneThread>({}, o, room.memory())(pictures.data(), views[i], own.data());
        const auto at = static_cast<std::int64_t>(i);
        off += worst(own, drawn.rows(at, at + 1).span()) < test::render_bound(o, views[i]) ? 0 : 1;
      }
      CHECK(off <= 1);
    }
  }
}

TEST_CASE("teams of any size draw the same, but for the order of sums") {
  const std::vector<Image> images = test::view_pictures();
  const std::vector<ImageView> pictures = views_of(images);
  for (const RenderOptions& o : test::render_forms()) {
    const auto views = test::random_views(12, static_cast<int>(pictures.size()), o, true, 1000);
    const std::size_t each = static_cast<std::size_t>(o.height * o.width * o.written());
    std::vector<float> alone(views.size() * each, NAN);
    Room room(o, 3000);
    for (std::size_t i = 0; i < views.size(); ++i)
      TileDrawer<OneThread>({}, o, room.memory())(pictures.data(), views[i], alone.data() + i * each);
    for (const int count : {2, 5}) {
      std::vector<float> together(views.size() * each, NAN);
      Threads::Shared shared(count);
      std::vector<std::jthread> threads;
      for (int t = 0; t < count; ++t)
        threads.emplace_back([&, t] {
          const Threads team{t, count, &shared};
          const TileDrawer<Threads> draw(team, o, room.memory());
          for (std::size_t i = 0; i < views.size(); ++i) {
            draw(pictures.data(), views[i], together.data() + i * each);
            team.sync();
          }
        });
      threads.clear();
      if (o.normalization.statistics == Statistics::given)
        CHECK(together == alone);
      else
        CHECK(worst(together, alone) < 1e-4);
    }
  }
}

TEST_CASE("pixels that look at no others can be drawn one by one, in any order") {
  const std::vector<Image> images = test::view_pictures();
  const std::vector<ImageView> pictures = views_of(images);
  for (const RenderOptions& o : test::render_forms()) {
    if (o.normalization.statistics != Statistics::given) continue;
    const auto views = test::random_views(150, static_cast<int>(pictures.size()), o, false, 2000);
    const auto drawn = render<Cpu>(pictures, views, o);
    std::vector<WeightedPixel> weights(2000);
    int off = 0;
    for (std::size_t i = 0; i < views.size(); ++i) {
      const View& view = views[i];
      REQUIRE_FALSE(looks_around(view, o.height, o.width));
      const PreparedView prepared(pictures[static_cast<std::size_t>(view.source)], view, o, weights.data(),
                                  std::ssize(weights));
      prepared.weigh(OneThread{});
      const Finish finish(o.normalization, view, o.space, prepared.paint.steps.white(), {});
      const float* at = drawn.data() + static_cast<std::int64_t>(i) * o.height * o.width * o.written();
      double most = 0;
      for (int p = o.height * o.width - 1; p >= 0; --p) {
        float values[3];
        prepared(p % o.width, p / o.width, finish, values);
        const auto channels = static_cast<std::size_t>(channel_count(o.space));
        most = std::max(most, worst({values, channels}, {at + p * o.written(), channels}));
      }
      off += most < test::render_bound(o, view) ? 0 : 1;
    }
    CHECK(off <= 1);
  }
}

TEST_CASE("a view that looks around without room for it is drawn as not a number, never wrongly") {
  const Image image = test::noise(9, 9);
  const ImageView picture = image;
  const RenderOptions o{6, 6};
  Room room(o, 100);
  TileMemory memory = room.memory();
  memory.plane = nullptr;
  for (const View& view : {View{.blur = 1}, View{.low_width = 3}, View{.low_height = 2}}) {
    CHECK(looks_around(view, 6, 6));
    std::vector<float> drawn(108, 0);
    TileDrawer<OneThread>({}, o, memory)(&picture, view, drawn.data());
    for (const float v : drawn) CHECK(std::isnan(v));
  }
  std::vector<float> drawn(108, NAN);
  TileDrawer<OneThread>({}, o, memory)(&picture, View{.low_height = 6, .low_width = 200}, drawn.data());
  for (const float v : drawn) CHECK(std::isfinite(v));
}
