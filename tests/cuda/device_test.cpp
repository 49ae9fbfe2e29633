// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "cuda/gpu.hpp"
#include "pretext/cuda/graph.hpp"

using namespace test;

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
