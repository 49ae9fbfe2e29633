// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "pretext/core/hash.hpp"
#include "pretext/tasks/fingerprint.hpp"
#include "pretext/tasks/patch_colors.hpp"
#include "pretext/tasks/patches.hpp"
#include "pretext/tasks/permutations.hpp"
#include "pretext/tasks/scaled_crop.hpp"
#include "pretext/tasks/tile_grid.hpp"
#include "pretext/tasks/variant.hpp"

namespace pretext::tasks {

/// Writes the nine tiles of a crop, row by row, and the numbers of the permutations that they are shown in.
/// Evaluation takes the crop from the middle; its tiles move as those of training do, always in the same way.
struct JigsawViews {
  static constexpr const char* name = "jigsaw";
  static constexpr int views = 9, group = 9;
  TileGrid grid{};
  ScaledCrop crop{};
  PatchColors colors{};
  bool crisp = false;
  const std::uint8_t* table = nullptr;  ///< [permutations, 9]: the tile of each place; the task owns it
  int permutations = 0;                 ///< how many there are
  int labels = 1;                       ///< permutations shown of each picture, all of them different

  int classes() const { return permutations; }
  int table_size() const { return group * permutations; }

  PRETEXT_HD void operator()(const Source& source, Rng rng, View* view, std::int32_t* label) const {
    choose(rng, label);
    const ColorTreatment treatment = colors.draw(rng);
    const Affine map = source.training ? crop(source.picture, rng) : crop(source.picture);
    for (int i = 0; i < views; ++i) {
      view[i] = grid.tile_of(i, map, rng);
      view[i].source = source.index;
      colors.apply(treatment, view[i], rng);
    }
  }

  /// Place by place, the tile that the permutation of each label shows there.
  PRETEXT_HD void members(const std::int32_t* label, std::int32_t first, std::int32_t* member) const {
    for (int i = 0; i < labels; ++i)
      for (int place = 0; place < group; ++place) *member++ = first + table[label[i] * group + place];
  }

 private:
  /// A uniform subset of the permutations (Floyd's).
  PRETEXT_HD void choose(Rng& rng, std::int32_t* label) const {
    for (int i = 0; i < labels; ++i) {
      const int highest = permutations - labels + i;
      auto drawn = static_cast<std::int32_t>(rng.below(static_cast<std::uint32_t>(highest + 1)));
      for (int k = 0; k < i; ++k)
        if (label[k] == drawn) {
          drawn = highest;
          break;
        }
      label[i] = drawn;
    }
  }
};

/// All of the jigsaw puzzle; as it stands, the paper's. each_constant() says what each constant means.
struct JigsawOptions {
  std::int64_t features = 0;  ///< values that the backbone gives for a tile: tile_features(backbone, tile)
  std::uint64_t seed = 0;     ///< of all draws, the set of permutations too

  int tile = 64, gap = 11, jitter = 11, channel_shift = 2;
  int short_side = 256;
  bool mirror = false;
  std::int64_t permutations = 1000;
  Spacing spacing = Spacing::max_avg;
  int shown = 1;
  PatchColors colors{.grey = 0.3F};
  Normalization normalization{.statistics = Statistics::tile};
  bool averaged = false;
  DenseOptions fc6{.width = 1024, .dropout = 0.5}, fc7{.width = 4096, .dropout = 0.5};

