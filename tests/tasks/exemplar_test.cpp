// SPDX-License-Identifier: MIT
#include "pretext/tasks/exemplar.hpp"

#include "pretext/cpu/triplet_loss.hpp"
#include "pretext/models/exemplar_cnn.hpp"
#include "pretext/tasks/exemplar_triplet.hpp"
#include "task_checks.hpp"

using namespace pretext;
using namespace pretext::tasks;
using namespace test;

namespace {}  // namespace

TEST_CASE("transformations are drawn evenly within the paper's ranges") {
  const ExemplarTransform transform{.blur = 1.5F};
  const Place place{40, 30, 24};
  const Image picture(64, 80);  // all that is drawn lies inside
  std::map<std::string, std::vector<float>> drawn;
  for (std::uint32_t i = 0; i < 1'000'000; ++i) {
    Rng rng(3, Use::views, 0, i);
    View view;
    transform(view, place, picture, 32, rng);
    REQUIRE(view.clip);
    drawn["dx"].push_back((view.map.x(15.5F, 15.5F) - 40) / 24);
    drawn["dy"].push_back((view.map.y(15.5F, 15.5F) - 30) / 24);
    drawn["scale"].push_back(std::log(std::hypot(view.map.xx, view.map.yx) * 32 / 24));
    drawn["angle"].push_back(std::atan2(view.map.yx, view.map.xx) * 57.29578F);
    for (int c = 0; c < 3; ++c)
      drawn["contrast" + std::to_string(c)].push_back(std::log(view.color.m[5 * c]));
    for (const auto& [name, curve] : {std::pair("s", view.hsv.saturation), {"v", view.hsv.value}}) {
      drawn[std::string("power ") + name].push_back(std::log(curve.power));
      drawn[std::string("factor ") + name].push_back(std::log(curve.scale));
      drawn[std::string("shift ") + name].push_back(curve.shift);
    }
    drawn["hue"].push_back(view.hsv.hue);
    drawn["blur"].push_back(view.blur);
  }
  const auto check = [&](const std::string& name, float low, float high) {
    CAPTURE(name);
    CHECK(kolmogorov(drawn.at(name), low, high) < 1.95);
  };
  check("dx", -0.2F, 0.2F);
  check("dy", -0.2F, 0.2F);
  check("scale", std::log(0.7F), std::log(1.4F));
  check("angle", -20, 20);
  for (const char* c : {"0", "1", "2"}) check(std::string("contrast") + c, std::log(0.5F), std::log(2.0F));
  for (const std::string c : {"s", "v"}) {
    check("power " + c, std::log(0.25F), std::log(4.0F));
    check("factor " + c, std::log(0.7F), std::log(1.4F));
    check("shift " + c, -0.1F, 0.1F);
  }
  check("hue", -0.1F, 0.1F);
  check("blur", 0, 1.5F);
}

TEST_CASE("no sample of a seed reaches over the border of its picture, whose black would tell it") {
  for (const auto& [height, width] : {std::pair{32, 32}, {32, 96}, {96, 24}, {7, 5}}) {
    Image white(height, width);
    std::fill_n(white.pixels(), white.view().size(), std::uint8_t{255});
    const ImageView picture = white;
    const auto bottom = static_cast<float>(height - 1), right = static_cast<float>(width - 1),
               side = static_cast<float>(std::min(height, width));
    const ExemplarTransform all{},
        turning{.translation = 1, .scale_low = 0.1F, .scale_high = 10, .rotation = 180};
    for (const Place& place : {Place{0, 0, 0.4F * side},
                               {right, bottom, 0.6F * side},
                               {0.5F * right, 0, side},
                               {0.5F * right, 0.5F * bottom, side},
                               {right, 0.3F * bottom, 1}})
      for (std::uint32_t i = 0; i < 200; ++i) {
        Rng rng(3, Use::views, 0, i);
        View view;
        (i % 2 == 0 ? all : turning)(view, place, picture, 16, rng);
        const View shown{.map = view.map};
        const auto drawn = render<Cpu>({&picture, 1}, {&shown, 1}, {16, 16});
        REQUIRE(*std::ranges::min_element(drawn.span()) > 0.9999F);
      }
  }
}

