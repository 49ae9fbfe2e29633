// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pretext/core/checked.hpp"
#include "pretext/core/hash.hpp"
#include "pretext/core/thread_pool.hpp"
#include "pretext/image/image.hpp"

namespace pretext::data {

/// The part of a data set: what a network may learn from, what is read once at the very end, and what is for
/// learning without labels only, which few data sets have.
enum class Split { train, test, unlabeled };

inline const char* to_string(Split split) {
  if (split == Split::unlabeled) return "unlabeled";
  return split == Split::train ? "train" : "test";
}

/// A picture that could not be read, and why.
struct Skipped {
  std::string name, reason;
  bool operator==(const Skipped&) const = default;
};

namespace detail {

/// Throws where the unlabeled part is asked of a source that has only the other two.
inline void refuse_unlabeled(const std::string& source, Split split) {
  require(split != Split::unlabeled, source, ": has no unlabeled part; of all sources only STL-10 has one");
}

/// Where one decoded picture lies.
struct Picture {
  const std::uint8_t* pixels;
  std::int32_t height, width, label;
};

/// All that a data set is; never changed once a Dataset holds it.
struct Pictures {
  std::string name;
  std::vector<std::string> classes;
  std::vector<Picture> pictures;
  std::vector<Skipped> skipped;
  std::vector<std::shared_ptr<const void>> memory;  // what the pixels live in
};

}  // namespace detail

/// Decoded pictures, RGB bytes [height, width, 3] of any sizes, with labels where there are any. The pixels
/// lie in memory or in a mapped file; they never change, and copies and subsets share them.
class Dataset {
 public:
  Dataset() : all_(std::make_shared<detail::Pictures>()) {}
  explicit Dataset(detail::Pictures pictures)
      : all_(std::make_shared<detail::Pictures>(std::move(pictures))) {}

  std::int64_t size() const {
    return static_cast<std::int64_t>(chosen_ == nullptr ? all_->pictures.size() : chosen_->size());
  }

  /// The pixels of picture i; valid as long as any copy of this data set lives.
  ImageView image(std::int64_t i) const {
    const detail::Picture& p = picture(i);
    return {p.pixels, p.height, p.width, 3};
  }

  /// The class of picture i, an index into classes(); -1 where it has none.
  int label(std::int64_t i) const { return picture(i).label; }

  /// True when there are pictures and every one has a label.
  bool labelled() const {
    for (std::int64_t i = 0; i < size(); ++i)
      if (label(i) < 0) return false;
    return size() > 0;
  }

  const std::string& name() const { return all_->name; }
  const std::vector<std::string>& classes() const { return all_->classes; }

  /// The pictures of the source that could not be read, sorted as the pictures are.
  const std::vector<Skipped>& skipped() const { return all_->skipped; }

  /// The pictures at these positions, in this order; repeats are allowed. Shares the pixels.
  Dataset subset(Span<const std::int64_t> indices) const {
    auto chosen = std::make_shared<std::vector<std::int64_t>>(indices.begin(), indices.end());
    for (std::int64_t& i : *chosen) i = position(i);
    Dataset result = *this;
    result.chosen_ = std::move(chosen);
    return result;
  }

  /// A hash of sizes, labels and pixels in their order, as core/hash.hpp describes it; reads every pixel. It
  /// does not depend on where the pictures came from or on how they are stored.
  std::uint64_t hash() const {
    std::vector<std::uint64_t> each(static_cast<std::size_t>(size()));
    parallel_for(size(), 64, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) each[static_cast<std::size_t>(i)] = hash(picture(i));
    });
    Hash whole;
    whole.word(each.size());
    for (const std::uint64_t value : each) whole.word(value);
    return whole.value();
  }

 private:
  std::int64_t position(std::int64_t i) const {
    require(0 <= i && i < size(), "data set ", name(), ": there is no picture ", i, ", only 0 to ",
            size() - 1);
    return chosen_ == nullptr ? i : (*chosen_)[static_cast<std::size_t>(i)];
  }

  const detail::Picture& picture(std::int64_t i) const {
    return all_->pictures[static_cast<std::size_t>(position(i))];
  }

  static std::uint64_t hash(const detail::Picture& p) {
    Hash h;
    for (const std::int32_t number : {p.height, p.width, p.label}) h.word(static_cast<std::uint32_t>(number));
    h.bytes({p.pixels, static_cast<std::size_t>(p.height) * static_cast<std::size_t>(p.width) * 3});
    return h.value();
  }

  std::shared_ptr<const detail::Pictures> all_;
  std::shared_ptr<const std::vector<std::int64_t>> chosen_;  // null: all of them
};

/// Collects pictures into a Dataset.
class DatasetBuilder {
 public:
  explicit DatasetBuilder(std::string name, std::vector<std::string> classes = {}) {
    set_.name = std::move(name);
    set_.classes = std::move(classes);
  }

  /// Room for one more picture [height, width, 3]; the caller fills it before build().
  std::uint8_t* add(int height, int width, int label = -1) {
    require(height > 0 && width > 0, "data set ", set_.name, ": a picture of ", height, " x ", width);
    require(label >= -1 && label < static_cast<int>(set_.classes.size()), "data set ", set_.name, ": label ",
            label, " of a picture is not one of the ", set_.classes.size(), " classes");
    std::uint8_t* pixels =
        room(checked_mul(checked_mul(std::size_t{3}, static_cast<std::size_t>(height), "picture bytes"),
                         static_cast<std::size_t>(width), "picture bytes"));
    set_.pictures.push_back({pixels, height, width, label});
    return pixels;
  }

  /// One more picture, copied; one channel becomes three.
  void add(const ImageView& image, int label = -1) {
    require(image.channels == 1 || image.channels == 3, "data set ", set_.name, ": a picture of ",
            image.channels, " channels, not 1 or 3");
    std::uint8_t* pixels = add(image.height, image.width, label);
    const std::size_t count = static_cast<std::size_t>(image.height) * static_cast<std::size_t>(image.width);
    if (image.channels == 3) std::memcpy(pixels, image.pixels, 3 * count);
    for (std::size_t i = 0; image.channels == 1 && i < count; ++i)
      std::fill_n(pixels + 3 * i, 3, image.pixels[i]);
  }

  /// Records a picture that could not be read.
  void skip(std::string name, std::string reason) {
    set_.skipped.push_back({std::move(name), std::move(reason)});
  }

  Dataset build() && { return Dataset(std::move(set_)); }

 private:
  // Blocks of at least 4 MiB, so that many small pictures cost few allocations and no picture ever moves.
  std::uint8_t* room(std::size_t bytes) {
    if (free_ < bytes) {
      free_ = std::max(bytes, std::size_t{4} << 20);
      const std::shared_ptr<std::uint8_t[]> block(new std::uint8_t[free_]);
      next_ = block.get();
      set_.memory.push_back(block);
    }
    free_ -= bytes;
    return std::exchange(next_, next_ + bytes);
  }

  detail::Pictures set_;
  std::uint8_t* next_ = nullptr;
  std::size_t free_ = 0;
};

}  // namespace pretext::data
