// SPDX-License-Identifier: MIT
#pragma once

#if !defined(__CUDACC__)
#error \
    "a .cuh file is compiled by nvcc: include it from a .cu file, and the .hpp of the same name from a .cpp"
#endif

#include "pretext/cuda/launch.cuh"
#include "pretext/cuda/render.hpp"
#include "pretext/image/tile_drawer.hpp"

namespace pretext::cuda {
namespace detail {

/// Room for an object that a block makes in its shared memory.
template <class Object>
struct alignas(Object) Slot {
  unsigned char bytes[sizeof(Object)];
};

/// The threads of a block as a team (see image/prepared_view.hpp).
struct BlockTeam {
  int index, count;
  double* sums;  ///< [32][3], shared

  PRETEXT_HD void sync() const {
#if defined(__CUDA_ARCH__)
    __syncthreads();
#endif
  }

  /// Within warps first, then over the warps in their order: always the same sum.
  PRETEXT_HD void sum([[maybe_unused]] double (&v)[3]) const {
#if defined(__CUDA_ARCH__)
    for (int far = 16; far > 0; far /= 2)
      for (double& part : v) part += __shfl_xor_sync(0xffffffffU, part, far);
    if (index % 32 == 0)
      for (int c = 0; c < 3; ++c) sums[index / 32 * 3 + c] = v[c];
    __syncthreads();
    for (double& total : v) total = 0;
    for (int warp = 0; warp < count / 32; ++warp)
      for (int c = 0; c < 3; ++c) v[c] += sums[warp * 3 + c];
    __syncthreads();
#endif
  }
};

struct Pieces {
  const ImageView* pictures;
  const View* views;
  std::int64_t count;
  RenderOptions options;
  int room;  ///< weights of a block
};

/// Pixels of views that look at no others: a block draws `strip` pixels of one view, a thread one after the
/// other. What a warp has drawn goes through shared memory, so that it is written in whole lines.
template <class T>
__global__ void __launch_bounds__(256, 4)
    draw_pixels(const __grid_constant__ Pieces p, int strip, int strips, bool others, T* out) {
  extern __shared__ __align__(16) unsigned char memory[];
  __shared__ Slot<PreparedView> view_slot;
  __shared__ Slot<Finish> finish_slot;
  const std::int64_t number = blockIdx.x / static_cast<unsigned>(strips);
  const View& view = p.views[number];
  const RenderOptions& o = p.options;
  const int threads = static_cast<int>(blockDim.x), thread = static_cast<int>(threadIdx.x),
            lane = thread % 32;
  const bool around = looks_around(view, o.height, o.width);
  if (around && others) return;
  auto* const weights = reinterpret_cast<WeightedPixel*>(memory);
  if (thread == 0) {
    const auto* made = new (view_slot.bytes) PreparedView(p.pictures[view.source], view, o, weights, p.room);
    new (finish_slot.bytes) Finish(o.normalization, view, o.space, made->paint.steps.white(), {});
  }
  __syncthreads();
  const auto& prepared = *reinterpret_cast<const PreparedView*>(view_slot.bytes);
  const auto& finish = *reinterpret_cast<const Finish*>(finish_slot.bytes);
  prepared.weigh(BlockTeam{thread, threads, nullptr});
  __syncthreads();

  const int written = o.written(), channels = channel_count(o.space), area = o.height * o.width;
  const int first = static_cast<int>(blockIdx.x % static_cast<unsigned>(strips)) * strip,
            last = min(area, first + strip), values_of_warp = 32 * written;
  T* const stage =
      reinterpret_cast<T*>(memory + p.room * sizeof(WeightedPixel)) + thread / 32 * values_of_warp;
  T* const to = out + number * area * written;
  constexpr int pack = pack_size<T>;
  const bool aligned = reinterpret_cast<std::uintptr_t>(to) % 16 == 0;
  // Whole warps go round together, whichever of their pixels are there.
  Walk at(first + thread, threads, o.width);
  for (int base = first + thread - lane; base < last; base += threads, at.next()) {
    if (at.i < last) {
      float values[3];
      prepared(at.x, at.y, finish, values);
      if (around) values[0] = values[1] = values[2] = math::float_of(0x7fc00000U);
      T* const mine = stage + lane * written;
      mine[0] = narrow_to<T>(values[0]);
      if (channels > 1) mine[1] = narrow_to<T>(values[1]);
      if (channels > 2) mine[2] = narrow_to<T>(values[2]);
      for (int c = channels; c < written; ++c) mine[c] = narrow_to<T>(0.0F);
    }
    __syncwarp();
    T* const line = to + std::int64_t{base} * written;
    if (aligned && base + 32 <= last) {
      for (int k = lane; k < values_of_warp / pack; k += 32)
        reinterpret_cast<Pack<T, pack>*>(line)[k] = reinterpret_cast<const Pack<T, pack>*>(stage)[k];
    } else {
      const int there = (last - base < 32 ? last - base : 32) * written;
      for (int k = lane; k < there; k += 32) line[k] = stage[k];
    }
    __syncwarp();
  }
}

/// Whole tiles, a block one view after the other, in shared memory or, where they do not fit, in scratch
/// memory: planes * area floats a block. `all`, or only those that look around.
template <class T>
__global__ void __launch_bounds__(1024)
    draw_tiles(const __grid_constant__ Pieces p, bool all, int planes, float* scratch, T* out) {
  extern __shared__ __align__(16) unsigned char memory[];
  __shared__ Slot<PreparedView> view_slot;
  __shared__ Slot<Finish> finish_slot;
  __shared__ Slot<Gaussian> gaussian_slot;
  __shared__ double sums[32 * 3];
  const RenderOptions& o = p.options;
  const std::int64_t area = std::int64_t{o.height} * o.width;
  float* const tile = scratch != nullptr ? scratch + blockIdx.x * planes * area
                                         : reinterpret_cast<float*>(memory + p.room * sizeof(WeightedPixel));
  const BlockTeam team{static_cast<int>(threadIdx.x), static_cast<int>(blockDim.x), sums};
  const TileDrawer<BlockTeam> draw(
      team, o,
      {view_slot.bytes, gaussian_slot.bytes, finish_slot.bytes, reinterpret_cast<WeightedPixel*>(memory),
       p.room, tile, planes > 3 ? tile + 3 * area : nullptr});
  for (std::int64_t v = blockIdx.x; v < p.count; v += gridDim.x) {
    const View& view = p.views[v];
    if (!all && !looks_around(view, o.height, o.width)) continue;
    draw(p.pictures, view, out + v * area * o.written());
    team.sync();
  }
}

/// How draw_tiles() is launched.
struct TilePlan {
  int room, planes, threads;
  std::int64_t area, shared;  ///< bytes of shared memory a block
  bool fits;                  ///< tiles fit there
};

/// For every column and row two weights of each of three maps, or six of one; as many as are worth the
/// memory.
inline int weights_of(const RenderOptions& o) {
  return static_cast<int>(std::min<std::int64_t>(3072, 6 * (std::int64_t{o.height} + o.width)));
}

inline TilePlan tile_plan(const RenderOptions& o, bool crisp) {
  TilePlan plan{.room = weights_of(o),
                .planes = crisp ? 3 : 4,
                .threads = 512,
                .area = std::int64_t{o.height} * o.width,
                .shared = 0,
                .fits = false};
  const auto weights = static_cast<std::int64_t>(plan.room * sizeof(WeightedPixel)),
             tile = plan.planes * plan.area * static_cast<std::int64_t>(sizeof(float));
  int most = 0;
  check(cudaDeviceGetAttribute(&most, cudaDevAttrMaxSharedMemoryPerBlockOptin, 0), "asking the GPU");
  constexpr int of_its_own = 4096;  // more than draw_tiles() has of fixed size
  plan.fits = weights + tile <= most - of_its_own;
  plan.shared = weights + (plan.fits ? tile : 0);
  if (!plan.fits || 2 * (plan.shared + of_its_own) > most)
    plan.threads = 1024;  // one block, or none of shared size
  if (plan.area < 1024) plan.threads = static_cast<int>(std::max<std::int64_t>(32, plan.area / 64 * 32));
  return plan;
}

template <class T>
void launch_tiles(const RenderJob<T>& job, const Pieces& pieces, bool all) {
  const TilePlan plan = tile_plan(job.options, job.crisp);
  check(cudaFuncSetAttribute(draw_tiles<T>, cudaFuncAttributeMaxDynamicSharedMemorySize,
                             static_cast<int>(plan.shared)),
        "render: asking for shared memory");
  int resident = 0;
  check(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&resident, draw_tiles<T>, plan.threads,
                                                      static_cast<std::size_t>(plan.shared)),
        "render: asking for occupancy");
  std::int64_t blocks =
      std::min<std::int64_t>(job.count, std::int64_t{multiprocessors()} * std::max(1, resident));
  if (!plan.fits) {
    blocks = std::min(blocks, job.scratch_size / (plan.planes * plan.area));
    require(blocks >= 1, "render: a scratch of ", job.scratch_size, " floats, but one tile needs ",
            plan.planes * plan.area, "; see render_scratch()");
  }
  draw_tiles<T>
      <<<static_cast<unsigned>(blocks), plan.threads, static_cast<std::size_t>(plan.shared), stream()>>>(
          pieces, all, plan.planes, plan.fits ? nullptr : job.scratch, job.out);
  check_launch("render: whole tiles");
}

template <class T>
void launch_pixels(const RenderJob<T>& job, const Pieces& pieces) {
  const int written = job.options.written(), area = job.options.height * job.options.width;
  int threads = 256;
  while (threads > 32 && threads * written * static_cast<int>(sizeof(T)) > 16384) threads /= 2;
  // Pixels a thread: as many as leave each multiprocessor work for a thousand threads, at most 8.
  const std::int64_t pixels = job.count * area, busy = std::int64_t{multiprocessors()} * 1024;
  int each = 8;
  while (each > 1 && pixels < each * busy) each /= 2;
  const int strip = each * threads, strips = (area + strip - 1) / strip;
  const std::int64_t blocks = job.count * strips;
  require(blocks < INT32_MAX, "render: ", job.count, " views are too many for one call");
  const std::size_t shared = pieces.room * sizeof(WeightedPixel) + static_cast<std::size_t>(threads) *
                                                                       static_cast<std::size_t>(written) *
                                                                       sizeof(T);
  draw_pixels<T><<<static_cast<unsigned>(blocks), threads, shared, stream()>>>(pieces, strip, strips,
                                                                               !job.crisp, job.out);
  check_launch("render: pixels");
}

}  // namespace detail

inline std::int64_t render_scratch_of(const RenderOptions& o, std::int64_t count, bool crisp) {
  if (count == 0 || (crisp && o.normalization.statistics == Statistics::given)) return 0;
  const detail::TilePlan plan = detail::tile_plan(o, crisp);
  return plan.fits ? 0 : std::min<std::int64_t>(count, multiprocessors()) * plan.planes * plan.area;
}

template <class T>
void launch_render(const RenderJob<T>& job) {
  const RenderOptions& o = job.options;
  if (job.count == 0) return;
  require(o.written() <= 128, "render: ", o.written(), " channels are written, at most 128 on a GPU");
  require(std::int64_t{o.height} * o.width <= INT32_MAX / 256, "render: a tile of ", o.height, " x ", o.width,
          " is too large for a GPU");
  const detail::Pieces pieces{job.pictures, job.views, job.count, o, detail::weights_of(o)};
  const bool given = o.normalization.statistics == Statistics::given;
  if (given) detail::launch_pixels(job, pieces);
  if (!given || !job.crisp) detail::launch_tiles(job, pieces, !given);
}

}  // namespace pretext::cuda