TEST_CASE("an exemplar that is not transformed is its patch, labelled by its number") {
  const auto dataset = data::shapes({.count = 40});
  const Seeds seeds = exemplar_seeds(dataset, {.count = 6, .smallest = 0.5F, .largest = 0.5F, .scales = 1});
  ExemplarOptions options{.features = 16, .normalization = {}, .size = 16};
  options.transform = {.translation = 0,
                       .scale_low = 1,
                       .scale_high = 1,
                       .rotation = 0,
                       .contrast_low = 1,
                       .contrast_high = 1,
                       .power_low = 1,
                       .power_high = 1,
                       .factor_low = 1,
                       .factor_high = 1,
                       .shift = 0,
                       .hue = 0};
  Rng rng(1);
  const Exemplar<> task(options, seeds, rng);
  const auto batch = task.batch(seeds.pictures, plan({4, 1}), true);
  REQUIRE(batch.inputs.shape() == Shape{2, 16, 16, 3});
  CHECK(values_of(batch.labels) == std::vector<std::int32_t>{4, 1});
  const Place place = seeds.places[1];
  const ImageView picture = seeds.pictures.image(1);
  for (int y = 0; y < 16; ++y)
    for (int x = 0; x < 16; ++x)
      for (int c = 0; c < 3; ++c)
        REQUIRE(batch.inputs.data()[((16 + y) * 16 + x) * 3 + c] ==
                doctest::Approx(picture.at(static_cast<int>(place.y - 7.5F) + y,
                                           static_cast<int>(place.x - 7.5F) + x, c) /
                                255.0)
                    .epsilon(1e-3));
}

TEST_CASE("contrast changes along the axes of the seeds' colours where no others are given") {
  const Seeds seeds = exemplar_seeds(data::shapes({.count = 20}), {.count = 10});
  std::vector<ImageView> pictures;
  for (std::int64_t i = 0; i < seeds.pictures.size(); ++i) pictures.push_back(seeds.pictures.image(i));
  const auto inputs = [&](const ColorAxes& axes) {
    Rng rng(1);
    const Exemplar<> task({.features = 16, .transform = {.axes = axes}}, seeds, rng);
    return values_of(task.batch(seeds.pictures, plan({3}), true).inputs);
  };
  ColorAxes grey;
  grey.mean[0] = 0.25F;
  CHECK(inputs({}) == inputs(color_axes(pictures)));
  CHECK(inputs({}) != inputs(grey));
}

TEST_CASE("samples repeat after as many epochs as there are, and evaluation sees another one") {
  const Seeds seeds = exemplar_seeds(data::shapes({.count = 20}), {.count = 10});
  Rng rng(1);
  const Exemplar<> fixed({.features = 16, .samples = 3}, seeds, rng), fresh({.features = 16}, seeds, rng);
  const auto inputs = [&](const Exemplar<>& task, std::int64_t epoch, bool training) {
    return values_of(task.batch(seeds.pictures, plan({7}, epoch), training).inputs);
  };
  CHECK(inputs(fixed, 1, true) == inputs(fixed, 4, true));
  CHECK_FALSE(inputs(fixed, 1, true) == inputs(fixed, 2, true));
  CHECK_FALSE(inputs(fresh, 1, true) == inputs(fresh, 4, true));
  CHECK(inputs(fresh, 0, false) == inputs(fresh, 5, false));
  for (std::int64_t epoch = 0; epoch < 3; ++epoch)
    CHECK_FALSE(inputs(fixed, 0, false) == inputs(fixed, epoch, true));
}

TEST_CASE("the exemplar task draws the same whatever the batch, and learns") {
  // Small enough to be moved and turned within their pictures.
  const Seeds seeds =
      exemplar_seeds(data::shapes({.count = 32}), {.count = 16, .smallest = 0.25F, .largest = 0.45F});
  Rng rng(1);
  Exemplar<> task({.features = 16, .seed = 3}, seeds, rng);
  check_draws(task, seeds.pictures, 1, 1);
  auto net = small_backbone();
  check_learns(net, task, seeds.pictures, {.epochs = 100, .lr = 0.05, .share = 0.8, .accuracy = 0.2});
}

TEST_CASE("the published network learns exemplars, with dropout before the head") {
  const Seeds seeds = exemplar_seeds(data::shapes({.count = 40}), {.count = 16});
  Rng rng(1);
  Exemplar<> task({.features = 32, .seed = 3, .dropout = 0.5}, seeds, rng);
  auto net = models::exemplar_cnn({.convolutions = {16, 16}, .features = 32}, rng);
  const auto batch = task.batch(seeds.pictures, plan({0, 1, 2}), true);
  Tape<Cpu> one(1, 1), two(1, 2), again(1, 1);
  const float first = task.loss(net, one, batch).loss.value().item();
  CHECK(first == task.loss(net, again, batch).loss.value().item());
  CHECK(first != task.loss(net, two, batch).loss.value().item());
  check_learns(net, task, seeds.pictures, {.epochs = 120, .lr = 0.02, .share = 0.85, .accuracy = 0.3});
}

