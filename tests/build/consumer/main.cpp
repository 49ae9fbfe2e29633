// SPDX-License-Identifier: MIT
// What a user's first program may do: compute, and write a picture and read it back.
#include <cstdio>
#include <pretext/pretext.hpp>

int main(int, char** argv) {
  const auto x = pretext::Tensor<float, pretext::Cpu>::full({2, 3}, 1.0F);
  pretext::Image image(4, 5, 3);
  image.at(1, 2, 0) = 200;
  pretext::write_png(argv[1], image);
  const bool same = pretext::read_image(argv[1]) == image;
  std::printf("pretext %s: a tensor of %lld elements, a picture %s\n", PRETEXT_VERSION,
              static_cast<long long>(x.size()), same ? "as it was" : "that changed");
  return same && x.size() == 6 ? 0 : 1;
}
