// SPDX-License-Identifier: MIT
#include "pictures.hpp"

#include <algorithm>

#include "source.hpp"

using namespace pretext;

Image picture_of(const Tensor<float, Cpu>& inputs, std::int64_t i) {
  return to_image(inputs.rows(i, i + 1).reshape({inputs.dim(1), inputs.dim(2), inputs.dim(3)}), {});
}

Image mosaic(const Tensor<float, Cpu>& inputs, std::int64_t first, int count, int columns) {
  const int height = static_cast<int>(inputs.dim(1)), width = static_cast<int>(inputs.dim(2));
  const int gap = std::max(1, width / 12), rows = (count + columns - 1) / columns;
  report::Canvas canvas(rows * (height + gap) - gap, columns * (width + gap) - gap, {255, 255, 255});
  for (int i = 0; i < count; ++i) {
    const Image tile = picture_of(inputs, first + i);
    canvas.picture(i / columns * (height + gap), i % columns * (width + gap), tile.view());
  }
  return std::move(canvas).image();
}

std::vector<int> largest_of_rows(const Tensor<float, Cpu>& rows) {
  std::vector<int> largest;
  for (std::int64_t i = 0; i < rows.dim(0); ++i) {
    const float* row = rows.data() + i * rows.dim(1);
    largest.push_back(static_cast<int>(std::max_element(row, row + rows.dim(1)) - row));
  }
  return largest;
}
