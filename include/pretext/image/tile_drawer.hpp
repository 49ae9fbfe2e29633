// SPDX-License-Identifier: MIT
#pragma once

#include <new>

#include "pretext/image/gaussian.hpp"
#include "pretext/image/prepared_view.hpp"

namespace pretext {

/// What a team draws one view in. The first three are memory for one object each, the rest arrays.
struct TileMemory {
  void *view, *gaussian, *finish;  ///< a PreparedView, a Gaussian, a Finish
  WeightedPixel* weights;
  std::int64_t room;  ///< how many weights
  float* tile;        ///< [3, height, width]
  float* plane;       ///< [height, width]; null: there is none, and a view that looks around becomes NaN
};

/// Draws whole views, each by a team of threads: all that a View can say and all statistics.
template <class Team>
class TileDrawer {
 public:
  /// The options outlive it.
  PRETEXT_HD TileDrawer(const Team& team, const RenderOptions& options, const TileMemory& memory)
      : team_(team), o_(options), m_(memory), area_(options.height * options.width) {}

  /// to[height, width, written()] = the view. All threads of the team call it; before the next one they sync.
  template <class T>
  PRETEXT_HD void operator()(const ImageView* pictures, const View& view, T* to) const {
    if (team_.index == 0) new (m_.view) PreparedView(pictures[view.source], view, o_, m_.weights, m_.room);
    if (team_.index == team_.count - 1) new (m_.gaussian) Gaussian(view.blur);
    team_.sync();
    const auto& prepared = *static_cast<const PreparedView*>(m_.view);
    const auto& gaussian = *static_cast<const Gaussian*>(m_.gaussian);
    prepared.weigh(team_);
    team_.sync();
    if (m_.plane == nullptr && (prepared.paint.low() || gaussian.radius > 0)) return refuse(to);
    if (prepared.paint.low())
      enlarge(prepared);
    else
      sample(prepared);
    if (gaussian.radius > 0) blur(gaussian);
    TileMoments own{};
    if (o_.normalization.statistics != Statistics::given || measures_noise(view)) own = moments();
    if (team_.index == 0)
      new (m_.finish) Finish(o_.normalization, view, o_.space, prepared.paint.steps.white(), own);
    team_.sync();
    write(prepared, *static_cast<const Finish*>(m_.finish), to);
  }

 private:
  PRETEXT_HD float* plane_of(int channel) const { return m_.tile + std::int64_t{channel} * area_; }

  PRETEXT_HD void put(const PreparedView& view, int pixel, float* rgb) const {
    view.paint.steps.each(OnePixel{rgb});
    for (int c = 0; c < 3; ++c) plane_of(c)[pixel] = rgb[c];
  }

  /// The tile, before blur.
  PRETEXT_HD void sample(const PreparedView& view) const {
    for (Walk at(team_.index, team_.count, o_.width); at.i < area_; at.next()) {
      float rgb[3];
      view.sample(at.x, at.y, rgb);
      put(view, at.i, rgb);
    }
  }

  /// The same of a view of low resolution, channel by channel.
  PRETEXT_HD void enlarge(const PreparedView& view) const {
    const int height = view.paint.low_height, width = view.paint.low_width;
    const Affine to = view.paint.reduced();
    for (int c = 0; c < 3; ++c) {
      for (Walk at(team_.index, team_.count, width); at.i < height * width; at.next())
        m_.plane[at.i] = view.sample(at.x, at.y, c);
      team_.sync();
      for (Walk at(team_.index, team_.count, o_.width); at.i < area_; at.next()) {
        const Tap across = tap(to.x(static_cast<float>(at.x), 0), width),
                  down = tap(to.y(0, static_cast<float>(at.y)), height);
        plane_of(c)[at.i] =
            between(m_.plane + down.first * width, m_.plane + down.second * width, across, down);
      }
      team_.sync();
    }
    for (int i = team_.index; i < area_; i += team_.count) {
      float rgb[3] = {plane_of(0)[i], plane_of(1)[i], plane_of(2)[i]};
      put(view, i, rgb);
    }
  }

  /// The weighted sum of what lies up to the radius away along one axis, of `length` pixels `step` apart;
  /// edge pixels are repeated.
  PRETEXT_HD static float blurred(const Gaussian& g, const float* line, int at, int length, int step) {
    float sum = 0;
    for (int k = 0; k <= 2 * g.radius; ++k) {
      const int far = at + k - g.radius, near = far < 0 ? 0 : far < length ? far : length - 1;
      sum += g.weight[k] * line[near * step];
    }
    return sum;
  }

  PRETEXT_HD void blur(const Gaussian& g) const {
    const int height = o_.height, width = o_.width;
    team_.sync();
    for (int c = 0; c < 3; ++c) {
      for (Walk at(team_.index, team_.count, width); at.i < area_; at.next())
        m_.plane[at.i] = blurred(g, plane_of(c) + at.y * width, at.x, width, 1);
      team_.sync();
      for (Walk at(team_.index, team_.count, width); at.i < area_; at.next())
        plane_of(c)[at.i] = blurred(g, m_.plane + at.x, at.y, height, width);
      team_.sync();
    }
  }

  /// Each thread's own pixels are those that it wrote, so it need not wait.
  PRETEXT_HD TileMoments moments() const {
    TileMoments own;
    double mean[3] = {0, 0, 0}, squares[3] = {0, 0, 0};
    for (int i = team_.index; i < area_; i += team_.count)
      for (int c = 0; c < 3; ++c) mean[c] += static_cast<double>(plane_of(c)[i]);
    team_.sum(mean);
    for (double& m : mean) m /= area_;
    for (int i = team_.index; i < area_; i += team_.count)
      for (int c = 0; c < 3; ++c) {
        const double d = static_cast<double>(plane_of(c)[i]) - mean[c];
        squares[c] += d * d;
      }
    team_.sum(squares);
    for (int c = 0; c < 3; ++c) {
      own.mean[c] = static_cast<float>(mean[c]);
      own.variance[c] = static_cast<float>(squares[c] / area_);
    }
    return own;
  }

  /// Each thread writes single values, so that threads side by side write side by side.
  template <class T>
  PRETEXT_HD void write(const PreparedView& view, const Finish& finish, T* to) const {
    const int first = first_channel(o_.space), channels = channel_count(o_.space), written = o_.written();
    const bool turns = !(view.turn == Affine{});
    for (Walk at(team_.index, team_.count, written); at.i < area_ * written; at.next()) {
      const int pixel = turns ? view.turned(at.y % o_.width, at.y / o_.width) : at.y, c = first + at.x;
      float value = 0;
      if (at.x < channels) {
        value = finish(plane_of(c)[pixel], c);
        if (finish.noisy) value += noise(finish, pixel, c);
      }
      to[at.i] = static_cast<T>(value);
    }
  }

  PRETEXT_HD static float noise(const Finish& finish, int pixel, int channel) {
    float r, g, b;
    finish.draw_noise(static_cast<std::uint32_t>(pixel), r, g, b);
    return channel == 0 ? r : channel == 1 ? g : b;
  }

  template <class T>
  PRETEXT_HD void refuse(T* to) const {
    for (int i = team_.index; i < area_ * o_.written(); i += team_.count)
      to[i] = static_cast<T>(math::float_of(0x7fc00000U));
  }

  Team team_;
  const RenderOptions& o_;
  TileMemory m_;
  int area_;
};

}  // namespace pretext
