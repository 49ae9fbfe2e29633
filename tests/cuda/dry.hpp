// SPDX-License-Identifier: MIT
#pragma once

#include <cstring>
#include <vector>

#include "pretext/ops/conv2d.hpp"

namespace test {

/// A device with shapes and without memory: ops compute nothing there, and convolutions leave their extents.
struct Dry {
  static constexpr std::string_view name = "dry";

  static void* allocate(std::size_t) {
    static std::max_align_t somewhere;
    return &somewhere;
  }
  static void deallocate(void*, std::size_t) {}
  static void copy(void*, const void*, std::size_t) {}
  static void upload(void*, const void*, std::size_t) {}
  static void download(void* to, const void*, std::size_t bytes) { std::memset(to, 0, bytes); }
  static void fill(void*, const void*, std::size_t, std::size_t) {}

  static std::vector<pretext::ops::ConvShape>& convolutions() {
    static std::vector<pretext::ops::ConvShape> seen;
    return seen;
  }
};

}  // namespace test

namespace pretext {

/// What a kernel of any op may be asked for.
template <class Op>
struct Kernel<Op, test::Dry> {
  template <class T = void>
  static void forward(auto&&...) {}
  static void backward(auto&&...) {}
  static void grad_input(auto&&...) {}
  static void grad_weight(auto&&...) {}
  static void each_channel(auto&&...) {}
  static void scale(auto&&...) {}
  static Tensor<double, test::Dry> gradient_sums(auto&&...) { return {}; }
  static Tensor<double, test::Dry> moments(auto&&...) { return {}; }
};

template <>
struct Kernel<ops::Conv2d, test::Dry> {
  static void forward(const ops::ConvShape& s, auto&&...) { test::Dry::convolutions().push_back(s); }
  static void backward(auto&&...) {}
};

}  // namespace pretext
