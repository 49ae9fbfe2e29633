// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/core/hash.hpp"
#include "pretext/tensor/npy.hpp"

namespace pretext::eval {

/// All that features depend on.
struct FeatureKey {
  std::uint64_t weights = 0, data = 0;  ///< hashes of the network and of the pictures with their labels
  std::string inputs{};                 ///< what decides how pictures are shown, as a text
  std::string tap{}, pooling{};

  FeatureKey of(std::string which, std::string how) const {
    return {weights, data, inputs, std::move(which), std::move(how)};
  }

  /// A hash of all of it.
  std::string text() const {
    Hash hash;
    hash.word(1);  // of this way to make a key, and of how features are computed
    hash.word(weights);
    hash.word(data);
    for (const std::string& part : {inputs, tap, pooling}) hash.bytes(bytes_of(part));
    return hash_text(hash.value());
  }
};

/// A folder of features that were computed before: one .npy file [N, dims] of floats for each key, which is
/// its name. It may be deleted at any time, and many processes may use it at once.
class FeatureStore {
 public:
  explicit FeatureStore(std::filesystem::path folder) : folder_(std::move(folder)) {
    std::error_code error;
    std::filesystem::create_directories(folder_, error);
    require(!error, folder_.native(), ": the folder of features cannot be made: ", error.message());
  }

  std::filesystem::path path(const FeatureKey& key) const { return folder_ / (key.text() + ".npy"); }

  /// What is kept under a key, copied from the mapped file; undefined where nothing is. Throws where that is
  /// not whole, or of another shape.
  Tensor<float, Cpu> find(const FeatureKey& key, const Shape& shape) const {
    const std::filesystem::path file = path(key);
    return std::filesystem::exists(file) ? read_npy<float>(file, shape) : Tensor<float, Cpu>();
  }

  void put(const FeatureKey& key, const Tensor<float, Cpu>& x) const {
    write_npy<float>(path(key), x.shape(), x.span());
  }

 private:
  std::filesystem::path folder_;
};

}  // namespace pretext::eval
