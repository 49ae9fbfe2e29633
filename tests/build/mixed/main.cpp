// SPDX-License-Identifier: MIT
#include <cmath>
#include <cstdio>
#include <cstring>

#include "facts.hpp"

namespace {

bool close(const float (&a)[24], const float (&b)[24]) {
  for (int i = 0; i < 24; ++i)
    if (!(std::abs(a[i] - b[i]) <= 1e-3F * std::fmax(1, std::abs(a[i])))) return false;
  return true;
}

bool same(const Facts& a, const Facts& b, const char* who) {
  const bool equal = std::memcmp(a.sizes, b.sizes, sizeof a.sizes) == 0 &&
                     std::memcmp(&a.philox, &b.philox, sizeof a.philox) == 0 &&
                     std::memcmp(a.bits, b.bits, sizeof a.bits) == 0 && a.uniform == b.uniform &&
                     std::memcmp(a.order, b.order, sizeof a.order) == 0 && close(a.drawn, b.drawn);
  std::printf("%s: %s (Philox %08x %08x %08x %08x)\n", who, equal ? "the same" : "FAIL: not the same",
              b.philox.w[0], b.philox.w[1], b.philox.w[2], b.philox.w[3]);
  return equal;
}

}  // namespace

int main() {
  const Facts host = facts();
  bool ok = same(host, facts_of_nvcc(), "host code by nvcc");
  if (Facts gpu{}; facts_of_gpu(gpu)) ok = same(host, gpu, "GPU") && ok;
  return ok ? 0 : 1;
}
