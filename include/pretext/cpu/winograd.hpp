// SPDX-License-Identifier: MIT
// Convolutions of stride 1 by fewer multiplications: an output tile of M x M comes from T x T products in
// place of M x M x R x R.
//
//   forward, and the gradient of x (a forward pass with the kernels turned round):
//     weights to T x T planes, in panels                                       parallel over input channels
//     for a block of tiles, small enough for the second-level cache:           parallel
//       tiles of x to planes
//       for a panel of output channels:
//         for each plane: multiply (product.hpp)
//         planes to tiles of y
//   gradient of the weights:
//     for a block of tiles:
//       tiles of x and of dy to planes                                         parallel over tiles
//       for each plane: dw += x^T dy                                           parallel over planes
//     planes to dw                                                             parallel over input channels
#pragma once

#include "pretext/core/thread_pool.hpp"
#include "pretext/cpu/gemm.hpp"
#include "pretext/cpu/tile_transform.hpp"
#include "pretext/ops/conv2d.hpp"

namespace pretext::cpu {

/// F(M, R): for kernels R x R with stride 1, dilation 1 and one group.
template <class S>
class Winograd {
 public:
  /// For kernels of 3 x 3 or 5 x 5; tiles of 4 x 4 where they shall be large, else of 2 x 2.
  Winograd(std::int64_t kernel, bool large)
      : Winograd(checked(kernel) == 3 ? large ? Winograd(Points<2, 3>()) : Winograd(Points<1, 3>())
                 : large ? Winograd(Points<3, 5>())
                                      : Winograd(Points<2, 5>())) {}

  /// y[N, OH, OW, Co] from x[N, H, W, Ci], weight[R, R, Ci, Co] and bias[Co], which may be null.
  void forward(const ops::ConvShape& s, const Source<S>& x, const S* weight, const S* bias, S* y,
               const Epilogue<S>& epilogue = {}) const {
    const Tensor<S, Cpu> kernels = transform_weights(weight, s.ci, s.co);
    const Tiles tiles(s, M);
    parallel_for(tiles.count, block_size(s, tiles.count), [&](std::int64_t first, std::int64_t last) {
      forward_block(s, tiles, first, last, x, kernels.data(), bias, y, epilogue);
    });
  }

  /// dx[N, H, W, Ci] from dy[N, OH, OW, Co].
  void grad_input(const ops::ConvShape& s, const S* dy, const S* weight, S* dx) const {
    Tensor<S, Cpu> turned({R, R, s.co, s.ci});
    parallel_for(R * R, 1, [&](std::int64_t r, std::int64_t) {
      const S* from = weight + (R * R - 1 - r) * s.ci * s.co;
      S* to = turned.data() + r * s.ci * s.co;
      for (std::int64_t o = 0; o < s.co; ++o)
        for (std::int64_t i = 0; i < s.ci; ++i) to[o * s.ci + i] = from[i * s.co + o];
    });
    ops::ConvShape back{s.n, s.oh, s.ow, s.co, R, R, s.ci, s.h, s.w, 1, s.window};
    back.window.padding = R - 1 - s.window.padding;
    forward(back, dy, turned.data(), nullptr, dx);
  }

