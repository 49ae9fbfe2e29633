// SPDX-License-Identifier: MIT
#include "pretext/cuda/render.hpp"

#include <doctest/doctest.h>

#include <cstring>

#include "cuda/gpu.hpp"
#include "image/random_views.hpp"
#include "pretext/cpu/render.hpp"
#include "pretext/cuda/resident.hpp"
#include "pretext/cuda/view_program.hpp"
#include "pretext/data/loader.hpp"
#include "pretext/tasks/colorization.hpp"
#include "pretext/tasks/contrastive.hpp"
#include "pretext/tasks/exemplar.hpp"
#include "pretext/tasks/exemplar_triplet.hpp"
#include "pretext/tasks/jigsaw.hpp"
#include "pretext/tasks/relative_location.hpp"
#include "pretext/tasks/rotation.hpp"
#include "pretext/tasks/supervised.hpp"

using namespace test;

namespace {

/// A data set in memory, with grey pictures and an empty one, which data::Dataset has not.
struct Few {
  std::vector<Image> images = view_pictures();
  std::int64_t size() const { return std::ssize(images); }
  std::string name() const { return "few"; }
  ImageView image(std::int64_t i) const { return images[static_cast<std::size_t>(i)]; }
  int label(std::int64_t i) const { return static_cast<int>(7 * i) - 1; }
  std::vector<ImageView> views() const { return {images.begin(), images.end()}; }
};

/// The largest difference between two views by what is allowed; `rounding` is that of what is stored.
double excess(const double* is, const double* should, std::int64_t n, double bound, double rounding) {
  double worst = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const double error = std::abs(is[i] - should[i]) / (bound + rounding * std::abs(should[i]));
    worst = std::isfinite(error) ? std::max(worst, error) : INFINITY;
  }
  return worst;
}

template <class T>
void check_drawn(const std::vector<ImageView>& pictures, const std::vector<View>& views,
                 const RenderOptions& o) {
  const auto should = values(render<Cpu>(pictures, views, o));
  const auto is = values(render<Cuda, T>(pictures, views, o));
  REQUIRE(is.size() == should.size());
  const std::int64_t each = std::int64_t{o.height} * o.width * o.written();
  std::vector<std::pair<std::size_t, double>> off;
  for (std::size_t i = 0; i < views.size(); ++i) {
    const std::int64_t at = static_cast<std::int64_t>(i) * each;
    const double by = excess(is.data() + at, should.data() + at, each, render_bound(o, views[i]),
                             sizeof(T) == 2 ? 0x1p-8 : 0);
    if (!(by < 1)) off.emplace_back(i, by);
  }
  std::string which;
  for (const auto& [view, by] : off) which += message(" ", view, " by ", by);
  CAPTURE(which);
  CHECK(off.size() <= 1 + views.size() / 1000);  // samples on the edge of their picture
}

}  // namespace

TEST_CASE("the GPU draws 2000 random views as the processor does, in both types") {
  if (no_gpu()) return;
  const Few few;
  for (const RenderOptions& o : render_forms()) {
    CAPTURE(o.height);
    CAPTURE(static_cast<int>(o.space));
    CAPTURE(static_cast<int>(o.normalization.statistics));
    for (const bool around : {false, true}) {
      const auto views = random_views(91, static_cast<int>(few.size()), o, around, around ? 0 : 5000);
      check_drawn<float>(few.views(), views, o);
      check_drawn<bf16>(few.views(), views, o);
    }
  }
}

TEST_CASE("tiles of every size are drawn: many strips, whole multiprocessors, and beyond them") {
  if (no_gpu()) return;
  const Few few;
  const Normalization given{{0.5F, 0.4F, 0.3F}, {0.2F, 0.3F, 0.25F}, Statistics::given, 1.5F},
      own{{0, 0, 0}, {0.5F, 1, 2}, Statistics::tile, 1.5F};
  for (const Normalization& n : {given, own})
    for (const int size : {33, 64, 96, 151, 224}) {
      CAPTURE(size);
      const RenderOptions square{size, size, n}, wide{size, size + 3, n, Space::rgb, 4};
      check_drawn<float>(few.views(), random_views(12, 8, square, true, 100), square);
      check_drawn<bf16>(few.views(), random_views(12, 8, wide, true, 200), wide);
      check_drawn<float>(few.views(), random_views(12, 8, square, false, 300), square);
    }
}

