// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pretext/core/error.hpp"
#include "pretext/data/dataset.hpp"
#include "pretext/data/gunzip.hpp"
#include "pretext/data/set_folder.hpp"
#include "pretext/image/bytes.hpp"

namespace pretext::data {

struct MnistOptions {
  GunzipLimits gunzip = {};
};

namespace detail {

/// An array of bytes as an IDX file has it.
template <std::size_t rank>
struct Idx {
  std::array<std::uint32_t, rank> dims;
  Span<const std::uint8_t> values;
};

inline std::uint32_t big_endian(const std::uint8_t* at) {
  return std::uint32_t{at[0]} << 24 | std::uint32_t{at[1]} << 16 | std::uint32_t{at[2]} << 8 | at[3];
}

/// Reads an IDX file of unsigned bytes of `rank` dimensions: 00 00 08 rank, each dimension in four bytes, the
/// values. Throws where it is another kind of file or the values are not as many as its dimensions say.
template <std::size_t rank>
Idx<rank> read_idx(Span<const std::uint8_t> file, std::string_view name) {
  constexpr std::size_t header = 4 + 4 * rank;
  require(file.size() >= header, name, ": has ", file.size(), " bytes, fewer than the ", header,
          " of its header; is it a partial copy?");
  std::string magic;
  for (std::size_t i = 0; i < 4; ++i) magic += pretext::detail::hex(file[i]);
  const std::string expected = "0000080" + std::to_string(rank);
  require(magic == expected, name, ": begins with ", magic, ", not ", expected,
          " as an IDX file of bytes with ", rank, rank == 1 ? " dimension does" : " dimensions does");
  Idx<rank> idx{{}, file.subspan(header)};
  std::uint64_t size = 1;
  bool fits = true;
  std::string dims;
  for (std::size_t i = 0; i < rank; ++i) {
    idx.dims[i] = big_endian(file.data() + 4 + 4 * i);
    fits = !__builtin_mul_overflow(size, idx.dims[i], &size) && fits;
    dims += (i == 0 ? "" : " x ") + std::to_string(idx.dims[i]);
  }
  require(fits && size == idx.values.size(), name, ": has ", idx.values.size(),
          " bytes after its header, not ", dims, " as that says; is it a partial copy?");
  return idx;
}

/// Adds grey pictures with their labels; the names are of the two files.
inline void add_mnist(const Idx<3>& images, std::string_view image_file, const Idx<1>& labels,
                      std::string_view label_file, std::size_t classes, DatasetBuilder& builder) {
  const auto [count, height, width] = images.dims;
  require(count > 0, image_file, ": holds no pictures");
  require(height - 1 < 65536 && width - 1 < 65536, image_file, ": has pictures of ", height, " x ", width,
          " pixels, not 1 to 65536 a side");
  require(labels.dims[0] == count, label_file, ": has ", labels.dims[0], " labels for the ", count,
          " pictures of ", image_file);
  const std::size_t pixels = std::size_t{height} * width;
  for (std::size_t i = 0; i < count; ++i) {
    const int label = labels.values[i];
    require(static_cast<std::size_t>(label) < classes, label_file, ": label ", i, " is ", label,
            " where there are ", classes, " classes");
    builder.add(ImageView{images.values.data() + i * pixels, static_cast<std::int32_t>(height),
                          static_cast<std::int32_t>(width), 1},
                label);
  }
}

/// A file of MNIST, plain or, where only that is there, as a gzip file.
inline std::filesystem::path mnist_file(const std::filesystem::path& folder, const std::string& name) {
  if (std::filesystem::exists(folder / (name + ".gz")) && !std::filesystem::exists(folder / name))
    return folder / (name + ".gz");
  return file_of(folder, name, "MNIST");
}

}  // namespace detail

/// MNIST, Fashion-MNIST or another set in their form: a folder with train-images-idx3-ubyte,
/// train-labels-idx1-ubyte and the same of t10k, plain or as .gz. Grey pictures become RGB. The classes are
/// the lines of class_names.txt where that is there, and 0 to 9 otherwise.
inline Dataset mnist(const std::filesystem::path& folder, Split split = Split::train,
                     const MnistOptions& options = {}) {
  detail::refuse_unlabeled(folder.native(), split);
  const std::string part = split == Split::train ? "train" : "t10k";
  const auto image_path = detail::mnist_file(folder, part + "-images-idx3-ubyte");
  const auto label_path = detail::mnist_file(folder, part + "-labels-idx1-ubyte");
  const PlainFile images(image_path, options.gunzip), labels(label_path, options.gunzip);
  const auto names = folder / "class_names.txt";
  std::vector<std::string> classes = std::filesystem::exists(names)
                                         ? detail::names_in(names)
                                         : detail::split_names("0 1 2 3 4 5 6 7 8 9", ' ');
  const std::size_t count = classes.size();
  DatasetBuilder builder(folder.native(), std::move(classes));
  detail::add_mnist(detail::read_idx<3>(images.bytes(), image_path.native()), image_path.native(),
                    detail::read_idx<1>(labels.bytes(), label_path.native()), label_path.native(), count,
                    builder);
  return std::move(builder).build();
}

}  // namespace pretext::data
