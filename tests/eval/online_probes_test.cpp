// SPDX-License-Identifier: MIT
#include "pretext/eval/online_probes.hpp"

#include <map>

#include "pretext/cpu/render.hpp"
#include "pretext/tasks/rotation.hpp"
#include "support.hpp"
#include "train/tiny.hpp"

using namespace pretext;
using eval::OnlineProbes;

namespace {

/// A network whose last tap is a batch norm, which a training step computes later, with what follows it.
nn::Sequential<> network(std::uint64_t seed = 1) {
  Rng rng(seed);
  nn::Sequential<> first, last, net;
  first.add("conv", nn::Conv2d<>({.in = 3, .out = 8, .kernel = 3, .padding = 1}, rng));
  first.add("bn", nn::BatchNorm2d<>({.channels = 8}));
  first.add("relu", nn::Relu());
  last.add("conv", nn::Conv2d<>({.in = 8, .out = 8, .kernel = 3, .padding = 1}, rng));
  last.add("bn", nn::BatchNorm2d<>({.channels = 8}));
  net.add("first", std::move(first));
  net.add("last", std::move(last));
  return net;
}

/// The same pictures under labels that say nothing of them.
data::Dataset mislabelled(const data::Dataset& from) {
  data::DatasetBuilder builder("mislabelled", from.classes());
  Rng rng(3, Use::test);
  for (std::int64_t i = 0; i < from.size(); ++i) {
    const ImageView picture = from.image(i);
    std::uint8_t* pixels = builder.add(picture.height, picture.width, static_cast<int>(rng.below(3)));
    std::copy_n(picture.pixels, picture.size(), pixels);
  }
  return std::move(builder).build();
}

const eval::OnlineProbeOptions small{.held_out = 4, .lr = 0.05, .bank = 400, .k = 3};

struct Run {
  std::uint64_t weights = 0;
  std::vector<eval::OnlineScore> scores;
};

train::FitOptions options(std::int64_t epochs) {
  return {.epochs = epochs, .batch = 10, .schedule = optim::Constant{0.05}, .progress = {.out = nullptr}};
}

/// Rotation on pictures, with or without probes.
Run trained(const data::Dataset& pictures, bool probed, train::FitOptions how,
            eval::OnlineProbeOptions probe = small) {
  nn::Sequential<> net = network();
  Rng rng(2);
  tasks::Rotation<> task({.features = 8, .program = {tasks::SquareCrop{.size = 6, .padding = 0}}}, rng);
  std::optional<OnlineProbes> probes;
  if (probed) how.companion = &probes.emplace(net, Shape{1, 6, 6, 3}, 3, probe);
  train::fit(net, task, pictures, optim::Sgd{.momentum = 0.9}, how);
  return {nn::hash_state(net), probes ? probes->scores() : std::vector<eval::OnlineScore>()};
}

bool same(const std::vector<eval::OnlineScore>& a, const std::vector<eval::OnlineScore>& b) {
  return std::ranges::equal(a, b, [](const auto& x, const auto& y) {
    return x.epoch == y.epoch && x.tap == y.tap && x.linear == y.linear && x.knn == y.knn;
  });
}

}  // namespace

TEST_CASE("probes that watch a training learn what it learns of, and change no bit of the network") {
  const data::Dataset pictures = test::tiny_pictures(120), wrong = mislabelled(pictures);
  const Run alone = trained(pictures, false, options(6)), watched = trained(pictures, true, options(6)),
            misled = trained(wrong, true, options(6));
  CHECK(watched.weights == alone.weights);
  CHECK(misled.weights == alone.weights);
  REQUIRE(watched.scores.size() == 12);
  for (std::size_t i = 0; i < 12; ++i) {
    CAPTURE(i);
    CHECK(watched.scores[i].epoch == static_cast<std::int64_t>(i / 2) + 1);
    CHECK(watched.scores[i].tap == (i % 2 == 0 ? "first" : "last"));
    if (i < 8) continue;
    CHECK(watched.scores[i].linear > 0.9);
    CHECK(watched.scores[i].knn > 0.9);
    CHECK(misled.scores[i].knn <
          0.6);  // the bank holds each picture once at most: its own label is not asked
  }
}

