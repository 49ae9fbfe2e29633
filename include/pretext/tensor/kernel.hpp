// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/tensor/tensor.hpp"

namespace pretext {

/// The op x device table. A device fills it with one specialisation an op, whose static functions do the
/// arithmetic; what is not filled stays incomplete, so that a hole is a compile error which names the op and
/// the device.
template <class Op, class D>
struct Kernel;

/// True where the table has an entry.
template <class Op, class D>
concept Implemented = requires {
  sizeof(Kernel<Op, D>);
};

}  // namespace pretext
