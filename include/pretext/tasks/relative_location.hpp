// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/tasks/patch_colors.hpp"
#include "pretext/tasks/patches.hpp"
#include "pretext/tasks/scaled_crop.hpp"
#include "pretext/tasks/tile_grid.hpp"
#include "pretext/tasks/variant.hpp"

namespace pretext::tasks {

/// Which pairs of patches of a grid are asked about: every two that touch, in both orders; the middle one and
/// each around it, in both orders; or only from the middle one outwards.
enum class Pairs : std::uint8_t { all, with_middle, from_middle };

inline const char* to_string(Pairs pairs) {
  return pairs == Pairs::all ? "all" : pairs == Pairs::with_middle ? "with_middle" : "from_middle";
}

/// The pairs of one grid. Label k says where the second patch lies, seen from the first:
///
///   0 1 2
///   3 8 4      8 is the same place: one more patch there
///   5 6 7
struct PatchPairs {
  int rows = 3, columns = 3;
  Pairs pairs = Pairs::all;
  bool same_place = false;

  PRETEXT_HD int patches() const { return rows * columns + (same_place ? 1 : 0); }
  PRETEXT_HD int middle() const { return rows / 2 * columns + columns / 2; }

  /// The cell of a patch: the last one is a second patch of the middle cell.
  PRETEXT_HD int cell_of(int patch) const { return patch == rows * columns ? middle() : patch; }

  /// f(first, second, label) for each pair, always in the same order.
  template <class F>
  PRETEXT_HD void each(F&& f) const {
    for (int a = 0; a < rows * columns; ++a)
      for (int way = 0; way < 8; ++way) {
        const int place = way < 4 ? way : way + 1, row = a / columns + place / 3 - 1,
                  column = a % columns + place % 3 - 1;
        if (row < 0 || row >= rows || column < 0 || column >= columns) continue;
        const int b = row * columns + column;
        if (pairs == Pairs::all || a == middle() || (pairs == Pairs::with_middle && b == middle()))
          f(a, b, way);
      }
    if (!same_place) return;
    f(middle(), rows * columns, 8);
    if (pairs != Pairs::from_middle) f(rows * columns, middle(), 8);
  }
};

namespace detail {

struct CountPairs {
  int count = 0;
  PRETEXT_HD void operator()(int, int, int) { ++count; }
};
struct WriteLabels {
  std::int32_t* to;
  PRETEXT_HD void operator()(int, int, int label) { *to++ = label; }
};
struct WriteMembers {
  std::int32_t* to;
  std::int32_t first;
  PRETEXT_HD void operator()(int a, int b, int) {
    *to++ = first + a;
    *to++ = first + b;
  }
};

}  // namespace detail

/// Writes the patches of one grid or several of a picture, each once, and the labels of their pairs.
/// Evaluation lays its grids in the middle; their patches are drawn as those of training are, always in the
/// same way.
struct RelativeLocationViews {
  static constexpr const char* name = "relative_location";
  static constexpr int group = 2;
  TileGrid grid{};
  ScaledCrop crop{};
  PatchColors colors{};
  PatchPairs pairs{};
  float lowering = 0;  ///< probability of a patch of low resolution
  int lowest = 10;     ///< the least side of one
  int grids = 1;
  int views = 0, labels = 0;  ///< of all grids of a picture

  int classes() const { return pairs.same_place ? 9 : 8; }

  PRETEXT_HD void operator()(const Source& source, Rng rng, View* view, std::int32_t* label) const {
    const ColorTreatment treatment = colors.draw(rng);
    detail::WriteLabels write{label};
    for (int g = 0; g < grids; ++g) {
      const Affine map = source.training ? crop(source.picture, rng) : crop(source.picture);
      for (int i = 0; i < pairs.patches(); ++i, ++view) {
        *view = grid.tile_of(pairs.cell_of(i), map, rng);
        view->source = source.index;
        colors.apply(treatment, *view, rng);
        if (rng.chance(lowering)) lower(*view, rng);
      }
      pairs.each(write);
    }
  }

  PRETEXT_HD void members(const std::int32_t*, std::int32_t first, std::int32_t* member) const {
    detail::WriteMembers write{member, first};
    for (int g = 0; g < grids; ++g, write.first += pairs.patches()) pairs.each(write);
  }

 private:
  /// To a number of pixels between lowest^2 and the patch's, evenly.
  PRETEXT_HD void lower(View& view, Rng& rng) const {
    const auto low = static_cast<float>(lowest), high = static_cast<float>(grid.tile - 1);
    const float side = std::sqrt(rng.uniform(low * low, high * high));
    view.low_height = view.low_width = static_cast<std::uint16_t>(side);
  }
};

/// All of relative patch location; as it stands, the paper's. each_constant() says what each constant means.
struct RelativeLocationOptions {
  std::int64_t features = 0;  ///< values that the backbone gives for a patch: tile_features(backbone, tile)
  std::uint64_t seed = 0;     ///< of all draws

  int tile = 96, gap = 48, jitter = 14;
  int rows = 3, columns = 3, grids = 1;
  int short_side = 0;
  float area_low = 150000, area_high = 450000;
  int room = 48;
  bool mirror = false;
  Pairs pairs = Pairs::all;
  bool same_place = false;
  float lowering = 0.33F;
  int lowest = 10;
  PatchColors colors{.dropping = 1};
  Normalization normalization{.deviation = {1.0F / 255, 1.0F / 255, 1.0F / 255},
                              .statistics = Statistics::tile_mean};
  bool averaged = false;
  DenseOptions fc6{.width = 4096, .norm = DenseNorm::plain_batch},
      fc7{.width = 4096, .norm = DenseNorm::plain_batch}, fc8{.width = 4096};

