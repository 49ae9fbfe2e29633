// SPDX-License-Identifier: MIT
// A tensor lives on a device; another type is refused by the name of the concept.
// expect: Device
#include "pretext/tensor/tensor.hpp"

struct Nowhere {};

int main() { pretext::Tensor<float, Nowhere> x; }
