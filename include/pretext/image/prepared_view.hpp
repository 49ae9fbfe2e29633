// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/image/render.hpp"

// A view as threads draw it together that share memory: what its pixels have in common is worked out once,
// then each thread draws pixels. A team of threads is a trivially copyable struct with
//
//   int index, count;                       which thread this is, of how many
//   PRETEXT_HD void sync() const;           none goes on before all have come
//   PRETEXT_HD void sum(double (&v)[3]);    each thread's three numbers become the sums of all threads'
//   numbers
namespace pretext {

/// True where pixels of the view depend on others of its tile: where it is blurred, of low resolution, or has
/// noise by its own deviation.
PRETEXT_HD inline bool looks_around(const View& view, int height, int width) {
  return view.blur > 0 || measures_noise(view) || low_length(view.low_height, height) != height ||
         low_length(view.low_width, width) != width;
}

/// Every step-th number from `first` on, as column x and row y of rows of `width`.
struct Walk {
  int i, x, y;

  PRETEXT_HD Walk(int first, int step, int width)
      : i(first),
        x(first % width),
        y(first / width),
        step_(step),
        across_(step % width),
        down_(step / width),
        width_(width) {}

  PRETEXT_HD void next() {
    i += step_;
    x += across_;
    y += down_;
    if (x < width_) return;
    x -= width_;
    ++y;
  }

 private:
  int step_, across_, down_, width_;
};

/// A picture through one map, drawn as Sampler says. Where columns stay columns and rows rows, the weights of
/// every column and row are worked out once, if there is room for them.
class PreparedMap {
 public:
  PreparedMap() = default;

  /// Takes what it needs of the room.
  PRETEXT_HD PreparedMap(const Sampler& sampler, int height, int width, WeightedPixel*& weights,
                         std::int64_t& room)
      : sampler_(sampler), height_(height), width_(width) {
    const std::int64_t needed =
        2 * (std::int64_t{sampler.across} * width + std::int64_t{sampler.down} * height);
    if (!sampler.map.upright() || needed > room) return;
    columns_ = weights;
    rows_ = weights + 2 * std::int64_t{sampler.across} * width;
    weights += needed;
    room -= needed;
  }

  /// Each thread's share of the weights.
  template <class Team>
  PRETEXT_HD void weigh(const Team& team) const {
    if (columns_ == nullptr) return;
    const Sampler& s = sampler_;
    for (int p = team.index; p < width_ + height_; p += team.count) {
      const bool column = p < width_;
      const int at = column ? p : p - width_, samples = column ? s.across : s.down;
      WeightedPixel* to = (column ? columns_ : rows_) + 2 * samples * at;
      const int n = column ? weighted_pixels(s.map.xx, s.map.x0, samples, at, s.picture.width, to)
                           : weighted_pixels(s.map.yy, s.map.y0, samples, at, s.picture.height, to);
      if (n < 2 * samples) to[n].weight = 0;
    }
  }

  /// rgb[3] = pixel (x, y), 0 to 255.
  PRETEXT_HD void operator()(int x, int y, float* rgb) const {
    if (columns_ == nullptr) return sampler_(x, y, rgb);
    const int next = sampler_.picture.channels == 3 ? 1 : 0;
    rgb[0] = rgb[1] = rgb[2] = 0;
    each_column(x, y,
                [&](const std::uint8_t* from, const WeightedPixel* row, std::int64_t pitch, float weight) {
                  float r = 0, g = 0, b = 0;
                  for (int k = 0; k < 2 * sampler_.down && row[k].weight != 0; ++k) {
                    const std::uint8_t* p = from + row[k].index * pitch;
                    r += row[k].weight * static_cast<float>(p[0]);
                    g += row[k].weight * static_cast<float>(p[next]);
                    b += row[k].weight * static_cast<float>(p[2 * next]);
                  }
                  rgb[0] += weight * r;
                  rgb[1] += weight * g;
                  rgb[2] += weight * b;
                });
  }

