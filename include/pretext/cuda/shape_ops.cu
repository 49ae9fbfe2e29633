// SPDX-License-Identifier: MIT
#include "pretext/cuda/shape_ops.cuh"

namespace pretext::cuda {

void launch_concat(const ops::ConcatShape& bytes, const void* a, const void* b, void* y) {
  const std::int64_t n = bytes.rows * (bytes.a + bytes.b);
  if (n == 0) return;
  with_word(bytes.a | bytes.b | address(a) | address(b) | address(y), [&](auto word) {
    using Word = decltype(word);
    constexpr auto size = static_cast<std::int64_t>(sizeof(Word));
    concat_kernel<<<blocks_for(n / size, lane_threads), lane_threads, 0, stream()>>>(
        bytes.rows, bytes.a / size, bytes.b / size, static_cast<const Word*>(a), static_cast<const Word*>(b),
        static_cast<Word*>(y));
  });
  check_launch("concat");
}

void launch_split(const ops::ConcatShape& bytes, const void* y, void* a, void* b) {
  const std::int64_t n = bytes.rows * (bytes.a + bytes.b);
  if (n == 0) return;
  with_word(bytes.a | bytes.b | address(a) | address(b) | address(y), [&](auto word) {
    using Word = decltype(word);
    constexpr auto size = static_cast<std::int64_t>(sizeof(Word));
    concat_kernel<<<blocks_for(n / size, lane_threads), lane_threads, 0, stream()>>>(
        bytes.rows, bytes.a / size, bytes.b / size, static_cast<Word*>(a), static_cast<Word*>(b),
        static_cast<const Word*>(y));
  });
  check_launch("concat");
}

void launch_gather(std::int64_t rows, std::int64_t row_bytes, std::int64_t count, const std::int32_t* index,
                   const void* x, void* y) {
  if (count * row_bytes == 0) return;
  with_word(row_bytes | address(x) | address(y), [&](auto word) {
    using Word = decltype(word);
    const std::int64_t size = row_bytes / static_cast<std::int64_t>(sizeof(Word));
    gather_kernel<<<blocks_for(count * size, lane_threads), lane_threads, 0, stream()>>>(
        rows, size, count, index, static_cast<const Word*>(x), static_cast<Word*>(y));
  });
  check_launch("gather");
}

void launch_upsample(std::int64_t rows, std::int64_t width, std::int64_t pixel_bytes, std::int64_t factor,
                     const void* x, void* y) {
  const std::int64_t n = rows * width * pixel_bytes * factor * factor;
  if (n == 0) return;
  with_word(pixel_bytes | address(x) | address(y), [&](auto word) {
    using Word = decltype(word);
    constexpr auto size = static_cast<std::int64_t>(sizeof(Word));
    upsample_kernel<<<blocks_for(n / size, lane_threads), lane_threads, 0, stream()>>>(
        rows, width, pixel_bytes / size, static_cast<int>(factor), static_cast<const Word*>(x),
        static_cast<Word*>(y));
  });
  check_launch("upsample");
}

template void launch_gather_backward(std::int64_t, std::int64_t, std::int64_t, const std::int32_t*,
                                     const float*, float*);
template void launch_gather_backward(std::int64_t, std::int64_t, std::int64_t, const std::int32_t*,
                                     const bf16*, bf16*);
template void launch_upsample_backward(const Shape&, std::int64_t, const float*, float*);
template void launch_upsample_backward(const Shape&, std::int64_t, const bf16*, bf16*);
template void launch_dropout(const ops::DropoutMask&, const std::uint32_t*, float, const float*, float*,
                             std::int64_t);
template void launch_dropout(const ops::DropoutMask&, const std::uint32_t*, float, const bf16*, bf16*,
                             std::int64_t);

}  // namespace pretext::cuda
