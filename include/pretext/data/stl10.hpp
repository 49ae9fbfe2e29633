// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pretext/core/error.hpp"
#include "pretext/core/file.hpp"
#include "pretext/core/thread_pool.hpp"
#include "pretext/data/dataset.hpp"
#include "pretext/data/set_folder.hpp"

namespace pretext::data {

namespace detail {

inline constexpr int stl10_side = 96;
inline constexpr std::size_t stl10_plane = std::size_t{stl10_side} * stl10_side;
inline constexpr std::size_t stl10_record = 3 * stl10_plane;
inline constexpr std::string_view stl10_names = "airplane bird car cat deer dog horse monkey ship truck";

/// Three planes of one picture, each written column by column, become interleaved pixels [96, 96, 3].
inline void interleave_columns(const std::uint8_t* planes, std::uint8_t* pixels) {
  for (std::size_t y = 0; y < stl10_side; ++y)
    for (std::size_t x = 0; x < stl10_side; ++x)
      for (std::size_t c = 0; c < 3; ++c) *pixels++ = planes[c * stl10_plane + x * stl10_side + y];
}

/// How many pictures a file of STL-10 holds; throws where that is no whole number.
inline std::size_t stl10_count(Span<const std::uint8_t> pictures, std::string_view name) {
  const std::size_t count = pictures.size() / stl10_record;
  require(count > 0 && pictures.size() == count * stl10_record, name, ": has ", pictures.size(),
          " bytes, not a multiple of the ", stl10_record,
          " bytes of one STL-10 picture; is it a partial copy?");
  return count;
}

/// The labels in a file, counted from 0; throws where they are not one a picture or one is not 1 to 10.
inline std::vector<int> stl10_labels(Span<const std::uint8_t> file, std::string_view name,
                                     std::size_t count) {
  require(file.size() == count, name, ": has ", file.size(), " labels for ", count, " pictures");
  std::vector<int> labels;
  for (const std::uint8_t label : file) {
    require(1 <= label && label <= 10, name, ": label ", labels.size(), " is ", int{label}, ", not 1 to 10");
    labels.push_back(label - 1);
  }
  return labels;
}

/// Adds the pictures of a file, some megabytes at a time, and calls done() after each part. No labels: -1.
template <class Done>
void add_stl10(Span<const std::uint8_t> pictures, std::string_view name, const std::vector<int>& labels,
               DatasetBuilder& builder, Done done) {
  constexpr std::size_t part = 512;
  const std::size_t count = stl10_count(pictures, name);
  std::vector<std::uint8_t*> places;
  for (std::size_t first = 0; first < count; first += part, done()) {
    places.clear();
    for (std::size_t i = first; i < std::min(count, first + part); ++i)
      places.push_back(builder.add(stl10_side, stl10_side, labels.empty() ? -1 : labels[i]));
    parallel_for(static_cast<std::int64_t>(places.size()), 16, [&](std::int64_t begin, std::int64_t end) {
      for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i)
        interleave_columns(pictures.data() + (first + i) * stl10_record, places[i]);
    });
  }
}

}  // namespace detail

/// STL-10 in its binary format: a folder with train_X.bin, train_y.bin, test_X.bin, test_y.bin and
/// unlabeled_X.bin, of which the split's must be there. 96 x 96 pixels; the 100,000 of the unlabeled part
/// have no labels and take 2.8 GB. The folds of fold_indices.txt are not read. (Coates, Ng and Lee, AISTATS
/// 2011.)
inline Dataset stl10(const std::filesystem::path& folder, Split split = Split::train) {
  const std::string part = to_string(split);
  const auto pictures = detail::file_of(folder, part + "_X.bin", "STL-10");
  const MappedFile mapped(pictures);
  std::vector<int> labels;
  std::vector<std::string> classes;
  if (split != Split::unlabeled) {
    const auto file = detail::file_of(folder, part + "_y.bin", "STL-10");
    labels = detail::stl10_labels(MappedFile(file).bytes(), file.native(),
                                  detail::stl10_count(mapped.bytes(), pictures.native()));
    classes = detail::class_names(folder / "class_names.txt", detail::stl10_names);
  }
  DatasetBuilder builder(folder.native(), std::move(classes));
  // What was copied need not stay in memory twice.
  detail::add_stl10(mapped.bytes(), pictures.native(), labels, builder, [&] { mapped.release(); });
  return std::move(builder).build();
}

}  // namespace pretext::data
