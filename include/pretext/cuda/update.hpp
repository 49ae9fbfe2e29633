// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "pretext/cuda/step_state.hpp"
#include "pretext/ops/update.hpp"

namespace pretext {
namespace cuda {

/// One tensor of an optimiser step, as it lies in device memory.
template <class F>
struct UpdateEntry {
  static constexpr int slots = static_cast<int>(F::slots.size());

  F f;
  float* weight;
  const float* gradient;
  float* state[slots + 1];  // so that it is never empty
  std::int64_t size;
  std::int64_t first_chunk;
  bool aligned;  ///< all of it can be accessed 16 bytes at a time
};

/// What a block of threads does: a chunk of an entry.
struct UpdateChunk {
  static constexpr std::int64_t elements = 4096;

  std::int32_t entry, index;
};

inline std::int64_t update_chunks(std::int64_t size) {
  return (size + UpdateChunk::elements - 1) / UpdateChunk::elements;
}

/// Updates all chunks of a table in one launch.
template <class F>
void launch_update(const UpdateEntry<F>* entries, const UpdateChunk* chunks, std::int64_t count);

/// The sums of squares of the weights and of the gradients of each chunk, norms[count, 2].
template <class F>
void launch_update_norms(const UpdateEntry<F>* entries, const UpdateChunk* chunks, std::int64_t count,
                         double* norms);

/// launch_update with what becomes of each F by the norms of its tensor, which is kept in `scaled`.
template <class F>
void launch_scaled_update(const UpdateEntry<F>* entries, std::int64_t entry_count, const UpdateChunk* chunks,
                          std::int64_t count, const double* norms, F* scaled);

}  // namespace cuda

/// An optimiser's steps on the GPU, over a table of all tensors in device memory: upload() writes it and
/// waits for nothing, launch() does what it says when it is run. A recorded step holds a launch(), and an
/// upload() before each replay may change all of the table but the number and sizes of the tensors. The table
/// stays where it is unless a larger one takes its place.
template <class F>
struct Kernel<ops::Update<F>, Cuda> {
  using Item = ops::UpdateItem<F, float>;

  void run(Span<const Item> items) {
    upload(items);
    launch(items);
  }

  void upload(Span<const Item> items) {
    lay_out(items);
    entries_.clear();
    std::int64_t first = 0;
    for (const Item& item : items) {
      entries_.push_back(entry_of(item, first));
      first += cuda::update_chunks(item.size);
    }
    store(entries_.data(), entries_.size() * sizeof(Entry), table_.data());
  }

  /// The items must be as many as those of the last upload, and of the same sizes.
  void launch(Span<const Item> items) {
    require(same_sizes(items), "update: tensors of other sizes were uploaded than are launched");
    if (chunks_ == 0) return;
    const auto* entries = reinterpret_cast<const Entry*>(table_.data());
    const auto* chunks = reinterpret_cast<const cuda::UpdateChunk*>(chunk_table_.data());
    if constexpr (ops::ScaledByNorms<F>) {
      cuda::launch_update_norms(entries, chunks, chunks_, norms_.data());
      cuda::launch_scaled_update(entries, std::ssize(sizes_), chunks, chunks_, norms_.data(),
                                 reinterpret_cast<F*>(scaled_.data()));
    } else {
      cuda::launch_update(entries, chunks, chunks_);
    }
  }

 private:
  using Entry = cuda::UpdateEntry<F>;
  static_assert(std::is_trivially_copyable_v<Entry>);

  static Entry entry_of(const Item& item, std::int64_t first_chunk) {
    Entry entry{};
    entry.f = item.f;
    entry.weight = item.weight;
    entry.gradient = item.gradient;
    entry.size = item.size;
    entry.first_chunk = first_chunk;
    entry.aligned = on_16_bytes(item.weight) && on_16_bytes(item.gradient);
    for (std::size_t k = 0; k < F::slots.size(); ++k) {
      entry.state[k] = item.state[k];
      entry.aligned = entry.aligned && on_16_bytes(item.state[k]);
    }
    return entry;
  }
  static bool on_16_bytes(const float* p) { return reinterpret_cast<std::uintptr_t>(p) % 16 == 0; }

  bool same_sizes(Span<const Item> items) const {
    bool same = items.size() == sizes_.size();
    for (std::size_t i = 0; same && i < items.size(); ++i) same = items[i].size == sizes_[i];
    return same;
  }

  /// The chunks of the items and room for their entries, where they are not those of the last time.
  void lay_out(Span<const Item> items) {
    if (same_sizes(items)) return;
    sizes_.clear();
    std::vector<cuda::UpdateChunk> chunks;
    for (const Item& item : items) {
      const auto entry = static_cast<std::int32_t>(sizes_.size());
      sizes_.push_back(item.size);
      for (std::int32_t i = 0; i < cuda::update_chunks(item.size); ++i) chunks.push_back({entry, i});
    }
    chunks_ = std::ssize(chunks);
    reserve(table_, items.size() * sizeof(Entry));
    reserve(chunk_table_, chunks.size() * sizeof(cuda::UpdateChunk));
    if constexpr (ops::ScaledByNorms<F>) {
      reserve(norms_, 2 * chunks.size());
      reserve(scaled_, items.size() * sizeof(F));
    }
    store(chunks.data(), chunks.size() * sizeof(cuda::UpdateChunk), chunk_table_.data());
  }

  template <class T>
  static void reserve(Tensor<T, Cuda>& memory, std::size_t elements) {
    const auto size = static_cast<std::int64_t>(elements);
    if (memory.size() < size) memory = Tensor<T, Cuda>(Shape{size});
  }

  static void store(const void* from, std::size_t bytes, std::byte* to) {
    constexpr std::size_t most = 4000;
    for (std::size_t at = 0; at < bytes; at += most)
      cuda::launch_store(to + at, static_cast<const std::byte*>(from) + at, std::min(most, bytes - at));
  }

  std::vector<std::int64_t> sizes_;  // of the tensors that are laid out
  std::int64_t chunks_ = 0;
  std::vector<Entry> entries_;  // kept for its memory
  Tensor<std::byte, Cuda> table_, chunk_table_, scaled_;
  Tensor<double, Cuda> norms_;
};

}  // namespace pretext
