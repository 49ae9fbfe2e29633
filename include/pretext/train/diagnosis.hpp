// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <string>
#include <type_traits>

#include "pretext/core/thread_pool.hpp"
#include "pretext/nn/sequential.hpp"
#include "pretext/nn/visit.hpp"

namespace pretext::train {

/// Ends a training that cannot go on, with what may help.
[[noreturn]] inline void fail_not_finite(const std::string& when, const std::string& what, double lr) {
  fail("training: ", when, ": ", what, ". ",
       lr > 0 ? message("Try a learning rate below ", lr, ", a longer warm-up, or batch norm; and look")
              : std::string("Look at the weights that it began with, and"),
       " at the pictures");
}

/// How many elements are infinite or not a number.
template <class T, Device D>
std::int64_t count_not_finite(const Tensor<T, D>& there) {
  using Bits = std::conditional_t<sizeof(T) == 8, std::int64_t,
                                  std::conditional_t<sizeof(T) == 4, std::int32_t, std::int16_t>>;
  // With all exponent bits set a number is not finite; an integer comparison is one that compilers vectorise.
  constexpr Bits exponent = static_cast<Bits>(sizeof(T) == 8   ? 0x7FF0000000000000
                                              : sizeof(T) == 4 ? 0x7F800000
                                                               : 0x7F80);
  const Tensor<T, Cpu> x = there.template to<Cpu>();
  std::atomic<std::int64_t> total{0};
  parallel_for(x.size(), 1 << 16, [&](std::int64_t begin, std::int64_t end) {
    std::conditional_t<sizeof(T) == 8, std::int64_t, std::int32_t> count = 0;
    for (std::int64_t i = begin; i < end; ++i)
      count += (std::bit_cast<Bits>(x.data()[i]) & exponent) == exponent ? 1 : 0;
    total += count;
  });
  return total;
}

/// "the output of stage 'conv2' (3 of 128 values are not finite)"; empty where all are finite.
template <class T, Device D>
std::string not_finite(const char* what, const std::string& name, const Tensor<T, D>& x) {
  const std::int64_t count = x.defined() ? count_not_finite(x) : 0;
  if (count == 0) return "";
  return what + name + " (" + std::to_string(count) + " of " + std::to_string(x.size()) +
         " values are not finite)";
}

/// The first parameter that is not finite, or else nothing.
template <class T, Device D>
std::string first_bad_value(const ParamList<T, D>& params, const std::string& prefix = "") {
  std::string bad;
  for (const auto& [name, param] : params)
    if (bad.empty() && name.starts_with(prefix)) bad = not_finite("parameter ", name, param->value);
  return bad;
}

/// The gradient that is not finite and is nearest to the loss, from where backward goes; or else nothing.
template <class T, Device D>
std::string first_bad_gradient(const ParamList<T, D>& params) {
  std::string bad;
  for (auto p = params.rbegin(); p != params.rend() && bad.empty(); ++p)
    bad = not_finite("the gradient of ", p->name, p->param->grad);
  return bad;
}

/// Sends a batch through the backbone once more and names what is first not finite on the way to the loss:
/// the inputs, a parameter, or the output of a stage. The tape must have the seed and step of the first time.
template <Device D, class T>
std::string first_fault(nn::Sequential<D, T>& backbone, Tape<D>& tape, const Tensor<T, D>& inputs,
                        const ParamList<Wide<T>, D>& params) {
  std::string fault = not_finite("the input batch", "", inputs);
  backbone(tape.constant(inputs), [&](const std::string& stage, const Var<T, D>& activation) {
    if (fault.empty()) fault = first_bad_value(params, stage + ".");
    if (fault.empty()) fault = not_finite("the output of stage ", "'" + stage + "'", activation.value());
  });
  return fault.empty() ? first_bad_value(params) : fault;
}

}  // namespace pretext::train