TEST_CASE("the triplet variant draws the same whatever the batch, and learns") {
  const auto dataset = data::shapes({.count = 32});
  for (const ops::Mining mining : {ops::Mining::semi_hard, ops::Mining::hard}) {
    Rng rng(1);
    ExemplarTripletOptions options{.features = 16, .seed = 3, .embedding = 24};
    options.crop.size = 24;
    options.crop.area_low = 0.3F;
    options.mining = mining;
    ExemplarTriplet<> task(options, rng);
    const auto batch = task.batch(dataset, plan({9, 2}), true);
    REQUIRE(batch.inputs.shape() == Shape{16, 24, 24, 3});
    for (int i = 0; i < 16; ++i) CHECK(batch.labels.data()[i] == i / 8);
    check_draws(task, dataset, 8);
    auto net = small_backbone();
    const auto embeddings = task.embed(net, batch.inputs);
    REQUIRE(embeddings.shape() == Shape{16, 24});
    for (std::int64_t i = 0; i < 16; ++i) {
      double length = 0;
      for (std::int64_t c = 0; c < 24; ++c) length += std::pow(embeddings.data()[i * 24 + c], 2);
      CHECK(length == doctest::Approx(1));
    }
    // Crops of untrained colours find their own kind half the time.
    const bool hard = mining == ops::Mining::hard;
    check_learns(net, task, dataset,
                 {.epochs = hard ? 20 : 12, .lr = 0.05, .share = 0.96, .accuracy = hard ? 0.68 : 0.78});
  }
}

TEST_CASE("triplets of one picture are no question: they train nothing and score nothing") {
  const auto dataset = data::shapes({.count = 3});
  Rng rng(1);
  ExemplarTripletOptions options{.features = 16, .embedding = 8};
  options.crop.size = 16;
  ExemplarTriplet<> task(options, rng);
  auto net = small_backbone();
  Tape<Cpu> tape(1);
  const auto one = task.batch(dataset, plan({2}), true);
  CHECK_THROWS_WITH_AS(task.loss(net, tape, one),
                       doctest::Contains("exemplar_triplet: a batch of one picture teaches nothing"), Error);
  CHECK(task.evaluate(net, one).count == 0);
  const auto all = train::evaluate(net, task, dataset, {.batch = 2});
  const auto two = task.evaluate(net, task.batch(dataset, plan({0, 1}), false));
  CHECK(all.count == 16);
  CHECK(all.correct == two.correct);
}

TEST_CASE("the crops of a picture are grey all together, as often as asked") {
  const ExemplarCrops<8> program{.crop = {.size = 16}, .grey = 0.66F};
  const Image picture(32, 32);
  int grey = 0, same = 0;
  for (std::uint32_t i = 0; i < 1'000'000; ++i) {
    View view[8];
    std::int32_t label[8];
    program({picture, 0, -1, true}, Rng(4, Use::views, 0, i), view, label);
    for (const View& v : view) REQUIRE(v.color == view[0].color);
    same += view[0].map == view[1].map ? 1 : 0;
    grey += view[0].color == ColorMatrix::grey() ? 1 : 0;
  }
  CHECK(same < 1000);
  CHECK(std::abs(grey - 0.66 * 1e6) < 4 * std::sqrt(1e6 * 0.66 * 0.34));
}