TEST_CASE("a training that stops and goes on has the same probes") {
  const test::TempDir dir;
  const data::Dataset pictures = test::tiny_pictures(60);
  const auto probe_to = [&](const char* name) {
    eval::OnlineProbeOptions o = small;
    o.file = dir / name;
    return o;
  };
  const Run whole = trained(pictures, true, options(4), probe_to("whole.jsonl"));

  train::FitOptions how = options(4);
  how.out = dir / "run";
  how.schedule = [sent = false](double epoch) mutable {
    if (epoch > 1.4 && !std::exchange(sent, true)) ::raise(SIGTERM);
    return 0.05;
  };
  CHECK_THROWS_AS(trained(pictures, true, how, probe_to("halves.jsonl")), train::Interrupted);
  how.schedule = optim::Constant{0.05};
  how.mode = train::RunMode::resume;
  const Run halves = trained(pictures, true, how, probe_to("halves.jsonl"));
  CHECK(halves.weights == whole.weights);
  CHECK(same(halves.scores, whole.scores));
  CHECK(test::read_file(dir / "halves.jsonl") == test::read_file(dir / "whole.jsonl"));
  CHECK(test::read_file(dir / "whole.jsonl").starts_with("{\"epoch\":1,\"tap\":\"first\",\"linear\":"));
}

TEST_CASE("pictures without labels are passed over") {
  data::DatasetBuilder builder("some", {"red", "green", "blue"});
  const data::Dataset all = test::tiny_pictures(60);
  for (std::int64_t i = 0; i < all.size(); ++i)
    std::copy_n(all.image(i).pixels, all.image(i).size(), builder.add(6, 6, i % 2 == 0 ? all.label(i) : -1));
  const data::Dataset some = std::move(builder).build();
  CHECK(trained(some, true, options(8)).scores.back().linear > 0.8);
}

TEST_CASE("probes refuse options that make no sense, a second watcher and a state that is not theirs") {
  nn::Sequential<> net = network();
  const Shape input{1, 6, 6, 3};
  CHECK_THROWS_WITH_AS(OnlineProbes(net, input, 0, small), doctest::Contains("0 classes"), Error);
  CHECK_THROWS_WITH_AS(OnlineProbes(net, input, 3, {.bank = 2, .k = 3}),
                       doctest::Contains("does not hold 3 neighbours"), Error);
  CHECK_THROWS_WITH_AS(OnlineProbes(net, input, 3, {.held_out = 1}), doctest::Contains("held out"), Error);

  OnlineProbes probes(net, input, 3, small);
  CHECK_THROWS_WITH_AS(OnlineProbes(net, input, 3, small), doctest::Contains("watches this network already"),
                       Error);
  const std::vector<NamedTensor> good = probes.save_state();
  probes.load_state(good);
  CHECK_THROWS_WITH_AS(probes.load_state({}), doctest::Contains("has no 'scores'"), Error);
  const auto damaged = [&](const std::string& name, std::size_t byte, std::uint8_t value) {
    std::vector<NamedTensor> tensors = good;
    for (NamedTensor& t : tensors)
      if (t.name == name) t.data.at(byte) = std::byte{value};
    return tensors;
  };
  for (const std::size_t count : {5U, 6U})  // where the bank goes on, and how many rows it has
    CHECK_THROWS_WITH_AS(probes.load_state(damaged("first.counts", 8 * count + 2, 1)),
                         doctest::Contains("memory of tap first is damaged"), Error);
  CHECK_THROWS_AS(probes.load_state(damaged("last.counts", 7, 0xFF)), Error);
  CHECK_THROWS_AS(probes.load_state(damaged("last.labels", 3, 0xFF)), Error);
  CHECK_THROWS_AS(probes.load_state(damaged("last.labels", 0, 3)), Error);
}

TEST_CASE("a network that is moved leaves its watcher behind") {
  nn::Sequential<> net = network(), moved;
  int seen = 0;
  net.watch([&](auto&&...) { ++seen; });
  moved = std::move(net);
  Tape<Cpu> tape;
  moved(tape.constant(Tensor<float, Cpu>::zeros({2, 6, 6, 3})));
  CHECK(seen == 0);
}
