// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "pretext/image/render.hpp"

// What a view shows, from its definition alone: in double, pixel by pixel, one step after the other over
// whole tiles. Written apart from the library's formulas, to be compared with them.
namespace test {

struct NaiveTile {
  int height = 0, width = 0;
  std::vector<double> v;  // [height, width, 3]

  NaiveTile(int h, int w) : height(h), width(w), v(static_cast<std::size_t>(3 * h * w)) {}
  double& at(int y, int x, int c) { return v[static_cast<std::size_t>((y * width + x) * 3 + c)]; }
  double at(int y, int x, int c) const { return v[static_cast<std::size_t>((y * width + x) * 3 + c)]; }
};

/// A coordinate within half a pixel of the outermost pixels is theirs; beyond is false.
inline bool settle(double& at, int size) {
  if (!(at >= -0.5 && at <= size - 0.5)) return false;
  at = std::min(std::max(at, 0.0), size - 1.0);
  return true;
}

inline double naive_bilinear(const pretext::ImageView& p, double x, double y, int c) {
  if (!settle(x, p.width) || !settle(y, p.height)) return 0;
  const int x0 = static_cast<int>(x), y0 = static_cast<int>(y), x1 = std::min(x0 + 1, p.width - 1),
            y1 = std::min(y0 + 1, p.height - 1);
  const int k = p.channels == 3 ? c : 0;
  const double top = (1 - (x - x0)) * p.at(y0, x0, k) + (x - x0) * p.at(y0, x1, k),
               bottom = (1 - (x - x0)) * p.at(y1, x0, k) + (x - x0) * p.at(y1, x1, k);
  return ((1 - (y - y0)) * top + (y - y0) * bottom) / 255;
}

inline double naive_sample(const pretext::ImageView& p, const pretext::Affine& m, bool antialias, double x,
                           double y, int c) {
  const auto samples = [&](double dx, double dy) {
    const double length = std::hypot(dx, dy);
    return !antialias || length <= 1.001 ? 1 : static_cast<int>(std::ceil(std::min(length, 64.0)));
  };
  const int across = samples(m.xx, m.yx), down = samples(m.xy, m.yy);
  double sum = 0;
  for (int j = 0; j < down; ++j)
    for (int i = 0; i < across; ++i) {
      const double px = x + (i + 0.5) / across - 0.5, py = y + (j + 0.5) / down - 0.5;
      sum += naive_bilinear(p, double{m.xx} * px + double{m.xy} * py + double{m.x0},
                            double{m.yx} * px + double{m.yy} * py + double{m.y0}, c);
    }
  return sum / (across * down);
}

inline NaiveTile naive_tile(const pretext::ImageView& p, const pretext::View& v, int height, int width) {
  const bool low = (v.low_height != 0 && v.low_height < height) || (v.low_width != 0 && v.low_width < width);
  const int lh = v.low_height == 0 ? height : std::min<int>(height, v.low_height),
            lw = v.low_width == 0 ? width : std::min<int>(width, v.low_width);
  NaiveTile coarse(lh, lw), tile(height, width);
  for (int c = 0; c < 3; ++c) {
    pretext::Affine map = v.map.after(pretext::moved(v.shift_x[c], v.shift_y[c]));
    if (low) {
      const auto sx = static_cast<float>(width) / static_cast<float>(lw),
                 sy = static_cast<float>(height) / static_cast<float>(lh);
      map = map.after({sx, 0, 0.5F * sx - 0.5F, 0, sy, 0.5F * sy - 0.5F});
    }
    for (int y = 0; y < lh; ++y)
      for (int x = 0; x < lw; ++x) coarse.at(y, x, c) = naive_sample(p, map, v.antialias, x, y, c);
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x) {
        double fx = std::clamp((x + 0.5) * lw / width - 0.5, 0.0, lw - 1.0),
               fy = std::clamp((y + 0.5) * lh / height - 0.5, 0.0, lh - 1.0);
        const int x0 = static_cast<int>(fx), y0 = static_cast<int>(fy), x1 = std::min(x0 + 1, lw - 1),
                  y1 = std::min(y0 + 1, lh - 1);
        fx -= x0;
        fy -= y0;
        tile.at(y, x, c) = (1 - fy) * ((1 - fx) * coarse.at(y0, x0, c) + fx * coarse.at(y0, x1, c)) +
                           fy * ((1 - fx) * coarse.at(y1, x0, c) + fx * coarse.at(y1, x1, c));
      }
  }
  return tile;
}

/// As colour science books have it: hue in degrees, by sectors.
inline void naive_hsv(const pretext::Hsv& o, double* rgb) {
  const double high = std::max({rgb[0], rgb[1], rgb[2]}), low = std::min({rgb[0], rgb[1], rgb[2]}),
               d = high - low;
  double hue = 0;
  if (d > 0 && high == rgb[0]) hue = 60 * std::fmod((rgb[1] - rgb[2]) / d + 6, 6);
  if (d > 0 && high == rgb[1] && high != rgb[0]) hue = 60 * ((rgb[2] - rgb[0]) / d + 2);
  if (d > 0 && high == rgb[2] && high != rgb[0] && high != rgb[1]) hue = 60 * ((rgb[0] - rgb[1]) / d + 4);
  hue += 360 * static_cast<double>(o.hue);
  hue -= 360 * std::floor(hue / 360);
  const auto along = [](const pretext::Curve& k, double x) {
    return std::clamp(std::pow(x, double{k.power}) * double{k.scale} + double{k.shift}, 0.0, 1.0);
  };
  const double s = along(o.saturation, high > 0 ? d / high : 0), v = along(o.value, high);
  const double chroma = v * s, x = chroma * (1 - std::abs(std::fmod(hue / 60, 2) - 1)), m = v - chroma;
  const double sectors[6][3] = {{chroma, x, 0}, {x, chroma, 0}, {0, chroma, x},
                                {0, x, chroma}, {x, 0, chroma}, {chroma, 0, x}};
  for (int c = 0; c < 3; ++c) rgb[c] = sectors[static_cast<int>(hue / 60) % 6][c] + m;
}

