// SPDX-License-Identifier: MIT
#pragma once

#include <pretext/image/image.hpp>
#include <pretext/report/grid.hpp>
#include <pretext/tensor/tensor.hpp>
#include <string>
#include <vector>

/// Pictures with captions, in rows under a title.
class PictureRows {
 public:
  PictureRows(std::string title, int columns, int cell = 128)
      : options_{.columns = columns, .cell = cell, .title = std::move(title)} {}

  void add(pretext::Image image, std::string caption,
           pretext::report::Mark mark = pretext::report::Mark::none) {
    images_.push_back(std::move(image));
    options_.captions.push_back(std::move(caption));
    options_.highlight.push_back(mark);
  }

  pretext::Image paint() const { return pretext::report::grid(images_, options_); }

 private:
  std::vector<pretext::Image> images_;
  pretext::report::GridOptions options_;
};

/// Input i of [N, H, W, 3], whose colours go from 0 to 1, as a picture.
pretext::Image picture_of(const pretext::Tensor<float, pretext::Cpu>& inputs, std::int64_t i);

/// Inputs first to first + count of [N, H, W, 3] side by side in rows, with white between.
pretext::Image mosaic(const pretext::Tensor<float, pretext::Cpu>& inputs, std::int64_t first, int count,
                      int columns);

/// The column of the largest value of each row [N, C], the first of equals.
std::vector<int> largest_of_rows(const pretext::Tensor<float, pretext::Cpu>& rows);

/// Whether an answer is right.
inline pretext::report::Mark mark_of(bool right) {
  return right ? pretext::report::Mark::right : pretext::report::Mark::wrong;
}
