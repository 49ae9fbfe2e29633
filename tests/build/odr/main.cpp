// SPDX-License-Identifier: MIT
#include <cstdio>

#include "facts.hpp"

Facts facts_of_the_other();

int main() {
  const Facts here = facts(), there = facts_of_the_other();
  for (std::size_t i = 0; i < here.size(); ++i)
    if (here[i] != there[i]) std::printf("FAIL: fact %zu is %zx here and %zx there\n", i, here[i], there[i]);
  return here == there ? 0 : 1;
}
