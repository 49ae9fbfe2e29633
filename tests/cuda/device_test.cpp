// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <bit>
#include <limits>

#include "cuda/gpu.hpp"
#include "pretext/cuda/graph.hpp"

using namespace test;

TEST_CASE("bf16 is the nearest one, of two the even one; what is not a number stays so") {
  const auto bits = [](float x) { return bf16(x).bits; };
  CHECK(bits(1) == 0x3F80);
  CHECK(bits(-2) == 0xC000);
  CHECK(bits(0) == 0);
  CHECK(bits(-0.0F) == 0x8000);
  CHECK(bits(1 + 0x1p-8F) == 0x3F80);      // halfway, to even
  CHECK(bits(1 + 3 * 0x1p-8F) == 0x3F82);  // halfway, to even
  CHECK(bits(1 + 0x1p-8F + 0x1p-20F) == 0x3F81);
  CHECK(bits(std::numeric_limits<float>::max()) == 0x7F80);  // rounds to infinity
  CHECK(bits(INFINITY) == 0x7F80);
  CHECK(std::isnan(static_cast<float>(bf16(NAN))));
  CHECK(std::isnan(static_cast<float>(bf16(std::bit_cast<float>(0x7F800001)))));
  for (std::uint32_t word = 0; word < 0x10000; ++word) {
    const float x = std::bit_cast<float>(word << 16);
    if (!std::isnan(x)) REQUIRE(bf16(x).bits == word);
  }
}

TEST_CASE("tensors go to the GPU, are filled, copied and cut there, and come back") {
  if (no_gpu()) return;
  using G = Tensor<float, Cuda>;
  const std::vector<float> v{1, 2, 3, 4, 5, 6};
  const G x = G::from({3, 2}, v);
  CHECK(values(x) == std::vector<double>{1, 2, 3, 4, 5, 6});
  CHECK(values(x.clone()) == values(x));
  CHECK(values(x.rows(1, 2)) == std::vector<double>{3, 4});
  CHECK(x.rows(2, 3).reshape({2}).rows(1, 2).item() == 6);
  CHECK(values(G::full({5}, 2.5F)) == std::vector<double>(5, 2.5));
  CHECK(values(Tensor<double, Cuda>::full({1001}, -1e300)) == std::vector<double>(1001, -1e300));
  CHECK(values(Tensor<std::uint8_t, Cuda>::full({7}, 200)) == std::vector<double>(7, 200));
  CHECK(values(Tensor<bf16, Cuda>::full({3}, bf16(1.5F))) == std::vector<double>(3, 1.5));
  CHECK(values(G::zeros({0, 4})).empty());
  CHECK(values(Tensor<float, Cpu>::from({3, 2}, v).to<Cuda>()) == values(x));
}

TEST_CASE("what does not fit is refused with what there is, and the GPU goes on working") {
  if (no_gpu()) return;
  try {
    Tensor<float, Cuda>({std::int64_t{1} << 40});
    FAIL("no Error");
  } catch (const Error& error) {
    CHECK(std::string(error.what()).find("out of memory, asked for 4194304 MiB") != std::string::npos);
  }
  CHECK(Tensor<float, Cuda>::full({1}, 3).item() == 3);
}

TEST_CASE("recorded work is done at each replay, in memory of its own") {
  if (no_gpu()) return;
  Tensor<float, Cuda> x = Tensor<float, Cuda>::full({100}, 1);
  const auto twice = [&] {
    Tensor<float, Cuda> y(x.shape());
    Kernel<ops::Add, Cuda>::forward<float>(x, x, false, y);
    x.copy_from(y);
  };
  cuda::Graph graph;
  graph.warm_up(twice);
  CHECK(x.rows(0, 1).item() == 2);
  graph.record(twice);
  CHECK(x.rows(0, 1).item() == 2);
  std::vector<Tensor<float, Cuda>> others;
  for (int i = 0; i < 20; ++i) others.push_back(Tensor<float, Cuda>::full({100}, 7));
  for (int i = 0; i < 3; ++i) graph.replay();
  CHECK(values(x) == std::vector<double>(100, 16));
  for (const auto& other : others) CHECK(values(other) == std::vector<double>(100, 7));
}
