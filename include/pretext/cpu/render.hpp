// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/core/span.hpp"
#include "pretext/core/thread_pool.hpp"
#include "pretext/cpu/resample.hpp"
#include "pretext/image/render.hpp"

namespace pretext {
namespace cpu {

/// Rows of a tile, finished and written: pixel i of row y to to[y * row_step + i * step], in floats.
struct WriteRows {
  Finish finish;
  float* to;
  std::int64_t step, row_step;
  int first_row, first_channel, channels, written;  // channels of the tile, and with zeros behind them

  template <int Bytes>
  PRETEXT_INLINE static void run(const WriteRows& w, const Tile& tile) {
    const Finish finish = w.finish;
    for (int y = 0; y < tile.height(); ++y) {
      float* out = w.to + (w.first_row + y) * w.row_step;
      for (int x = 0; x < tile.width(); x += pixel_block) {
        float done[3][pixel_block];
        for (int c = 0; c < 3; ++c) {
          const float* from = tile.row(c, y) + x;
          for (int i = 0; i < pixel_block; ++i) done[c][i] = finish(from[i], c);
        }
        if (finish.noisy) w.add_noise(finish, (w.first_row + y) * tile.width() + x, done);
        w.scatter(done, std::min(pixel_block, tile.width() - x), out + x * w.step);
      }
    }
  }

  PRETEXT_INLINE static void add_noise(const Finish& finish, int pixel, float (&done)[3][pixel_block]) {
    float noise[3][pixel_block];
    for (int i = 0; i < pixel_block; ++i)
      finish.draw_noise(static_cast<std::uint32_t>(pixel + i), noise[0][i], noise[1][i], noise[2][i]);
    for (int c = 0; c < 3; ++c)
      for (int i = 0; i < pixel_block; ++i) done[c][i] += noise[c][i];
  }

  PRETEXT_INLINE void scatter(const float (&done)[3][pixel_block], int count, float* out) const {
    if (channels == 3 && written == 3 && step == 3 && count == pixel_block) return interleave(done, out);
    for (int i = 0; i < count; ++i)
      for (int c = 0; c < written; ++c) out[i * step + c] = c < channels ? done[first_channel + c][i] : 0.0F;
  }

  /// Three planes to pixels of three channels, four at a time.
  PRETEXT_INLINE static void interleave(const float (&done)[3][pixel_block], float* out) {
    using V = Vector<float, 16>;
    for (int i = 0; i < pixel_block; i += 4) {
      V r, g, b;
      load(r, done[0] + i);
      load(g, done[1] + i);
      load(b, done[2] + i);
      const V rg_low = __builtin_shufflevector(r, g, 0, 4, 1, 5),
              rg_high = __builtin_shufflevector(r, g, 2, 6, 3, 7),
              gb = __builtin_shufflevector(g, b, 1, 5, 2, 6);
      const V first = __builtin_shufflevector(rg_low, b, 0, 1, 4, 2),
              second = __builtin_shufflevector(gb, rg_high, 0, 1, 4, 5),
              third = __builtin_shufflevector(b, rg_high, 2, 6, 7, 3);
      store(out + 3 * i, first);
      store(out + 3 * i + 4, second);
      store(out + 3 * i + 8, third);
    }
  }
};

/// Draws views one after the other, with scratch memory that it keeps.
class ViewDrawer {
 public:
  explicit ViewDrawer(const RenderOptions& options) : o_(options) {}

  /// to[height, width, channels] = the view of the picture.
  void draw(const ImageView& picture, const View& view, float* to) {
    const Painter paint(picture, view, o_.space, o_.height, o_.width);
    const Gaussian gaussian(view.blur);
    prepare(paint);
    const bool measured = o_.normalization.statistics != Statistics::given || measures_noise(view),
               alone = gaussian.radius == 0 && !measured;
    // Rows that look at no others are drawn a few at a time, so that they stay in the nearest cache.
    const int strip = alone ? std::max(1, strip_pixels / o_.width) : o_.height;
    for (int y = 0; y < o_.height; y += strip) {
      tile_.resize(std::min(strip, o_.height - y), o_.width);
      sample(paint, y);
      paint.steps.each([&](const auto& step) {
        dispatch<ColorLoop<std::remove_cvref_t<decltype(step)>>>(step, tile_.row(0, 0), tile_.row(1, 0),
                                                                 tile_.row(2, 0), tile_.plane());
      });
      if (gaussian.radius > 0) blur(gaussian, tile_, scratch_);
      const TileMoments own = measured ? moments_of(tile_) : TileMoments{};
      write(Finish(o_.normalization, view, o_.space, paint.steps.white(), own), view, y, to);
    }
  }

 private:
  static constexpr int strip_pixels = 2048;

  /// What is drawn from the picture through one map: the whole tile, or one channel of it.
  struct Source {
    Affine map;
    AxisWeights across, down;
  };

