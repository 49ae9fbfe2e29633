// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pretext/core/error.hpp"
#include "pretext/core/file.hpp"
#include "pretext/data/dataset.hpp"
#include "pretext/data/set_folder.hpp"

namespace pretext::data {

struct Cifar100Options {
  bool coarse = false;  // label by the 20 superclasses, not by the 100 classes
};

namespace detail {

inline constexpr int cifar_side = 32;
inline constexpr std::size_t cifar_plane = std::size_t{cifar_side} * cifar_side;

/// How a record of a CIFAR file begins: some label bytes, of which one counts.
struct CifarFormat {
  std::size_t label_bytes = 1, label_at = 0;
  std::size_t record() const { return label_bytes + 3 * cifar_plane; }
};

/// Three planes of one picture become interleaved pixels [32, 32, 3].
inline void interleave(const std::uint8_t* planes, std::uint8_t* pixels) {
  for (std::size_t i = 0; i < cifar_plane; ++i)
    for (std::size_t c = 0; c < 3; ++c) pixels[3 * i + c] = planes[c * cifar_plane + i];
}

/// Adds every record of a CIFAR file. Throws where it is not a whole number of records or a label is out of
/// range.
inline void add_cifar(Span<const std::uint8_t> file, std::string_view name, CifarFormat format,
                      std::size_t classes, DatasetBuilder& builder) {
  const std::size_t record = format.record(), count = file.size() / record;
  require(count > 0 && file.size() == count * record, name, ": has ", file.size(),
          " bytes, not a multiple of the ", record, " bytes of one CIFAR record; is it a partial copy?");
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* at = file.data() + i * record;
    const int label = at[format.label_at];
    require(static_cast<std::size_t>(label) < classes, name, ": record ", i, " has label ", label,
            " where there are ", classes, " classes");
    interleave(at + format.label_bytes, builder.add(cifar_side, cifar_side, label));
  }
}

/// Reads the named files of the folder, which may be the one above; or the path itself where it is a file.
inline Dataset read_cifar(std::filesystem::path path, std::string_view inner,
                          const std::vector<std::string>& files, std::string_view names_file,
                          std::string_view official, CifarFormat format) {
  namespace fs = std::filesystem;
  require(fs::exists(path), path.native(), ": there is no such file or folder");
  const bool single = !fs::is_directory(path);
  if (!single && !fs::exists(path / files.front()) && fs::exists(path / inner)) path /= inner;
  const fs::path folder = single ? path.parent_path() : path;
  std::vector<std::string> classes = class_names(folder / names_file, official);
  const std::size_t count = classes.size();
  DatasetBuilder builder(path.native(), std::move(classes));
  for (const std::string& name : single ? std::vector{path.filename().string()} : files) {
    const fs::path file = file_of(folder, name, "CIFAR");
    add_cifar(MappedFile(file).bytes(), file.native(), format, count, builder);
  }
  return std::move(builder).build();
}

inline constexpr std::string_view cifar10_names =
    "airplane automobile bird cat deer dog frog horse ship truck";

inline constexpr std::string_view cifar100_names =
    "apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel "
    "can castle "
    "caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin "
    "elephant "
    "flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster "
    "man "
    "maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck "
    "pine_tree "
    "plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk "
    "skyscraper "
    "snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger "
    "tractor train "
    "trout tulip turtle wardrobe whale willow_tree wolf woman worm";

inline constexpr std::string_view cifar20_names =
    "aquatic_mammals fish flowers food_containers fruit_and_vegetables household_electrical_devices "
    "household_furniture insects large_carnivores large_man-made_outdoor_things large_natural_outdoor_scenes "
    "large_omnivores_and_herbivores medium_mammals non-insect_invertebrates people reptiles small_mammals "
    "trees "
    "vehicles_1 vehicles_2";

}  // namespace detail

/// CIFAR-10 in the official binary format: a folder with data_batch_1.bin to data_batch_5.bin and
/// test_batch.bin, the folder above it, or one such file (then the split says nothing).
inline Dataset cifar10(const std::filesystem::path& path, Split split = Split::train) {
  detail::refuse_unlabeled(path.native(), split);
  std::vector<std::string> files = {"test_batch.bin"};
  if (split == Split::train) files.clear();
  for (int i = 1; split == Split::train && i <= 5; ++i)
    files.push_back("data_batch_" + std::to_string(i) + ".bin");
  return detail::read_cifar(path, "cifar-10-batches-bin", files, "batches.meta.txt", detail::cifar10_names,
                            {});
}

/// CIFAR-100 in the official binary format: a folder with train.bin and test.bin, the folder above it, or one
/// such file (then the split says nothing).
inline Dataset cifar100(const std::filesystem::path& path, Split split = Split::train,
                        const Cifar100Options& options = {}) {
  detail::refuse_unlabeled(path.native(), split);
  return detail::read_cifar(path, "cifar-100-binary", {split == Split::train ? "train.bin" : "test.bin"},
                            options.coarse ? "coarse_label_names.txt" : "fine_label_names.txt",
                            options.coarse ? detail::cifar20_names : detail::cifar100_names,
                            {.label_bytes = 2, .label_at = options.coarse ? 0U : 1U});
}

}  // namespace pretext::data
