// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/image/normalization.hpp"
#include "pretext/tensor/kernel.hpp"

namespace pretext {

/// The form in which a renderer writes all views of one call.
struct RenderOptions {
  int height = 32, width = 32;
  Normalization normalization{};
  Space space = Space::rgb;
  int channels = 0;  ///< zeros follow the channels of the space up to this number; 0: none

  /// Channels of what is written.
  PRETEXT_HD int written() const { return channels == 0 ? channel_count(space) : channels; }
};

/// Draws views of pictures; each device has its kernel.
struct Render {
  static constexpr std::string_view name = "render";
};

namespace detail {

inline void check_render(Span<const ImageView> pictures, Span<const View> views, const RenderOptions& o) {
  require(o.height > 0 && o.width > 0, "render: size ", o.height, " x ", o.width, " must be positive");
  require(o.written() >= channel_count(o.space), "render: ", o.written(), " channels cannot hold the ",
          channel_count(o.space), " of the colour space");
  for (const View& view : views) {
    require(view.source >= 0 && view.source < static_cast<std::int64_t>(pictures.size()),
            "render: a view of picture ", view.source, ", but there are ", pictures.size());
    require((view.turns & 3) == 0 || o.height == o.width, "render: a turned view must be square, not ",
            o.height, " x ", o.width);
  }
  for (const ImageView& picture : pictures)
    require(picture.channels == 1 || picture.channels == 3, "render: a picture has ", picture.channels,
            " channels, not 1 or 3");
}

}  // namespace detail

/// out[V, height, width, channels] = the views, drawn in one pass from their pictures.
template <Device D, class T = float>
Tensor<T, D> render(Span<const ImageView> pictures, Span<const View> views, const RenderOptions& options) {
  detail::check_render(pictures, views, options);
  Tensor<T, D> out(
      {static_cast<std::int64_t>(views.size()), options.height, options.width, options.written()});
  Kernel<Render, D>::run(pictures, views, options, out);
  return out;
}

}  // namespace pretext
