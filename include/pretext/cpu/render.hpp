// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/core/span.hpp"
#include "pretext/core/thread_pool.hpp"
#include "pretext/image/render.hpp"

namespace pretext {

template <>
struct Kernel<Render, Cpu> {
  template <class T>
  static void run(Span<const ImageView> pictures, Span<const View> views, const RenderOptions& o,
                  Tensor<T, Cpu>& out) {
    T scale[3], shift[3];
    for (int c = 0; c < 3; ++c) {
      scale[c] = T(1) / (T(255) * static_cast<T>(o.normalization.deviation[c]));
      shift[c] = -static_cast<T>(o.normalization.mean[c]) / static_cast<T>(o.normalization.deviation[c]);
    }
    parallel_for(static_cast<std::int64_t>(views.size()), 8, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t v = begin; v < end; ++v) {
        const View& view = views[static_cast<std::size_t>(v)];
        const ImageView& picture = pictures[static_cast<std::size_t>(view.source)];
        const ViewPainter paint(picture, view.map);
        T* to = out.data() + v * o.height * o.width * 3;
        for (int y = 0; y < o.height; ++y)
          for (int x = 0; x < o.width; ++x, to += 3) {
            float rgb[3];
            paint(x, y, rgb);
            for (int c = 0; c < 3; ++c) to[c] = static_cast<T>(rgb[c]) * scale[c] + shift[c];
          }
      }
    });
  }
};

}  // namespace pretext
