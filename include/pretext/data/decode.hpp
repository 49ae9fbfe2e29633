// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pretext/core/thread_pool.hpp"
#include "pretext/data/dataset.hpp"
#include "pretext/image/codec.hpp"

namespace pretext::data {

/// What a reader of picture files accepts.
struct ReadOptions {
  double max_bad = 0.01;  // the part of the pictures that may be unreadable before the whole set is refused
  std::uint64_t max_bytes = std::uint64_t{64} << 30;  // of all decoded pixels together
  DecodeLimits limits = {};                           // of one picture
};

namespace detail {

/// True for names that end in .jpg, .jpeg or .png in any case and are not hidden.
inline bool is_picture_name(std::string_view path) {
  const std::string_view file = path.substr(path.rfind('/') + 1);
  const std::size_t dot = file.rfind('.');
  if (dot == std::string_view::npos || file.front() == '.') return false;
  std::string extension(file.substr(dot + 1));
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return extension == "jpg" || extension == "jpeg" || extension == "png";
}

/// The folder that a file lies in, by its own name: "cat" of "train/cat/1.jpg", nothing of "1.jpg".
inline std::string_view last_folder(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return {};
  path = path.substr(0, slash);
  return path.substr(path.rfind('/') + 1);
}

/// The picture files of a set, by their sorted names, and what their folders make of them.
struct Listing {
  std::vector<std::string> names, classes;
  std::vector<int> labels;  // one a name; -1 for a file in no folder
};

/// The folders that hold files, sorted: the classes of these names.
inline std::vector<std::string> classes_of(const std::vector<std::string>& names) {
  std::vector<std::string> classes;
  for (const auto& name : names) {
    const std::string_view folder = last_folder(name);
    if (!folder.empty() && (classes.empty() || classes.back() != folder)) classes.emplace_back(folder);
  }
  std::sort(classes.begin(), classes.end());
  classes.erase(std::unique(classes.begin(), classes.end()), classes.end());
  return classes;
}

/// Labels every name by its last folder. Where `known` classes are given they count, in their order, and a
/// folder that is none of them is an error: labels of a test part must mean what they mean in training.
inline Listing label_by_folder(std::string_view set, std::vector<std::string> names,
                               std::vector<std::string> known) {
  Listing listing{std::move(names), std::move(known), {}};
  if (listing.classes.empty()) listing.classes = classes_of(listing.names);
  std::string_view last;
  int label = -1;
  for (const auto& name : listing.names) {
    const std::string_view folder = last_folder(name);
    if (folder != last) {  // sorted names come folder by folder
      const auto found = std::find(listing.classes.begin(), listing.classes.end(), folder);
      require(folder.empty() || found != listing.classes.end(), set, ": the folder of ", name,
              " is none of the ", listing.classes.size(), " known classes");
      label = folder.empty() ? -1 : static_cast<int>(found - listing.classes.begin());
      last = folder;
    }
    listing.labels.push_back(label);
  }
  return listing;
}

/// Reads the pictures of a listing into a data set, on all threads; the result does not depend on how many
/// there are.
class PictureReader {
 public:
  using Decode =
      std::function<Image(std::int64_t)>;  // picture i of the listing; throws where it cannot be read

  PictureReader(std::string set, Listing listing, const ReadOptions& options, Decode decode)
      : set_(std::move(set)),
        listing_(std::move(listing)),
        options_(options),
        decode_(std::move(decode)),
        builder_(set_, listing_.classes) {}

  Dataset read() {
    const auto count = static_cast<std::int64_t>(listing_.names.size());
    require(count > 0, set_, ": holds no pictures (.jpg, .jpeg or .png)");
    constexpr std::int64_t batch = 256;  // decoded but not yet packed
    for (std::int64_t first = 0; first < count; first += batch) read(first, std::min(count, first + batch));
    return std::move(builder_).build();
  }

 private:
  struct Result {
    std::optional<Image> image;
    std::string reason;
  };

  void read(std::int64_t first, std::int64_t last) {
    std::vector<Result> results(static_cast<std::size_t>(last - first));
    parallel_for(last - first, 8, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) results[static_cast<std::size_t>(i)] = decode(first + i);
    });
    for (std::int64_t i = first; i < last; ++i) {
      Result& result = results[static_cast<std::size_t>(i - first)];
      if (result.image)
        builder_.add(result.image->view(), listing_.labels[static_cast<std::size_t>(i)]);
      else
        skip(listing_.names[static_cast<std::size_t>(i)], std::move(result.reason));
    }
  }

  Result decode(std::int64_t i) {
    Result result;
    try {
      result.image = decode_(i);
    } catch (const Error& error) {
      return {std::nullopt, error.what()};
    }
    const auto bytes = std::uint64_t{3} * static_cast<std::uint64_t>(result.image->height()) *
                       static_cast<std::uint64_t>(result.image->width());
    require(bytes_.fetch_add(bytes) + bytes <= options_.max_bytes, set_, ": needs more than ",
            options_.max_bytes, " bytes when decoded; raise max_bytes or read fewer or smaller pictures");
    return result;
  }

  void skip(const std::string& name, std::string reason) {
    if (++bad_ <= 3) examples_ += "\n  " + name + ": " + reason;
    builder_.skip(name, std::move(reason));
    const auto total = listing_.names.size();
    require(static_cast<double>(bad_) <= options_.max_bad * static_cast<double>(total), set_, ": ", bad_,
            " of ", total, " pictures could not be read so far, more than ", options_.max_bad * 100,
            " % (max_bad; --max-bad on the command line):", examples_);
  }

  std::string set_;
  Listing listing_;
  ReadOptions options_;
  Decode decode_;
  DatasetBuilder builder_;
  std::atomic<std::uint64_t> bytes_{0};
  std::size_t bad_ = 0;
  std::string examples_;
};

}  // namespace detail

}  // namespace pretext::data