  /// f(name, value, meaning) for each constant.
  void each_constant(auto&& f) const {
    f("tile", tile, "side of a tile in pixels");
    f("gap", gap, "mean gap between tiles in pixels; cells are tile + gap, the crop three cells");
    f("jitter", jitter, "pixels that a tile moves over within its cell, on each axis");
    f("channel_shift", channel_shift,
      "pixels that each colour channel moves over by itself, within the jitter");
    f("short_side", short_side, "pixels of a picture's short side before the crop");
    f("mirror", mirror, "whether half the pictures are mirrored");
    f("permutations", permutations, "how many permutations the network tells apart");
    f("spacing", to_string(spacing), "how the permutations are chosen: by mean or by least Hamming distance");
    f("shown", shown, "permutations shown of each picture in a step");
    colors.each_constant(f);
    f("statistics", to_string(normalization.statistics), "by whose mean and deviation tiles are normalised");
    f("gain", normalization.gain / normalization.deviation[0], "factor of what is written");
    f("averaged", averaged, "whether tiles are averaged over their pixels before fc6");
    fc6.each_constant("fc6", f);
    fc7.each_constant("fc7", f);
  }
};

/// The constants of a variant; `features` and `seed` are left to the caller.
inline JigsawOptions jigsaw_options(Variant variant) {
  JigsawOptions o;  // the paper's: sizes, share of grey and channel shift are believed
  if (variant == Variant::released) {
    // The first release. Its successor normalises by the data set, takes grey half the time and projects half
    // of the rest, shifts channels by 2, and tells 701 permutations apart. The short side is believed.
    o.gap = o.jitter = 21;
    o.channel_shift = 0;
    o.permutations = 100;
    o.colors.grey = 0;
    o.normalization = {.deviation = {1.0F / 255, 1.0F / 255, 1.0F / 255},
                       .statistics = Statistics::tile_mean};
  }
  if (variant == Variant::revisited) {
    o.gap = o.jitter = 21;
    o.channel_shift = 0;
    o.short_side = 292;
    o.permutations = 100;
    o.shown = 8;  // the code draws eight for a whole batch; here each picture has its own
    o.colors.grey = 0.66F;
    o.normalization.statistics = Statistics::tile_rms;  // the code takes one mean of all channels, too
    o.averaged = true;
    o.fc6 = {.width = 1000, .relu = false};
    o.fc7 = {.width = 4096, .norm = DenseNorm::batch, .dropout = 0.5};
  }
  return o;
}

/// Which permutation were these nine tiles put in? Every tile goes through the backbone once; for each
/// permutation shown, what the backbone made of the tiles is put in that order, and the head names it
/// (Noroozi and Favaro, ECCV 2016). Pictures smaller than the crop are enlarged.
template <Device D = Cpu, class T = float>
class Jigsaw : public PatchClassifier<JigsawViews, D, T> {
 public:
  Jigsaw(const JigsawOptions& options, Rng& rng)
      : Jigsaw(options,
               std::make_shared<const Table>(tile_permutations(
                   {.count = options.permutations, .spacing = options.spacing, .seed = options.seed})),
               rng) {}

  /// Permutation k is the answer k.
  Span<const TilePermutation> permutations() const { return *table_; }

  /// A head of another set of permutations is refused where its state is loaded.
  void each(auto&& f) {
    Base::each(f);
    fingerprint_.each(f);
  }

 private:
  using Table = std::vector<TilePermutation>;
  using Base = PatchClassifier<JigsawViews, D, T>;

  Jigsaw(const JigsawOptions& o, std::shared_ptr<const Table> table, Rng& rng)
      : Base({.program = program_of(o, *table),
              .tile = o.tile,
              .normalization = o.normalization,
              .head = {.features = o.features, .averaged = o.averaged, .fc6 = o.fc6, .fc7 = o.fc7},
              .seed = o.seed},
             rng),
        table_(std::move(table)),
        fingerprint_("permutations", hash_of(bytes_of(table_->front().data(), 9 * table_->size()))) {}

  static JigsawViews program_of(const JigsawOptions& o, const Table& table) {
    const TileGrid grid{.tile = o.tile, .gap = o.gap, .jitter = o.jitter, .channel_shift = o.channel_shift};
    grid.check("jigsaw");
    o.colors.check("jigsaw");
    const ScaledCrop crop{
        .height = grid.height(), .width = grid.width(), .short_side = o.short_side, .mirror = o.mirror};
    crop.check("jigsaw");
    require(o.shown >= 1 && o.shown <= o.permutations, "jigsaw: ", o.shown,
            " permutations cannot be shown of each picture; there are ", o.permutations);
    return {.grid = grid,
            .crop = crop,
            .colors = o.colors,
            .crisp = o.colors.crisp(),
            .table = table.front().data(),
            .permutations = static_cast<int>(table.size()),
            .labels = o.shown};
  }

  std::shared_ptr<const Table> table_;
  Fingerprint<D, T> fingerprint_;
};

}  // namespace pretext::tasks
