// SPDX-License-Identifier: MIT
// Jigsaw and relative patch location: tasks that ask about several patches at once.
#include <cmath>
#include <pretext/tasks/jigsaw.hpp>
#include <pretext/tasks/relative_location.hpp>

#include "pictures.hpp"
#include "tasks.hpp"

using namespace pretext;

namespace {

/// What suits pictures of the settings' size and a small network, in the same way for both tasks.
template <class Options>
void fit(Options& o, const TrainingSettings& s) {
  const int size = static_cast<int>(s.source.size);
  o.tile = size / 4;
  o.gap = o.jitter = size / 12;  // with less, borders of tiles tell how they go together
  o.short_side = size;
  o.mirror = s.mirror;
  o.averaged = false;
  o.normalization = {.statistics = Statistics::tile};
  o.fc6 = {.width = 64, .norm = tasks::DenseNorm::batch};
}

tasks::JigsawOptions jigsaw_options_of(const TrainingSettings& s) {
  tasks::JigsawOptions o;
  if (s.variant != "fitted") {
    o = tasks::jigsaw_options(tasks::variant_of(s.variant));
  } else {
    fit(o, s);
    o.channel_shift = std::min(1, o.jitter);
    o.permutations = 24;
    o.spacing = tasks::Spacing::max_min;
    o.shown = 4;
    o.fc7 = {.width = 256, .norm = tasks::DenseNorm::batch};
  }
  if (s.permutations != 0) o.permutations = s.permutations;
  o.shown = static_cast<int>(std::min<std::int64_t>(o.shown, o.permutations));
  o.seed = s.random_seed();
  return o;
}

tasks::RelativeLocationOptions relative_location_options_of(const TrainingSettings& s) {
  tasks::RelativeLocationOptions o;
  if (s.variant != "fitted") {
    o = tasks::relative_location_options(tasks::variant_of(s.variant));
  } else {
    fit(o, s);
    o.area_low = o.area_high = 0;
    o.lowering = 0;
    o.colors = {.dropping = 1};
    o.fc7 = {.width = 128, .norm = tasks::DenseNorm::batch};
    o.fc8 = {};
  }
  o.seed = s.random_seed();
  return o;
}

template <class Task, auto options_of>
TaskSetup set_up(const TrainingSettings& s, nn::Sequential<>& backbone, const data::Dataset& train,
                 const data::Dataset& test) {
  auto options = options_of(s);
  options.features = tasks::tile_features(backbone, options.tile, options.averaged);
  Rng rng = head_rng(s);
  return {tasks::AnyTask<>(Task(options, rng)), train, test};
}

/// The side at which whole pictures show things as large as the patches do.
int side_of(const tasks::JigsawOptions& o) { return o.short_side; }
int side_of(const tasks::RelativeLocationOptions& o) {
  return o.short_side != 0 ? o.short_side : static_cast<int>(std::sqrt((o.area_low + o.area_high) / 2));
}

template <auto options_of>
tasks::PlainInputs inputs(const TrainingSettings& s) {
  const auto options = options_of(s);
  return {.crop = tasks::SquareCrop{.size = side_of(options)}, .normalization = options.normalization};
}

/// A task that makes batches and answers nothing.
template <class Task, class Options>
Task without_head(Options options) {
  options.features = 1;
  options.fc6 = options.fc7 = {};
  if constexpr (requires { options.fc8; }) options.fc8 = {};
  Rng rng(options.seed, Use::init);
  return Task(options, rng);
}

/// A task as in training, but that it leaves the colours as they are: for readers.
template <class Task, class Options>
Task in_true_colours(Options options) {
  options.normalization = {};
  return without_head<Task>(options);
}

/// The treatment of a name for all pictures; empty: as it was.
tasks::PatchColors colors_of(const std::string& name, const tasks::PatchColors& own) {
  if (name.empty()) return own;
  require_known("treatment of colours", name, {"none", "grey", "projection", "dropping"});
  return {.grey = name == "grey" ? 1.0F : 0.0F,
          .projection = name == "projection" ? 1.0F : 0.0F,
          .dropping = name == "dropping" ? 1.0F : 0.0F};
}

template <class Task, auto options_of>
std::vector<eval::Shortcut> audit(const TrainingSettings& s, const AuditRequest& request) {
  auto options = eval::with_plant(options_of(s), request.plant);
  options.colors = colors_of(request.colors, options.colors);
  if constexpr (requires { options.permutations; }) {
    // What gives one order away gives all away, and of few a probe finds it on fewer pictures.
    options.permutations = std::min<std::int64_t>(options.permutations, 24);
    options.shown = std::min(options.shown, static_cast<int>(options.permutations));
  }
  return eval::audit(without_head<Task>(options), request.dataset, request.options);
}

const std::vector<std::string> plants{"none", "no-gap", "no-jitter", "no-normalization", "aberration"};

/// What a trained task answers to each label of the request; empty where nobody was asked.
template <class Task>
std::vector<int> answers(const ViewRequest& request) {
  if (request.trained == nullptr) return {};
  Trained& trained = *request.trained;
  auto* task = trained.task.get<Task>();
  const tasks::Batch<> batch = task->batch(request.dataset, request.plan, request.training);
  return largest_of_rows(task->logits(trained.backbone, batch.inputs, batch.labels));
}

/// A row a picture: itself, its tiles in their places, and in the order of a permutation.
Image jigsaw_view(const TrainingSettings& s, const ViewRequest& request) {
  const tasks::JigsawOptions options = jigsaw_options_of(s);
  const auto task = in_true_colours<tasks::Jigsaw<>>(options);
  const tasks::Batch<> batch = task.batch(request.dataset, request.plan, request.training);
  const Tensor<float, Cpu> shown = task.shown(batch);
  const std::vector<int> answered = answers<tasks::Jigsaw<>>(request);
  PictureRows rows(message("jigsaw: which of ", options.permutations, " orders?"), 3, 192);
  for (std::size_t i = 0; i < request.plan.indices.size(); ++i) {
    const std::size_t first = i * static_cast<std::size_t>(options.shown);
    const int label = batch.labels.data()[first];
    rows.add(Image::from(request.dataset.image(request.plan.indices[i])), "picture");
    rows.add(mosaic(batch.inputs, static_cast<std::int64_t>(9 * i), 9, 3), "its tiles");
    const Image puzzle = mosaic(shown, static_cast<std::int64_t>(9 * first), 9, 3);
    std::string caption = "order " + std::to_string(label);
    if (answered.empty())
      rows.add(puzzle, caption);
    else
      rows.add(puzzle, caption + "\nanswer: " + std::to_string(answered[first]),
               mark_of(answered[first] == label));
  }
  return rows.paint();
}

/// Places `from` and `to` of a mosaic of patches, each framed, and an arrow from one to the other.
Image with_arrow(const Image& patches, int tile, int columns, int from, int to) {
  constexpr report::Color blue{0, 90, 181}, orange{220, 100, 0};
  const int scale = std::max(1, 192 / std::max(patches.height(), patches.width()));
  const int gap = std::max(1, tile / 12), pitch = scale * (tile + gap), side = scale * tile;
  report::Canvas canvas(scale * patches.height(), scale * patches.width(), {255, 255, 255});
  canvas.picture(0, 0, patches.view(), scale);
  const auto corner = [&](int cell) { return std::pair(cell / columns * pitch, cell % columns * pitch); };
  const int width = std::max(2, side / 16);
  for (const auto& [cell, color] : {std::pair(from, blue), std::pair(to, orange)})
    canvas.frame({corner(cell).first, corner(cell).second, side, side}, width, color);
  // A line of dots that grow towards its end.
  const auto [y0, x0] = corner(from);
  const auto [y1, x1] = corner(to);
  for (int k = 0; k <= 64; ++k) {
    const int dot = width + 2 * width * k / 64;
    canvas.fill({y0 + (y1 - y0) * k / 64 + side / 2 - dot / 2, x0 + (x1 - x0) * k / 64 + side / 2 - dot / 2,
                 dot, dot},
                k < 60 ? blue : orange);
  }
  return std::move(canvas).image();
}

/// A row a picture: its grid of patches with an arrow over one pair, and the two patches of the pair.
Image relative_location_view(const TrainingSettings& s, const ViewRequest& request) {
  static const char* const places[] = {"above left", "above", "above right", "left",          "right",
                                       "below left", "below", "below right", "the same place"};
  const tasks::RelativeLocationOptions options = relative_location_options_of(s);
  const auto task = in_true_colours<tasks::RelativeLocation<>>(options);
  const tasks::Batch<> batch = task.batch(request.dataset, request.plan, request.training);
  const Tensor<std::int32_t, Cpu> members = task.members(batch.labels);
  const std::vector<int> answered = answers<tasks::RelativeLocation<>>(request);
  const tasks::RelativeLocationViews& program = task.program();
  PictureRows rows("relative location: where is the second?", 4, 192);
  for (std::size_t i = 0; i < request.plan.indices.size(); ++i) {
    const int first = static_cast<int>(i) * program.views, pairs = program.labels / program.grids;
    const int pair = static_cast<int>(i) * program.labels + static_cast<int>(7 * i + 3) % pairs;
    const int from = members.data()[2 * pair], to = members.data()[2 * pair + 1],
              label = batch.labels.data()[pair];
    const Image patches =
        mosaic(batch.inputs, first, program.pairs.rows * program.pairs.columns, program.pairs.columns);
    rows.add(Image::from(request.dataset.image(request.plan.indices[i])), "picture");
    rows.add(with_arrow(patches, options.tile, program.pairs.columns, program.pairs.cell_of(from - first),
                        program.pairs.cell_of(to - first)),
             "its patches");
    rows.add(picture_of(batch.inputs, from), "first (blue)");
    const std::string caption = std::to_string(label) + ": " + places[label];
    if (answered.empty()) {
      rows.add(picture_of(batch.inputs, to), "second (orange)\n" + caption);
    } else {
      const int answer = answered[static_cast<std::size_t>(pair)];
      rows.add(picture_of(batch.inputs, to), caption + "\n" + places[answer], mark_of(answer == label));
    }
  }
  return rows.paint();
}

}  // namespace

ToolTask jigsaw_task() {
  return {.name = "jigsaw",
          .question = "in which order are these nine tiles of a picture?",
          .source = "Noroozi and Favaro, ECCV 2016",
          .variants = {"fitted", "paper", "released", "revisited"},
          .size = 96,
          .set_up = set_up<tasks::Jigsaw<>, jigsaw_options_of>,
          .inputs = inputs<jigsaw_options_of>,
          .constants = constants_by<jigsaw_options_of>,
          .view = jigsaw_view,
          .audit = audit<tasks::Jigsaw<>, jigsaw_options_of>,
          .plants = plants};
}

ToolTask relative_location_task() {
  return {.name = "relative_location",
          .question = "where does this patch lie, seen from that one?",
          .source = "Doersch, Gupta and Efros, ICCV 2015",
          .variants = {"fitted", "paper", "released", "revisited"},
          .size = 96,
          .set_up = set_up<tasks::RelativeLocation<>, relative_location_options_of>,
          .inputs = inputs<relative_location_options_of>,
          .constants = constants_by<relative_location_options_of>,
          .view = relative_location_view,
          .audit = audit<tasks::RelativeLocation<>, relative_location_options_of>,
          .plants = plants};
}