TEST_CASE("exemplars refuse what cannot be, and say why") {
  const auto dataset = data::shapes({.count = 20});
  const Seeds seeds = exemplar_seeds(dataset, {.count = 10});
  Rng rng(1);
  const Exemplar<> task({.features = 16}, seeds, rng);
  CHECK_THROWS_WITH_AS(task.batch(dataset, plan({1}), true),
                       doctest::Contains("has 20 pictures, but there are 10 seeds; use the pictures that "
                                         "exemplar_seeds() returns"),
                       Error);
  std::vector<std::int64_t> first(10);
  for (std::size_t i = 0; i < 10; ++i) first[i] = static_cast<std::int64_t>(i);
  CHECK_THROWS_WITH_AS(
      task.batch(dataset.subset(first), plan({9}), true),
      doctest::Contains("exemplar: picture 9 of data set shapes:train is not that of the seed"), Error);

  const auto refused = [&](auto change, const char* text) {
    ExemplarOptions options{.features = 16};
    change(options);
    CHECK_THROWS_WITH_AS(Exemplar<>(options, seeds, rng), doctest::Contains(text), Error);
  };
  using O = ExemplarOptions;
  refused([](O& o) { o.size = 0; }, "size must be positive, not 0");
  refused([](O& o) { o.features = 0; }, "exemplar: features must be the channels of the backbone's last tap");
  refused([](O& o) { o.dropout = -0.5; },
          "exemplar: the rate of dropout must be 0 or more and below 1, not -0.5");
  refused([](O& o) { o.dropout = 1; }, "exemplar: the rate of dropout must be 0 or more and below 1, not 1");
  refused([](O& o) { o.transform.scale_low = 0; }, "exemplar: scales from 0 to 1.4");
  refused([](O& o) { o.transform.contrast_high = 0.1F; }, "exemplar: contrasts from 0.5 to 0.1");
  refused([](O& o) { o.transform.power_low = -1; }, "exemplar: powers from -1 to 4");
  refused([](O& o) { o.transform.factor_high = std::nanf(""); }, "exemplar: factors from 0.7 to nan");
  refused([](O& o) { o.transform.translation = -1; }, "exemplar: a translation of up to -1, not 0 to 1000");
  refused([](O& o) { o.transform.rotation = 181; }, "exemplar: a rotation of up to 181, not 0 to 180");
  refused([](O& o) { o.transform.hue = 0.6F; }, "exemplar: a turn of the hue of up to 0.6, not 0 to 0.5");
  refused([](O& o) { o.transform.shift = 2; }, "exemplar: a shift of up to 2, not 0 to 1");
  refused([](O& o) { o.transform.blur = 17; }, "exemplar: a blur of up to 17, not 0 to 16");
  CHECK_THROWS_WITH_AS(Exemplar<>({.features = 16}, Seeds{seeds.pictures, {}}, rng),
                       doctest::Contains("exemplar: there are 0 classes"), Error);
  CHECK_THROWS_WITH_AS(Exemplar<>({.features = 16}, Seeds{dataset, seeds.places}, rng),
                       doctest::Contains("there are 10 places of seeds in 20 pictures"), Error);

  const auto triplets = [&](auto change, const char* text) {
    ExemplarTripletOptions options{.features = 16};
    change(options);
    CHECK_THROWS_WITH_AS(ExemplarTriplet<>(options, rng), doctest::Contains(text), Error);
  };
  using P = ExemplarTripletOptions;
  triplets([](P& o) { o.features = 0; }, "exemplar_triplet: features must be");
  triplets([](P& o) { o.embedding = 0; }, "exemplar_triplet: an embedding of 0 numbers");
  triplets([](P& o) { o.margin = -1; }, "exemplar_triplet: a margin of -1");
  triplets([](P& o) { o.grey = 2; }, "exemplar_triplet: a probability of 2 of grey");
  triplets([](P& o) { o.crop.size = 0; }, "exemplar_triplet: crops must be 1 to 4096 pixels wide");
}

TEST_CASE("a head of other seeds is refused where its state is loaded") {
  const auto dataset = data::shapes({.count = 20});
  Rng rng(1);
  const auto of_seed = [&](std::uint64_t seed) {
    return Exemplar<>({.features = 16}, exemplar_seeds(dataset, {.count = 10, .seed = seed}), rng);
  };
  auto one = of_seed(1), same = of_seed(1), other = of_seed(2);
  const auto state = nn::save_state(one);
  nn::load_state(same, state);
  CHECK(nn::hash_state(same) == nn::hash_state(one));
  CHECK_THROWS_WITH_AS(nn::load_state(other, state), doctest::Contains("missing: seeds."), Error);
}

TEST_CASE("exemplars have the variants that were published") {
  const auto paper = constants_of(exemplar_options(Variant::paper));
  CHECK(paper.at("classes") == "8000");
  CHECK(paper.at("samples") == "150");
  CHECK(paper.at("translation") == "0.2");
  CHECK_THROWS_WITH_AS(exemplar_options(Variant::released), doctest::Contains("no released variant"), Error);
  CHECK_THROWS_WITH_AS(exemplar_options(Variant::revisited), doctest::Contains("exemplar_triplet_options()"),
                       Error);
  const auto revisited = constants_of(exemplar_triplet_options(Variant::revisited));
  CHECK(revisited.at("views") == "8");
  CHECK(revisited.at("embedding") == "1000");
  CHECK(revisited.at("margin") == "0.5");
  CHECK(revisited.at("size") == "224");
  CHECK_THROWS_WITH_AS(exemplar_triplet_options(Variant::paper), doctest::Contains("only revisited"), Error);
}
