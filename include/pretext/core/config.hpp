// SPDX-License-Identifier: MIT
#pragma once

#define PRETEXT_VERSION_MAJOR 0
#define PRETEXT_VERSION_MINOR 1
#define PRETEXT_VERSION_PATCH 0
#define PRETEXT_VERSION "0.1.0"

// Marks the functions that both devices share. It only changes where a function may be called from, never
// what it does, so translation units compiled by g++ and by nvcc agree on every inline body.
#if defined(__CUDACC__)
#define PRETEXT_HD __host__ __device__
#else
#define PRETEXT_HD
#endif

// For what a kernel calls: a function must be inlined into the kernel to be built for its instruction set.
#define PRETEXT_INLINE [[gnu::always_inline]] inline
