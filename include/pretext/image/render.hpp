// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/image/view.hpp"
#include "pretext/tensor/kernel.hpp"

namespace pretext {

/// The size and the pixel values of what a renderer draws.
struct RenderOptions {
  int height = 32, width = 32;
  Normalization normalization{};
};

/// Draws views of pictures; each device has its kernel.
struct Render {
  static constexpr std::string_view name = "render";
};

/// out[V, height, width, 3] = the views, drawn in one pass from their pictures.
template <Device D, class T = float>
Tensor<T, D> render(Span<const ImageView> pictures, Span<const View> views, const RenderOptions& options) {
  require(options.height > 0 && options.width > 0, "render: size ", options.height, " x ", options.width,
          " must be positive");
  for (const View& view : views)
    require(view.source >= 0 && view.source < static_cast<std::int64_t>(pictures.size()),
            "render: a view of picture ", view.source, ", but there are ", pictures.size());
  for (const ImageView& picture : pictures)
    require(picture.channels == 1 || picture.channels == 3, "render: a picture has ", picture.channels,
            " channels, not 1 or 3");
  Tensor<T, D> out({static_cast<std::int64_t>(views.size()), options.height, options.width, 3});
  Kernel<Render, D>::run(pictures, views, options, out);
  return out;
}

}  // namespace pretext
