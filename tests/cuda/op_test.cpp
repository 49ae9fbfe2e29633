// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "cuda/gpu.hpp"
#include "op_table.hpp"
#include "ops/op_value.hpp"

using namespace test;

template std::vector<OpCase<float, Cuda>> test::op_table<float, Cuda>();
template std::vector<OpCase<double, Cpu>> test::op_table<double, Cpu>();

namespace {

/// The gradients of a case's inputs, in poisoned memory.
template <class T, Device D>
std::vector<std::vector<double>> gradients(const OpCase<T, D>& op) {
  Tape<D> tape;
  std::vector<Var<T, D>> x;
  for (const Tensor<T, D>& value : arguments(op))
    x.push_back(value.defined() ? tape.leaf(value) : tape.template constant<T>(value));
  poison_free_memory<D>();
  const Var<T, D> y = op.record(x);
  const Tensor<T, D> dy = as<T, D>(draw_gradient(y.shape()));
  poison_free_memory<D>();
  if (y.node >= 0) tape.backward(y, dy);
  std::vector<std::vector<double>> all;
  for (const Var<T, D>& input : x)
    all.push_back(input.node < 0 ? std::vector<double>() : values(tape.gradient(input)));
  return all;
}

}  // namespace

TEST_CASE("every op on the GPU gives what plain loops give, in poisoned memory") {
  if (no_gpu()) return;
  check_values<float, Cuda>();
}

TEST_CASE("a Var on the GPU holds the bits that a Tensor gives") {
  if (no_gpu()) return;
  check_recorded_values<float, Cuda>();
}

TEST_CASE("every gradient on the GPU is within 1e-5 of its scale from the one in double on the processor") {
  if (no_gpu()) return;
  const auto gpu = op_table<float, Cuda>();
  const auto exact = op_table<double, Cpu>();
  REQUIRE(gpu.size() == exact.size());
  double worst = 0;
  std::string where;
  for (std::size_t i = 0; i < gpu.size(); ++i) {
    INFO(gpu[i].name);
    const auto is = gradients(gpu[i]), should = gradients(exact[i]);
    for (std::size_t k = 0; k < is.size(); ++k) {
      INFO("input ", k);
      const double off = difference(is[k], should[k]);
      // Means of about 100 leave a float five digits of what deviates from them.
      CHECK(off <= (gpu[i].name.find("large mean") != std::string::npos ? 1e-4 : 1e-5));
      if (off > worst) worst = off, where = gpu[i].name;
    }
  }
  MESSAGE("the worst is ", worst, ": ", where);
}

TEST_CASE("every op on the GPU gives the same bits each time") {
  if (no_gpu()) return;
  for (const auto& op : op_table<float, Cuda>()) {
    INFO(op.name);
    CHECK(values(op.infer(arguments(op))) == values(op.infer(arguments(op))));
    CHECK(gradients(op) == gradients(op));
  }
}