TEST_CASE("a call of no views draws none, and one of many draws all") {
  if (no_gpu()) return;
  const Few few;
  const std::vector<View> none;
  CHECK(render<Cuda>(few.views(), none, {}).shape() == Shape{0, 32, 32, 3});
  const RenderOptions tiny{2, 3};
  check_drawn<float>(few.views(), random_views(20000, 8, tiny, false), tiny);
}

TEST_CASE("views on the GPU: the caller's word that none looks around is checked, and draws are the same") {
  if (no_gpu()) return;
  const Few few;
  const cuda::DevicePictures pictures(few.views());
  CHECK(pictures.size() == 8);
  for (const Statistics s : {Statistics::given, Statistics::tile}) {
    const RenderOptions o{20, 20, {{}, {1, 1, 1}, s}};
    std::vector<View> views = random_views(40, 8, o, false);
    views[3].blur = 1;
    views[5].low_width = 7;
    const auto sent = Tensor<View, Cuda>::from({40}, views);
    Tensor<float, Cuda> crisp({40, 20, 20, 3}), all({40, 20, 20, 3}), again({40, 20, 20, 3});
    cuda::render_views(pictures.table(), sent.data(), o, true, crisp);
    cuda::render_views(pictures.table(), sent.data(), o, false, all);
    cuda::render_views(pictures.table(), sent.data(), o, false, again);
    CHECK(values(all) == values(again));
    for (std::int64_t i = 0; i < 40; ++i) {
      CAPTURE(i);
      const auto one = values(crisp.rows(i, i + 1));
      if (i == 3 || i == 5)
        CHECK(std::ranges::all_of(one, [](double v) { return std::isnan(v); }));
      else
        CHECK(one == values(all.rows(i, i + 1)));
    }
  }
}

TEST_CASE("a data set stays on the GPU, and one that has no room there is refused in bytes") {
  if (no_gpu()) return;
  const Few few;
  const cuda::ResidentSet set(few);
  CHECK(set.size() == few.size());
  std::vector<ImageView> table(8);
  std::vector<std::int32_t> labels(8);
  Cuda::download(table.data(), set.pictures(), 8 * sizeof(ImageView));
  Cuda::download(labels.data(), set.labels(), 8 * sizeof(std::int32_t));
  for (std::size_t i = 0; i < 8; ++i) {
    const ImageView is = table[i], should = few.images[i];
    CHECK(labels[i] == few.label(static_cast<std::int64_t>(i)));
    REQUIRE(is.size() == should.size());
    CHECK(is.height == should.height);
    CHECK(is.channels == should.channels);
    std::vector<std::uint8_t> pixels(static_cast<std::size_t>(is.size()));
    Cuda::download(pixels.data(), is.pixels, pixels.size());
    CHECK(std::equal(pixels.begin(), pixels.end(), should.pixels));
  }
  struct Huge : Few {
    ImageView image(std::int64_t) const { return {nullptr, 1 << 20, 1 << 20, 3}; }
  };
  CHECK_THROWS_WITH_AS(cuda::ResidentSet(Huge{}), doctest::Contains("few have 26388279066816 bytes"), Error);
}

