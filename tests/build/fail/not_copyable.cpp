// SPDX-License-Identifier: MIT
// The elements of a tensor are plain bytes.
// expect: is_trivially_copyable
#include <string>

#include "pretext/tensor/tensor.hpp"

int main() { pretext::Tensor<std::string, pretext::Cpu> x; }