  /// One channel of pixel (x, y).
  PRETEXT_HD float channel(int x, int y, int channel) const {
    if (columns_ == nullptr) {
      float rgb[3];
      sampler_(x, y, rgb);
      return channel == 0 ? rgb[0] : channel == 1 ? rgb[1] : rgb[2];
    }
    const int k3 = sampler_.picture.channels == 3 ? channel : 0;
    float value = 0;
    each_column(x, y,
                [&](const std::uint8_t* from, const WeightedPixel* row, std::int64_t pitch, float weight) {
                  float sum = 0;
                  for (int k = 0; k < 2 * sampler_.down && row[k].weight != 0; ++k)
                    sum += row[k].weight * static_cast<float>(from[row[k].index * pitch + k3]);
                  value += weight * sum;
                });
    return value;
  }

 private:
  /// f(the column's first pixel, the weights of the rows, bytes from row to row, the column's weight) for
  /// each column of the picture that takes part in pixel (x, y).
  template <class F>
  PRETEXT_INLINE PRETEXT_HD void each_column(int x, int y, F&& f) const {
    const ImageView& picture = sampler_.picture;
    const WeightedPixel *column = columns_ + 2 * sampler_.across * x, *row = rows_ + 2 * sampler_.down * y;
    const std::int64_t pitch = std::int64_t{picture.width} * picture.channels;
    for (int k = 0; k < 2 * sampler_.across && column[k].weight != 0; ++k)
      f(picture.pixels + std::int64_t{column[k].index} * picture.channels, row, pitch, column[k].weight);
  }

  Sampler sampler_{};
  int height_ = 0, width_ = 0;
  WeightedPixel *columns_ = nullptr,
                *rows_ = nullptr;  // [width][2 across], [height][2 down]; weight 0: no more
};

/// All that the pixels of one view have in common.
struct PreparedView {
  Painter paint;
  PreparedMap maps[3];  ///< of each channel, or the first of all
  int different;        ///< how many maps
  Affine turn;          ///< from a pixel that is written to that of the tile

  /// By one thread; then all weigh() their share. `weights` has room for so many.
  PRETEXT_HD PreparedView(const ImageView& picture, const View& view, const RenderOptions& o,
                          WeightedPixel* weights, std::int64_t room)
      : paint(picture, view, o.space, o.height, o.width),
        different(shifts_channels(view) ? 3 : 1),
        turn(quarter_turns(view.turns, o.width)) {
    for (int c = 0; c < different; ++c) {
      Affine map = channel_map(view, c);
      if (paint.low()) map = map.after(paint.enlarged());
      maps[c] = PreparedMap(Sampler(picture, map, view.antialias), paint.low_height, paint.low_width, weights,
                            room);
    }
  }

  template <class Team>
  PRETEXT_HD void weigh(const Team& team) const {
    for (int c = 0; c < different; ++c) maps[c].weigh(team);
  }

  /// rgb[3] = pixel (x, y) as the picture has it, 0 to 255: of the tile, or at low resolution where it is
  /// low.
  PRETEXT_HD void sample(int x, int y, float* rgb) const {
    if (different == 1) return maps[0](x, y, rgb);
    rgb[0] = maps[0].channel(x, y, 0);
    rgb[1] = maps[1].channel(x, y, 1);
    rgb[2] = maps[2].channel(x, y, 2);
  }
  PRETEXT_HD float sample(int x, int y, int channel) const {
    return maps[different == 1 ? 0 : channel].channel(x, y, channel);
  }

  /// The number in the tile of the pixel that is written at (x, y).
  PRETEXT_HD int turned(int x, int y) const {
    const auto fx = static_cast<float>(x), fy = static_cast<float>(y);
    return static_cast<int>(turn.y(fx, fy)) * paint.width + static_cast<int>(turn.x(fx, fy));
  }

  /// values = the channels of what is written at (x, y), where the view does not look around and statistics
  /// are given.
  PRETEXT_HD void operator()(int x, int y, const Finish& finish, float (&values)[3]) const {
    const int pixel = turned(x, y);
    sample(pixel % paint.width, pixel / paint.width, values);
    paint.steps.each(OnePixel{values});
    float noise[3] = {0, 0, 0};
    if (finish.noisy) finish.draw_noise(static_cast<std::uint32_t>(pixel), noise[0], noise[1], noise[2]);
    for (int c = 0; c < 3; ++c) values[c] = finish(values[c], c) + noise[c];
    if (first_channel(paint.steps.space) == 0) return;
    values[0] = values[1];
    values[1] = values[2];
  }
};

}  // namespace pretext
