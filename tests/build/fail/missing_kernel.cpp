// SPDX-License-Identifier: MIT
// An op without an entry for a device is refused by the names of both.
// expect: Kernel<Unwritten, pretext::Cpu>
#include "pretext/tensor/kernel.hpp"

struct Unwritten {};

static_assert(!pretext::Implemented<Unwritten, pretext::Cpu>);

int main() { pretext::Kernel<Unwritten, pretext::Cpu>::forward(); }
