// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pretext/data/cache.hpp"
#include "pretext/data/cifar.hpp"
#include "pretext/data/image_folder.hpp"
#include "pretext/data/image_tar.hpp"
#include "pretext/data/mnist.hpp"
#include "pretext/data/shapes.hpp"
#include "pretext/data/stl10.hpp"

namespace pretext::data {

struct OpenOptions {
  ReadOptions read = {};
  GunzipLimits gunzip = {};
  std::uint64_t seed = 0;            // of procedural pictures
  std::filesystem::path cache = {};  // a folder that keeps decoded picture files; empty: decode every time
};

namespace detail {

inline constexpr std::array test_folders = {"test", "val", "valid", "validation"};

/// Whether train/ is the training part of a source: a test folder lies beside it, or no picture does. Beside
/// other pictures "train" is a class like any other, and none of them is left out.
template <class Has, class HoldsAll>
bool has_train_part(Has has, HoldsAll train_holds_all) {
  return has("train") && (std::any_of(test_folders.begin(), test_folders.end(), has) || train_holds_all());
}

[[noreturn]] inline void no_test_part(const std::string& source) {
  fail(source, ": has no test part; a folder or archive has one where it holds train/ and test/ (or val/)");
}

/// The name of the test folder of a source, found by the question whether it has a folder of a name.
template <class Has>
std::string test_folder(const std::string& source, Has has) {
  for (const char* name : test_folders)
    if (has(name)) return name;
  no_test_part(source);
}

/// "shapes", "shapes:SIZE" or "shapes:SIZE:COUNT"; the test part has a quarter of the pictures.
inline Dataset open_shapes(const std::string& source, Split split, std::uint64_t seed) {
  std::int64_t numbers[2] = {32, 4000};
  std::string_view rest = std::string_view(source).substr(std::string_view("shapes").size());
  for (std::int64_t& number : numbers) {
    if (rest.empty()) break;
    const auto [end, error] = std::from_chars(rest.data() + 1, rest.data() + rest.size(), number);
    require(error == std::errc() && number > 0, source,
            ": expected shapes, shapes:SIZE or shapes:SIZE:COUNT");
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  }
  require(rest.empty(), source, ": expected shapes, shapes:SIZE or shapes:SIZE:COUNT");
  const std::int64_t count = split == Split::train ? numbers[1] : (numbers[1] + 3) / 4;
  return shapes(
      {.count = count, .size = narrow<int>(numbers[0], "shapes: size"), .seed = seed, .split = split});
}

/// Of a test part the labels mean what they mean in training, even where a class has no picture.
inline Dataset open_tar(const std::filesystem::path& path, Split split, const OpenOptions& options) {
  const ImageTar tar(path, options.gunzip);
  ImageTarOptions how{.read = options.read, .gunzip = options.gunzip};
  const auto found = [&](const char* name) { return tar.has(name); };
  const bool parts = has_train_part(found, [&] { return tar.holds_all("train"); });
  if (parts) how.prefix = "train";
  if (parts) how.classes = tar.classes("train");
  // Within train/ no folder is a test part, whatever its name.
  const auto has = [&](const char* name) { return parts && !tar.holds_all("train") && tar.has(name); };
  if (split == Split::test) how.prefix = test_folder(path.native(), has);
  return tar.read(how);
}

inline Dataset open_folder(const std::filesystem::path& path, Split split, const OpenOptions& options) {
  const auto found = [&](const char* name) { return std::filesystem::is_directory(path / name); };
  const bool parts = has_train_part(found, [&] {
    const std::vector<std::string> names = picture_names(path, true);
    return std::all_of(names.begin(), names.end(), [](const auto& n) { return n.starts_with("train/"); });
  });
  const auto has = [&](const char* name) { return parts && found(name); };
  const std::filesystem::path train = parts ? path / "train" : path;
  const auto part = split == Split::train ? train : path / test_folder(path.native(), has);
  const auto classes = classes_of(picture_names(train, true));
  if (classes.empty()) return flat_folder(part, {.read = options.read});
  return image_folder(part, {.read = options.read, .classes = classes});
}

/// The pictures of make(), kept decoded in the cache folder where the options name one.
template <class F>
Dataset maybe_cached(const std::filesystem::path& path, Split split, const OpenOptions& options, F make) {
  if (options.cache.empty()) return make();
  const std::string place =
      std::filesystem::absolute(path).lexically_normal().string() + "?" + to_string(split);
  return cached(options.cache / (path.filename().string() + "-" + std::to_string(hash_of(place)) + ".ptx"),
                source_key(path, options.read), make);
}

/// A data set in files of a form of its own.
struct KnownSet {
  const char* folder;                // what the folder is called that its archive or its script makes
  std::array<const char*, 4> files;  // each of them tells it from all others
  Dataset (*read)(const std::filesystem::path&, Split, const OpenOptions&);
};

inline Dataset read_cifar10(const std::filesystem::path& folder, Split split, const OpenOptions&) {
  return cifar10(folder, split);
}
inline Dataset read_cifar100(const std::filesystem::path& folder, Split split, const OpenOptions&) {
  return cifar100(folder, split);
}
inline Dataset read_stl10(const std::filesystem::path& folder, Split split, const OpenOptions&) {
  return stl10(folder, split);
}
inline Dataset read_mnist(const std::filesystem::path& folder, Split split, const OpenOptions& options) {
  return mnist(folder, split, {.gunzip = options.gunzip});
}

inline constexpr std::array mnist_files = {"train-images-idx3-ubyte", "train-images-idx3-ubyte.gz",
                                           "t10k-images-idx3-ubyte", "t10k-images-idx3-ubyte.gz"};
inline constexpr KnownSet known_sets[] = {
    {"cifar-10-batches-bin", {"data_batch_1.bin"}, read_cifar10},
    {"cifar-100-binary", {"train.bin"}, read_cifar100},
    {"stl10_binary", {"train_X.bin", "test_X.bin", "unlabeled_X.bin"}, read_stl10},
    {"mnist", mnist_files, read_mnist},
    {"fashion-mnist", mnist_files, read_mnist},
};

/// Where a data set of known form lies and what it is; null: nowhere.
struct KnownPlace {
  std::filesystem::path folder;
  const KnownSet* set = nullptr;
};

inline KnownPlace known_in(const std::filesystem::path& folder) {
  for (const KnownSet& set : known_sets)
    for (const char* file : set.files)
      if (file != nullptr && std::filesystem::exists(folder / file)) return {folder, &set};
  return {};
}

/// In the folder, or in one within it that is called as such a data set is. Throws where there are two.
inline KnownPlace find_known(const std::filesystem::path& folder) {
  KnownPlace found = known_in(folder);
  if (found.set != nullptr) return found;
  for (const KnownSet& set : known_sets) {
    KnownPlace inner = known_in(folder / set.folder);
    if (inner.set == nullptr) continue;
    require(found.set == nullptr, folder.native(), ": holds two data sets, ",
            found.folder.filename().string(), "/ and ", set.folder, "/; name one of them");
    found = std::move(inner);
  }
  return found;
}

inline bool is_tar_name(std::string_view name) {
  return name.ends_with(".tar") || name.ends_with(".tar.gz") || name.ends_with(".tgz");
}

}  // namespace detail

/// The pictures that a name stands for, found out by looking. It may be
/// - shapes, shapes:SIZE or shapes:SIZE:COUNT, for procedural pictures;
/// - a folder of the files of CIFAR-10, CIFAR-100, STL-10, MNIST or Fashion-MNIST, or the one above it;
/// - a folder of pictures, or a .tar or .tar.gz of one: with class folders or without, whole or in parts;
/// - a .ptx cache file.
///
/// The training part of pictures is train/. Their test part is the first of test/, val/, valid/ and
/// validation/ that is there, so ImageNet's train/ and val/ will do; its test/, without labels, would come
/// first. Without a test part, train/ beside other pictures is a class.
///
/// Throws for anything else, and where a part is asked of a source that does not have it.
inline Dataset open(const std::string& source, Split split = Split::train, const OpenOptions& options = {}) {
  if (source == "shapes" || source.starts_with("shapes:"))
    return detail::open_shapes(source, split, options.seed);
  namespace fs = std::filesystem;
  const fs::path path = source.ends_with('/') ? source.substr(0, source.size() - 1) : source;
  if (fs::is_directory(path))
    if (const detail::KnownPlace place = detail::find_known(path); place.set != nullptr)
      return place.set->read(place.folder, split, options);
  if (fs::exists(path)) detail::refuse_unlabeled(source, split);
  if (fs::is_directory(path))
    return detail::maybe_cached(path, split, options,
                                [&] { return detail::open_folder(path, split, options); });
  if (fs::is_regular_file(path) && detail::is_tar_name(source))
    return detail::maybe_cached(path, split, options, [&] { return detail::open_tar(path, split, options); });
  if (fs::is_regular_file(path) && source.ends_with(".ptx")) {
    if (split == Split::test) detail::no_test_part(source);
    return open_cache(path);
  }
  fail(source, fs::exists(path) ? ": is not a data set" : ": there is no such file or folder",
       "; expected a folder of pictures (with or without class folders, with or without train/ and test/), a "
       ".tar or .tar.gz of one, a folder of CIFAR-10, CIFAR-100, STL-10, MNIST or Fashion-MNIST in binary "
       "form, a .ptx cache file, or shapes:SIZE");
}

}  // namespace pretext::data
