// SPDX-License-Identifier: MIT
#include "noise.hpp"
#include "poison.hpp"
#include "pretext/autograd/apply.hpp"
#include "pretext/cpu/pool.hpp"
#include "support.hpp"

namespace {

using namespace pretext;
using X32 = Tensor<float, Cpu>;

/// The result and the winners of a pool, and how much memory it took.
template <class Op>
struct Pooled {
  X32 y;
  typename Op::template Saved<float, Cpu> saved;
  std::size_t peak;

  Pooled(const Op& op, const ops::Operand<float, Cpu>& x) {
    test::poison_free_memory();
    allocator<Cpu>().reset_peak();
    const std::size_t before = allocator<Cpu>().use().live;
    y = op.forward(x, &saved);
    peak = allocator<Cpu>().use().peak - before;
  }
};

template <class Op>
void compare(const Op& op) {
  CAPTURE(op.kernel);
  CAPTURE(op.window.stride);
  CAPTURE(op.window.dilation);
  const X32 raw = test::noise<float>({3, 17, 13, 11}, 1);
  const ops::Operand<float, Cpu> waiting(raw, test::noise<float>({3, 11}, 2), true);
  const Pooled<Op> expected(op, waiting.value()), found(op, waiting);
  CHECK(std::ranges::equal(found.y.span(), expected.y.span()));
  if constexpr (requires { found.saved.winner; })
    CHECK(std::ranges::equal(found.saved.winner.span(), expected.saved.winner.span()));
}

TEST_CASE("pools of what waits give the bits of pools of its values") {
  for (const ops::Window window : {ops::Window{.stride = 2, .padding = 1}, ops::Window{.stride = 1},
                                   ops::Window{.stride = 4}, ops::Window{.stride = 3, .padding = 1}})
    for (const std::int64_t kernel : {2, 3})
      for (const bool ceil : {false, true}) {
        compare(ops::MaxPool2d{kernel, window, ceil});
        compare(ops::AvgPool2d{kernel, window, ceil, ceil});
      }
  compare(ops::MaxPool2d{3, {.stride = 2, .padding = 1, .dilation = 3}});
}

TEST_CASE("a pool of what waits holds the rows under its windows, and not the map") {
  const X32 raw = test::noise<float>({8, 64, 32, 16}, 1);
  const Pooled<ops::AvgPool2d> pooled({.kernel = 2, .window = {.stride = 2}},
                                      {raw, test::noise<float>({3, 16}, 2), true});
  CHECK(pooled.peak < static_cast<std::size_t>(raw.bytes()) / 2);
}

}  // namespace