  /// dw[R, R, Ci, Co]. Each plane is one sum over the tiles in their order.
  void grad_weight(const ops::ConvShape& s, const Source<S>& x, const S* dy, S* dw) const {
    const Tiles tiles(s, M);
    if (tiles.count == 0) return void(std::fill_n(dw, R * R * s.ci * s.co, S(0)));
    const std::int64_t width = panel_columns<S>(), panels = (s.co + width - 1) / width;
    const std::int64_t most = std::clamp<std::int64_t>(
        (8 << 20) / (planes * (s.ci + s.co) * static_cast<std::int64_t>(sizeof(S))), 16, 256);
    Planes<S> x_planes(planes, most * padded(s.ci)), dy_planes(planes, most * panels * width),
        sums(planes, s.ci * panels * width);
    for (std::int64_t first = 0; first < tiles.count; first += most) {
      const std::int64_t count = std::min(most, tiles.count - first);
      parallel_for(count, 4, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
          input(input_job(s, x, tiles[first + i], x_planes, i));
          gradient({.from = tiles[first + i].square(dy, s.oh, s.ow, s.co, 0),
                    .to = dy_planes.tile(i * width, T),
                    .channels = s.co,
                    .padded = panels * width,
                    .to_panel = most * width});
        }
      });
      parallel_for(planes, 1, [&](std::int64_t q, std::int64_t) {
        for (std::int64_t j = 0; j < panels; ++j)
          multiply_transposed<S>({.a = x_planes[q],
                                  .a_step = padded(s.ci),
                                  .b = dy_planes[q] + j * most * width,
                                  .c = sums[q] + j * width,
                                  .c_row = panels * width,
                                  .rows = s.ci,
                                  .depth = count,
                                  .add = first > 0});
      });
    }
    parallel_for(s.ci, 8, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i)
        weight_gradient({.from = sums.tile(i * panels * width, T).read(),
                         .to = Square<S>::regular(dw + i * s.co, s.ci * s.co, R),
                         .channels = s.co});
    });
  }

 private:
  static std::int64_t checked(std::int64_t kernel) {
    require(kernel == 3 || kernel == 5, "winograd: kernels are 3 x 3 or 5 x 5, not of ", kernel);
    return kernel;
  }

  using Step = void (*)(const TileJob<S>&);
  template <class Of>
  static constexpr Step step = dispatch<TileTransform<S, Of>, TileJob<S>>;

  template <int Pairs, int R>
  struct Points {};

  template <int Pairs, int Kernel, int Tile = 2 * Pairs + 3 - Kernel>
  explicit Winograd(Points<Pairs, Kernel>)
      : M(Tile),
        R(Kernel),
        input(step<InputStep<S, Pairs>>),
        weights(step<KernelStep<S, Pairs, Kernel>>),
        output(step<OutputStep<S, Pairs, Tile>>),
        gradient(step<KernelStep<S, Pairs, Tile>>),
        weight_gradient(step<OutputStep<S, Pairs, Kernel>>) {}

  /// Where a tile of y begins.
  struct Tile {
    std::int64_t picture, y, x;
    /// Its square of a batch of pictures, or the one that begins so much before it.
    template <class E>
    Square<E> square(E* data, std::int64_t high, std::int64_t wide, std::int64_t channels,
                     std::int64_t before) const {
      return Square<E>::of_picture(data + picture * high * wide * channels, high, wide, channels, y - before,
                                   x - before);
    }
  };

  /// The tiles of a batch.
  struct Tiles {
    std::int64_t side, high, wide, count;
    Tiles(const ops::ConvShape& s, std::int64_t m)
        : side(m), high((s.oh + m - 1) / m), wide((s.ow + m - 1) / m), count(s.n * high * wide) {}
    Tile operator[](std::int64_t i) const {
      return {i / (high * wide), i / wide % high * side, i % wide * side};
    }
  };

  static std::int64_t padded(std::int64_t channels) {
    return (channels + vector_lanes<S>() - 1) / vector_lanes<S>() * vector_lanes<S>();
  }

  /// Tiles of a block: their planes fill at most a megabyte, and every thread gets as many blocks.
  std::int64_t block_size(const ops::ConvShape& s, std::int64_t tiles) const {
    const std::int64_t bytes =
        planes * (padded(s.ci) + panel_columns<S>()) * static_cast<std::int64_t>(sizeof(S));
    const std::int64_t most = std::clamp<std::int64_t>((1 << 20) / bytes, 8, 84);
    const std::int64_t threads = thread_pool().threads(),
                       rounds = (tiles + most * threads - 1) / (most * threads);
    return std::max<std::int64_t>(
        1, (tiles + rounds * threads - 1) / std::max<std::int64_t>(1, rounds * threads));
  }

  /// [panel][plane][Ci][panel columns]
  Tensor<S, Cpu> transform_weights(const S* weight, std::int64_t ci, std::int64_t co) const {
    const std::int64_t width = panel_columns<S>(), panels = (co + width - 1) / width;
    Tensor<S, Cpu> kernels({panels * planes * ci * width});
    parallel_for(ci, 8, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i)
        weights({.from = Square<const S>::regular(weight + i * co, ci * co, R),
                 .to = Square<S>::regular(kernels.data() + i * width, ci * width, T),
                 .channels = co,
                 .padded = panels * width,
                 .to_panel = planes * ci * width});
    });
    return kernels;
  }

  /// The tile of x that one of y is made of, to place i of the planes.
  TileJob<S> input_job(const ops::ConvShape& s, const Source<S>& x, const Tile& tile, Planes<S>& to,
                       std::int64_t i) const {
    return {.from = tile.square(x.x, s.h, s.w, s.ci, s.window.padding),
            .to = to.tile(i * padded(s.ci), T),
            .channels = s.ci,
            .padded = padded(s.ci),
            .source = x};
  }

  void forward_block(const ops::ConvShape& s, const Tiles& tiles, std::int64_t first, std::int64_t last,
                     const Source<S>& x, const S* kernels, const S* bias, S* y,
                     const Epilogue<S>& epilogue) const {
    const std::int64_t count = last - first, width = panel_columns<S>(), depth = padded(s.ci);
    Planes<S> in(planes, count * depth), out(planes, count * width);
    for (std::int64_t i = 0; i < count; ++i) input(input_job(s, x, tiles[first + i], in, i));
    for (std::int64_t column = 0; column < s.co; column += width) {
      for (std::int64_t q = 0; q < planes; ++q, kernels += s.ci * width)
        multiply_deep<S>({.a = in[q],
                          .a_row = depth,
                          .b = kernels,
                          .c = out[q],
                          .c_row = width,
                          .rows = count,
                          .depth = s.ci});
      for (std::int64_t i = 0; i < count; ++i)
        output({.from = out.tile(i * width, T).read(),
                .to = tiles[first + i].square(y + column, s.oh, s.ow, s.co, 0),
                .channels = std::min(width, s.co - column),
                .bias = bias == nullptr ? nullptr : bias + column,
                .epilogue = epilogue,
                .channel = column});
    }
  }

  int M, R, T = M + R - 1;
  std::int64_t planes = T * T;
  Step input, weights, output, gradient, weight_gradient;
};

}  // namespace pretext::cpu