namespace {

bool near(float a, float b) { return a == b || std::abs(a - b) <= 2e-5F * std::max(1.0F, std::abs(b)); }

/// All that is whole must be equal, and floats but for roundings: one compiler may fuse what another does in
/// two steps.
bool same(const View& a, const View& b) {
  const float *m = &a.map.xx, *n = &b.map.xx, *h = &a.hsv.hue, *g = &b.hsv.hue;
  bool ok = a.source == b.source && a.antialias == b.antialias && a.low_height == b.low_height &&
            a.low_width == b.low_width && a.clip == b.clip && a.noise_key == b.noise_key &&
            a.noise_unit == b.noise_unit && a.turns == b.turns && near(a.blur, b.blur);
  for (int i = 0; i < 3; ++i)
    ok = ok && a.shift_x[i] == b.shift_x[i] && a.shift_y[i] == b.shift_y[i] && near(a.noise[i], b.noise[i]);
  for (int i = 0; i < 6; ++i) ok = ok && near(m[i], n[i]);
  for (int i = 0; i < 12; ++i) ok = ok && near(a.color.m[i], b.color.m[i]);
  for (int i = 0; i < 7; ++i) ok = ok && near(h[i], g[i]);
  return ok;
}

struct Pictures : Few {
  Pictures() {
    images.clear();
    for (std::uint32_t i = 0; i < 300; ++i)
      images.push_back(noise(40 + static_cast<int>(i) % 37, 32 + static_cast<int>(i * 7) % 90, i));
  }
};

constexpr std::uint64_t seed = 9;

template <class Program>
void check_program(const Program& program, bool exact) {
  const Pictures few;
  const cuda::ResidentSet set(few);
  const cuda::DeviceProgram<Program> there(program);
  const std::int64_t n = 128;
  const auto each = static_cast<std::size_t>(program.views),
             answers = static_cast<std::size_t>(program.labels);
  std::int64_t different = 0, count = 0;
  cuda::DeviceValue<cuda::StepState> state;
  for (const bool training : {true, false})
    for (const bool shuffle : {true, false}) {
      const std::uint32_t epoch = training ? 3 : 0;
      const auto plan = data::plan_batch(300, {.batch = n, .seed = 4, .shuffle = shuffle}, epoch, 1);
      std::vector<View> views(128 * each);
      std::vector<std::int32_t> labels(128 * answers);
      for (std::size_t i = 0; i < 128; ++i) {
        const std::int64_t index = plan.indices[i];
        const Source source{few.image(index), static_cast<std::int32_t>(i), few.label(index), training,
                            index};
        write_views(program, source, seed, epoch, views.data(), labels.data());
        for (std::size_t k = 0; k < each; ++k) views[i * each + k].source = static_cast<std::int32_t>(index);
      }
      state.set({.first = n, .epoch = epoch});
      Tensor<View, Cuda> views_there(Shape{n * program.views});
      Tensor<std::int32_t, Cuda> labels_there(Shape{n * program.labels});
      cuda::launch_views(*there, {set.pictures(), set.labels(), 300, state.data(), shuffle, 4}, n, seed,
                         training, views_there.data(), labels_there.data());
      const auto drawn = views_there.template to<Cpu>();
      const auto answered = labels_there.template to<Cpu>();
      CHECK(std::vector<std::int32_t>(answered.span().begin(), answered.span().end()) == labels);
      for (std::size_t i = 0; i < views.size(); ++i) {
        const bool equal = same(drawn.span()[i], views[i]);
        different += equal ? 0 : 1;
        ++count;
      }
    }
  MESSAGE("views that are not the same: ", different, " of ", count);
  // A crop's whole number of pixels may be rounded from just above or just below a half.
  CHECK(different <= (exact ? 0 : count / 500));
}

tasks::JigsawViews jigsaw_views(const std::vector<tasks::TilePermutation>& table) {
  return {.grid = {.tile = 10, .gap = 4, .jitter = 4, .channel_shift = 1},
          .crop = {.height = 42, .width = 42, .short_side = 48, .mirror = true},
          .colors = {.grey = 0.3F, .projection = 0.3F, .dropping = 0.5F},
          .table = table.front().data(),
          .permutations = static_cast<int>(table.size()),
          .labels = 3};
}

tasks::RelativeLocationViews location_views() {
  tasks::RelativeLocationViews program{
      .grid = {.tile = 10, .gap = 4, .jitter = 4},
      .crop = {.height = 42, .width = 42, .area_low = 2000, .area_high = 6000},
      .colors = {.dropping = 1, .noise = 0.6F},
      .pairs = {.same_place = true},
      .lowering = 0.4F,
      .lowest = 3,
      .grids = 2};
  tasks::detail::CountPairs counted;
  program.pairs.each(counted);
  program.views = 2 * program.pairs.patches();
  program.labels = 2 * counted.count;
  return program;
}

/// The views of each answer, on the GPU and on the host.
template <class Program>
void check_members(const Program& program) {
  const std::int64_t n = 33;
  std::vector<std::int32_t> labels(static_cast<std::size_t>(n * program.labels));
  Rng rng(4, Use::test);
  for (std::int32_t& label : labels)
    label = static_cast<std::int32_t>(rng.below(static_cast<std::uint32_t>(program.classes())));
  std::vector<std::int32_t> should(labels.size() * Program::group);
  for (std::int64_t i = 0; i < n; ++i)
    program.members(labels.data() + i * program.labels, static_cast<std::int32_t>(i * program.views),
                    should.data() + i * program.labels * Program::group);
  const cuda::DeviceProgram<Program> there(program);
  const auto sent = Tensor<std::int32_t, Cuda>::from(Shape{n * program.labels}, labels);
  Tensor<std::int32_t, Cuda> members(Shape{n * program.labels * Program::group});
  cuda::launch_members(*there, sent.data(), n, members.data());
  const auto is = members.to<Cpu>();
  CHECK(std::vector<std::int32_t>(is.span().begin(), is.span().end()) == should);
}

const std::vector<tasks::TilePermutation>& permutations() {
  static const auto table = tasks::tile_permutations({.count = 20});
  return table;
}

}  // namespace