  /// The weights of the map, or of each channel's map, and the tile at low resolution where there is one.
  void prepare(const Painter& paint) {
    sources_ = shifts_channels(paint.view) ? 3 : 1;
    const int height = paint.low_height, width = paint.low_width;
    for (int c = 0; c < sources_; ++c) {
      Source& source = source_[c];
      source.map = channel_map(paint.view, c);
      if (paint.low()) source.map = source.map.after(paint.enlarged());
      if (!source.map.upright()) continue;
      const Sampler s(paint.picture, source.map, paint.view.antialias);
      source.across.build(s.map.xx, s.map.x0, s.across, width, s.picture.width);
      source.down.build(s.map.yy, s.map.y0, s.down, height, s.picture.height);
    }
    if (!paint.low()) return;
    low_.resize(height, width);
    for (int y = 0; y < height; ++y)
      sample_row(paint, y, {low_.row(0, y), low_.row(1, y), low_.row(2, y)}, width);
  }

  /// Rows of the tile from `first` on, as they are before the steps of colour.
  void sample(const Painter& paint, int first) {
    for (int y = 0; y < tile_.height(); ++y) {
      float* const rows[3] = {tile_.row(0, y), tile_.row(1, y), tile_.row(2, y)};
      if (paint.low())
        enlarge_row(paint, first + y, rows);
      else
        sample_row(paint, first + y, rows, o_.width);
    }
  }

  void sample_row(const Painter& paint, int y, float* const (&rows)[3], int width) {
    if (sources_ == 1) return sample_row(paint, source_[0], y, rows, width);
    other_.resize(2, width);
    for (int c = 0; c < 3; ++c) {
      float* only[3] = {other_.row(0, 0), other_.row(1, 0), other_.row(2, 0)};
      only[c] = rows[c];
      sample_row(paint, source_[c], y, {only[0], only[1], only[2]}, width);
    }
  }

  void sample_row(const Painter& paint, const Source& source, int y, float* const (&rows)[3], int width) {
    if (!source.map.upright()) {
      const Sampler sampler(paint.picture, source.map, paint.view.antialias);
      for (int x = 0; x < width; ++x) {
        float rgb[3];
        sampler(x, y, rgb);
        for (int c = 0; c < 3; ++c) rows[c][x] = rgb[c];
      }
    } else if (!source.across.any() || !source.down.any()) {
      for (float* row : rows) std::fill_n(row, width, 0.0F);
    } else {
      row_.resize(static_cast<std::size_t>(3 * (source.across.last() - source.across.first() + 1) + 1));
      dispatch<UprightRow>(paint.picture, source.across, source.down, y, row_.data(), rows, width);
    }
  }

  /// One row of the tile between those of the low resolution.
  void enlarge_row(const Painter& paint, int y, float* const (&rows)[3]) {
    const Affine to = paint.reduced();
    const Tap down = tap(to.y(0, static_cast<float>(y)), paint.low_height);
    for (int x = 0; x < o_.width; ++x) {
      const Tap across = tap(to.x(static_cast<float>(x), 0), paint.low_width);
      for (int c = 0; c < 3; ++c)
        rows[c][x] = between(low_.row(c, down.first), low_.row(c, down.second), across, down);
    }
  }

  void write(const Finish& finish, const View& view, int first_row, float* to) {
    // A turn moves whole pixels, so that no trace of resampling can give it away.
    const Affine turn = quarter_turns(-view.turns, o_.width);
    const auto pixels = [&](float x, float y) {
      return (static_cast<std::int64_t>(y) * o_.width + static_cast<std::int64_t>(x)) * o_.written();
    };
    dispatch<WriteRows>(
        WriteRows{finish, to + pixels(turn.x0, turn.y0), pixels(turn.xx, turn.yx), pixels(turn.xy, turn.yy),
                  first_row, first_channel(o_.space), channel_count(o_.space), o_.written()},
        tile_);
  }

  RenderOptions o_;
  int sources_ = 1;
  Source source_[3];
  Tile tile_, scratch_, low_, other_;
  std::vector<float> row_;
};

}  // namespace cpu

template <>
struct Kernel<Render, Cpu> {
  template <class T>
  static void run(Span<const ImageView> pictures, Span<const View> views, const RenderOptions& o,
                  Tensor<T, Cpu>& out) {
    const std::int64_t each = std::int64_t{o.height} * o.width * o.written();
    const std::int64_t grain = std::max<std::int64_t>(1, 65536 / each);
    parallel_for(static_cast<std::int64_t>(views.size()), grain, [&](std::int64_t begin, std::int64_t end) {
      cpu::ViewDrawer drawer(o);
      std::vector<float> floats(std::is_same_v<T, float> ? 0 : static_cast<std::size_t>(each));
      for (std::int64_t v = begin; v < end; ++v) {
        const View& view = views[static_cast<std::size_t>(v)];
        const ImageView& picture = pictures[static_cast<std::size_t>(view.source)];
        T* to = out.data() + v * each;
        if constexpr (std::is_same_v<T, float>) {
          drawer.draw(picture, view, to);
        } else {
          drawer.draw(picture, view, floats.data());
          for (std::int64_t i = 0; i < each; ++i) to[i] = static_cast<T>(floats[static_cast<std::size_t>(i)]);
        }
      }
    });
  }
};

}  // namespace pretext
