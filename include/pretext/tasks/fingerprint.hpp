// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

#include "pretext/autograd/param.hpp"
#include "pretext/core/bf16.hpp"

namespace pretext::tasks {

/// What the classes of a head stand for, as a hash in the name of a buffer: a checkpoint of a head whose
/// classes stand for something else lacks that name, and so is refused where it is loaded.
template <Device D, class T>
class Fingerprint {
 public:
  Fingerprint(const std::string& what, std::uint64_t hash) : value_(Tensor<Wide<T>, D>::zeros({1})) {
    char digits[17];
    std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(hash));
    name_ = what + "." + digits;
  }

  void each(auto&& f) { f(name_, value_); }

 private:
  std::string name_;
  Buffer<Wide<T>, D> value_;
};

}  // namespace pretext::tasks