TEST_CASE("view programs write on the GPU what they write on the host") {
  if (no_gpu()) return;
  check_program(tasks::RotationViews{tasks::SquareCrop{.size = 24}}, true);
  check_program(tasks::RotationViews{tasks::ResizedCrop{.size = 24}}, false);
  check_program(tasks::SupervisedViews{}, true);
  check_program(jigsaw_views(permutations()), false);
  check_program(location_views(), false);
  check_program(tasks::ContrastiveViews{{.crop = {.size = 32}}}, false);
  check_program(tasks::ExemplarCrops<8>{{.size = 32}}, false);
  check_program(tasks::ColorizationViews{{.height = 24, .width = 24, .short_side = 28, .mirror = true}},
                false);
  std::vector<tasks::Place> places;
  for (int i = 0; i < 300; ++i)
    places.push_back({static_cast<float>(20 + i % 9), 16, static_cast<float>(9 + i % 7)});
  check_program(tasks::ExemplarViews{{.blur = 1}, 24, places.data(), 300}, false);
}

TEST_CASE("which views an answer is about is told on the GPU as on the host") {
  if (no_gpu()) return;
  check_members(jigsaw_views(permutations()));
  check_members(location_views());
}

TEST_CASE("drawing is recorded once and replayed for any step of any epoch") {
  if (no_gpu()) return;
  const Pictures few;
  const cuda::ResidentSet set(few);
  const tasks::ContrastiveViews program{{.crop = {.size = 24}}};  // blurs half its views
  const RenderOptions form{24, 24, cifar_normalization};
  const std::int64_t n = 40;
  cuda::DeviceValue<cuda::StepState> state;
  Tensor<bf16, Cuda> drawn({2 * n, 24, 24, 3}), eager({2 * n, 24, 24, 3});
  const auto draw = [&](Tensor<bf16, Cuda>& to) {
    Tensor<View, Cuda> views(Shape{2 * n});
    Tensor<std::int32_t, Cuda> labels(Shape{2 * n});
    cuda::launch_views(program, {set.pictures(), set.labels(), set.size(), state.data()}, n, seed, true,
                       views.data(), labels.data());
    cuda::render_views(set.pictures(), views.data(), form, false, to);
  };
  cuda::Graph graph;
  graph.warm_up([&] { draw(drawn); });
  graph.record([&] { draw(drawn); });
  for (const cuda::StepState& at : {cuda::StepState{0, 0, 0}, {80, 0, 2}, {80, 5, 16}}) {
    state.set(at);
    graph.replay();
    draw(eager);
    CHECK(values(drawn) == values(eager));
  }
  CHECK(graph.nodes() == 3);
}