  /// f(name, value, meaning) for each constant.
  void each_constant(auto&& f) const {
    f("tile", tile, "side of a patch in pixels");
    f("gap", gap, "mean gap between patches in pixels");
    f("jitter", jitter, "pixels that a patch moves over within its cell, on each axis");
    f("rows", rows, "patches of a grid from top to bottom");
    f("columns", columns, "patches of a grid from left to right");
    f("grids", grids, "grids drawn of each picture in a step");
    f("short_side", short_side, "pixels of a picture's short side, where its area is not drawn");
    f("area_low", area_low,
      "least pixels of a picture, which is scaled before grids are laid; 0: short_side");
    f("area_high", area_high, "most pixels of a picture");
    f("room", room, "pixels that a grid can move over at least in a drawn area, on each axis");
    f("mirror", mirror, "whether half the pictures are mirrored");
    f("pairs", to_string(pairs), "which pairs are asked about: all that touch, or those of the middle patch");
    f("same_place", same_place, "whether a ninth answer is the same place, of two patches");
    f("lowering", lowering, "probability that a patch is drawn at low resolution and enlarged");
    f("lowest", lowest, "least side of a patch at low resolution");
    colors.each_constant(f);
    f("statistics", to_string(normalization.statistics),
      "by whose mean and deviation patches are normalised");
    f("gain", normalization.gain / normalization.deviation[0], "factor of what is written");
    f("averaged", averaged, "whether patches are averaged over their pixels before fc6");
    fc6.each_constant("fc6", f);
    fc7.each_constant("fc7", f);
    fc8.each_constant("fc8", f);
  }
};

/// The constants of a variant; `features` and `seed` are left to the caller. The publication lays as large a
/// grid as a picture has room for, and sums the loss over pairs; here grids have one size, and it is a mean.
/// A grid of 3 x 3 has no room in the smaller of the published areas: there a patch's row would be its place
/// in the picture. So pictures are at least so large that a grid moves over one gap: of the shape 4 : 3 they
/// have 307,200 pixels or more, of a square 230,400.
inline RelativeLocationOptions relative_location_options(Variant variant) {
  RelativeLocationOptions o;
  if (variant == Variant::released) {
    o.grids = 4;
    o.colors.noise = 0.2887F;  // the deviation of what is uniform within half a level
    o.colors.noise_unit = NoiseUnit::level;
    o.normalization = {.statistics = Statistics::tile_rms, .gain = 50};
  }
  if (variant == Variant::revisited) {
    o.tile = 64;
    o.gap = o.jitter = 21;
    o.short_side = 292;
    o.area_low = o.area_high = 0;
    o.room = 0;
    o.pairs = Pairs::from_middle;
    o.lowering = 0;
    o.colors = {.grey = 0.66F};
    o.normalization = {.statistics = Statistics::tile_rms};  // the code takes one mean of all channels, too
    o.averaged = true;
    o.fc6 = {.width = 1000, .relu = false};
    o.fc7 = {.width = 4096, .norm = DenseNorm::batch, .dropout = 0.5};
    o.fc8 = {};
  }
  return o;
}

/// Where does this patch lie, seen from that one? Each patch of a grid goes through the backbone once and
/// takes part in all its pairs (Doersch, Gupta and Efros, ICCV 2015). Pictures smaller than the grid are
/// enlarged.
template <Device D = Cpu, class T = float>
class RelativeLocation : public PatchClassifier<RelativeLocationViews, D, T> {
 public:
  RelativeLocation(const RelativeLocationOptions& o, Rng& rng)
      : PatchClassifier<RelativeLocationViews, D, T>(
            {.program = program_of(o),
             .tile = o.tile,
             .normalization = o.normalization,
             .head =
                 {.features = o.features, .averaged = o.averaged, .fc6 = o.fc6, .fc7 = o.fc7, .fc8 = o.fc8},
             .seed = o.seed},
            rng) {}

 private:
  static RelativeLocationViews program_of(const RelativeLocationOptions& o) {
    const TileGrid grid{
        .rows = o.rows, .columns = o.columns, .tile = o.tile, .gap = o.gap, .jitter = o.jitter};
    check(o, grid);
    const ScaledCrop crop{.height = grid.height(),
                          .width = grid.width(),
                          .short_side = o.short_side,
                          .area_low = o.area_low,
                          .area_high = o.area_high,
                          .room = o.room,
                          .mirror = o.mirror};
    crop.check(RelativeLocationViews::name);
    const PatchPairs pairs{o.rows, o.columns, o.pairs, o.same_place};
    detail::CountPairs counted;
    pairs.each(counted);
    return {.grid = grid,
            .crop = crop,
            .colors = o.colors,
            .pairs = pairs,
            .lowering = o.lowering,
            .lowest = o.lowest,
            .grids = o.grids,
            .views = o.grids * pairs.patches(),
            .labels = o.grids * counted.count};
  }

  static void check(const RelativeLocationOptions& o, const TileGrid& grid) {
    const char* const name = RelativeLocationViews::name;
    grid.check(name);
    o.colors.check(name);
    require(o.rows * o.columns >= 2, name, ": a grid of one patch has no pairs");
    require(o.grids >= 1 && o.grids <= 64, name, ": ", o.grids, " grids of a picture, not 1 to 64");
    require(o.lowering >= 0 && o.lowering <= 1, name, ": a probability of ", o.lowering,
            " of low resolution");
    require(o.lowering == 0 || (o.lowest >= 1 && o.lowest < o.tile), name, ": low resolution of ", o.lowest,
            " pixels, not 1 to ", o.tile - 1);
  }
};

}  // namespace pretext::tasks
