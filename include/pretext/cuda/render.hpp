// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "pretext/cuda/pictures.hpp"
#include "pretext/image/prepared_view.hpp"

namespace pretext {
namespace cuda {

/// One call of the renderer: out[count, height, width, written()] = the views of the pictures. Every pointer
/// is to device memory, those in the table of pictures too.
template <class T>
struct RenderJob {
  const ImageView* pictures;
  const View* views;
  std::int64_t count;
  RenderOptions options;
  bool crisp = false;             ///< the caller's word that none looks around; one that does becomes NaN
  float* scratch = nullptr;       ///< render_scratch() floats
  std::int64_t scratch_size = 0;  ///< how many they are
  T* out;
};

/// How many floats of scratch memory a call needs: 0 where tiles fit into the multiprocessors.
std::int64_t render_scratch(const RenderOptions& options, std::int64_t count, bool crisp);

template <class T>
void launch_render(const RenderJob<T>& job);

/// out = `out.dim(0)` views that lie in device memory, of pictures that do. It may be recorded and replayed.
template <class T>
void render_views(const ImageView* pictures, const View* views, const RenderOptions& options, bool crisp,
                  Tensor<T, Cuda>& out) {
  const std::int64_t count = out.dim(0), floats = render_scratch(options, count, crisp);
  Tensor<float, Cuda> scratch;
  if (floats > 0) scratch = Tensor<float, Cuda>({floats});
  launch_render(RenderJob<T>{.pictures = pictures,
                             .views = views,
                             .count = count,
                             .options = options,
                             .crisp = crisp,
                             .scratch = scratch.data(),
                             .scratch_size = floats,
                             .out = out.data()});
}

}  // namespace cuda

/// Of pictures and views on the host, which are sent to the device first.
template <>
struct Kernel<Render, Cuda> {
  template <class T>
  static void run(Span<const ImageView> pictures, Span<const View> views, const RenderOptions& o,
                  Tensor<T, Cuda>& out) {
    if (views.empty()) return;
    bool crisp = true;
    for (const View& view : views) crisp = crisp && !looks_around(view, o.height, o.width);
    const cuda::DevicePictures there(pictures);
    const auto sent = Tensor<View, Cuda>::from({static_cast<std::int64_t>(views.size())}, views);
    cuda::render_views(there.table(), sent.data(), o, crisp, out);
  }
};

}  // namespace pretext