inline void naive_lab(double* rgb) {
  double light[3], f[3];
  for (int c = 0; c < 3; ++c)
    light[c] = rgb[c] > 0.04045 ? std::pow((rgb[c] + 0.055) / 1.055, 2.4) : rgb[c] / 12.92;
  const double m[3][3] = {{0.412456439, 0.357576078, 0.180437483},
                          {0.212672851, 0.715152156, 0.0721749934},
                          {0.019333895, 0.119192026, 0.950304061}};
  const double white[3] = {0.95047, 1, 1.08883};
  for (int k = 0; k < 3; ++k) {
    const double t = (m[k][0] * light[0] + m[k][1] * light[1] + m[k][2] * light[2]) / white[k];
    f[k] = t > std::pow(6.0 / 29, 3) ? std::cbrt(t) : t * 841 / 108 + 4.0 / 29;
  }
  rgb[0] = 116 * f[1] - 16;
  rgb[1] = 500 * (f[0] - f[1]);
  rgb[2] = 200 * (f[1] - f[2]);
}

inline void naive_color(const pretext::View& v, pretext::Space space, double* rgb) {
  double in[3] = {rgb[0], rgb[1], rgb[2]};
  for (int r = 0; r < 3; ++r) {
    const float* m = v.color.m + 4 * r;
    rgb[r] = double{m[0]} * in[0] + double{m[1]} * in[1] + double{m[2]} * in[2] + double{m[3]};
  }
  const bool hsv = !(v.hsv == pretext::Hsv{});
  for (int c = 0; c < 3; ++c)
    if (v.clip || hsv || space != pretext::Space::rgb) rgb[c] = std::clamp(rgb[c], 0.0, 1.0);
  if (hsv) naive_hsv(v.hsv, rgb);
  if (space != pretext::Space::rgb) naive_lab(rgb);
}

inline NaiveTile naive_blur(const NaiveTile& in, double sigma) {
  if (!(sigma > 0)) return in;
  sigma = std::min(sigma, 16.0);
  const int radius = static_cast<int>(std::ceil(3 * sigma));
  NaiveTile out(in.height, in.width);
  for (int y = 0; y < in.height; ++y)
    for (int x = 0; x < in.width; ++x)
      for (int c = 0; c < 3; ++c) {
        double sum = 0, weights = 0;
        for (int j = -radius; j <= radius; ++j)
          for (int i = -radius; i <= radius; ++i) {
            const double w = std::exp(-(i * i + j * j) / (2 * sigma * sigma));
            weights += w;
            sum += w * in.at(std::clamp(y + j, 0, in.height - 1), std::clamp(x + i, 0, in.width - 1), c);
          }
        out.at(y, x, c) = sum / weights;
      }
  return out;
}

inline void naive_normalize(NaiveTile& tile, const pretext::RenderOptions& o) {
  const pretext::Normalization& n = o.normalization;
  const int first = pretext::first_channel(o.space), channels = pretext::channel_count(o.space);
  double mean[3] = {}, variance[3] = {}, all = 0;
  const double count = static_cast<double>(tile.height) * tile.width;
  for (std::size_t i = 0; i < tile.v.size(); ++i) mean[i % 3] += tile.v[i] / count;
  for (std::size_t i = 0; i < tile.v.size(); ++i)
    variance[i % 3] += (tile.v[i] - mean[i % 3]) * (tile.v[i] - mean[i % 3]) / count;
  for (int c = first; c < first + channels; ++c) all += variance[c] / channels;
  using S = pretext::Statistics;
  const double least = o.space == pretext::Space::rgb ? 4e-4 : 0.04;
  for (std::size_t i = 0; i < tile.v.size(); ++i) {
    const std::size_t c = i % 3;
    const double centre = n.statistics == S::given ? double{n.mean[c]} : mean[c];
    const double scale = n.statistics == S::tile       ? std::max(least, std::sqrt(variance[c]))
                         : n.statistics == S::tile_rms ? std::max(least, std::sqrt(all))
                                                       : double{n.deviation[c]};
    tile.v[i] = double{n.gain} * (tile.v[i] - centre) / scale;
  }
}

/// [height, width, channels] of the view, without noise.
inline std::vector<double> naive_view(const pretext::ImageView& picture, const pretext::View& view,
                                      const pretext::RenderOptions& o) {
  NaiveTile tile = naive_tile(picture, view, o.height, o.width);
  for (std::size_t i = 0; i < tile.v.size(); i += 3) naive_color(view, o.space, &tile.v[i]);
  tile = naive_blur(tile, static_cast<double>(view.blur));
  naive_normalize(tile, o);
  std::vector<double> out(static_cast<std::size_t>(o.height * o.width * o.written()), 0.0);
  for (int y = 0; y < o.height; ++y)
    for (int x = 0; x < o.width; ++x) {
      int u = x, v = y;
      for (int turn = 0; turn < (view.turns & 3); ++turn) {  // one quarter shows (last - y, x) at (x, y)
        const int was = u;
        u = o.width - 1 - v;
        v = was;
      }
      for (int c = 0; c < pretext::channel_count(o.space); ++c)
        out[static_cast<std::size_t>((y * o.width + x) * o.written() + c)] =
            tile.at(v, u, pretext::first_channel(o.space) + c);
    }
  return out;
}

}  // namespace test
