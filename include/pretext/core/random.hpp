// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>

#include "pretext/core/config.hpp"
#include "pretext/core/math.hpp"

namespace pretext {

/// Four 32-bit words: the counter and the output of one Philox block.
struct Words {
  std::uint32_t w[4];
};

/// Philox4x32-10: four random words as a pure function of a 128-bit counter and a 64-bit key (Salmon et al.,
/// SC 2011).
PRETEXT_INLINE PRETEXT_HD Words philox(Words counter, std::uint64_t key) {
  auto k0 = static_cast<std::uint32_t>(key), k1 = static_cast<std::uint32_t>(key >> 32);
  Words c = counter;
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53} * c.w[0], p1 = std::uint64_t{0xCD9E8D57} * c.w[2];
    c = {{static_cast<std::uint32_t>(p1 >> 32) ^ c.w[1] ^ k0, static_cast<std::uint32_t>(p1),
          static_cast<std::uint32_t>(p0 >> 32) ^ c.w[3] ^ k1, static_cast<std::uint32_t>(p0)}};
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  return c;
}

/// What a random number is for. Streams of different uses never meet.
enum class Use : std::uint32_t {
  init,
  order,
  views,
  dropout,
  split,
  probe,
  synthetic,
  test,
  mining,
  permutations
};

/// A random stream: numbers are a function of (seed, use, epoch, sample, draw) and of nothing else, so they
/// do not depend on threads, batches or history. Copies are independent cursors over the same numbers.
class Rng {
 public:
  PRETEXT_HD explicit Rng(std::uint64_t seed, Use use = Use::init, std::uint32_t epoch = 0,
                          std::uint32_t sample = 0)
      : seed_(seed), origin_{{0, sample, epoch, static_cast<std::uint32_t>(use)}} {}

  /// The next 32 random bits.
  PRETEXT_HD std::uint32_t bits() {
    const std::uint32_t lane = draw_ & 3;
    if (lane == 0) {
      origin_.w[0] = draw_ >> 2;
      block_ = philox(origin_, seed_);
    }
    ++draw_;
    return block_.w[lane];
  }

  /// Uniform in [0, 1), 24 bits; the same on every device.
  PRETEXT_HD float uniform() { return static_cast<float>(bits() >> 8) * 0x1p-24f; }
  PRETEXT_HD float uniform(float low, float high) { return low + (high - low) * uniform(); }

  /// Uniform in {0, ..., n-1}, for n >= 1; the bias is below n / 2^32.
  PRETEXT_HD std::uint32_t below(std::uint32_t n) {
    return static_cast<std::uint32_t>((std::uint64_t{bits()} * n) >> 32);
  }

  /// Uniform in {low, ..., high}.
  PRETEXT_HD int between(int low, int high) {
    return low + static_cast<int>(below(static_cast<std::uint32_t>(high - low) + 1));
  }

  /// Positive, with a uniform logarithm: as likely in [low, x low] as in [high / x, high].
  PRETEXT_HD float log_uniform(float low, float high) {
    return math::exp2(uniform(math::log2(low), math::log2(high)));
  }

  /// True with the given probability.
  PRETEXT_HD bool chance(float probability) { return uniform() < probability; }

  /// Standard normal, by Box and Muller; takes two draws.
  PRETEXT_HD double normal() {
    const double u = (static_cast<double>(bits()) + 0.5) * 0x1p-32, v = static_cast<double>(bits()) * 0x1p-32;
    return std::sqrt(-2 * std::log(u)) * std::cos(6.283185307179586 * v);
  }

 private:
  std::uint64_t seed_;
  Words origin_;
  Words block_{};
  std::uint32_t draw_ = 0;
};

/// Two independent standard normal numbers of two random words, by Box and Muller in float.
PRETEXT_INLINE PRETEXT_HD void normal_pair(std::uint32_t a, std::uint32_t b, float& x, float& y) {
  const float u = (static_cast<float>(a >> 8) + 0.5F) * 0x1p-24F,
              turn = static_cast<float>(b >> 8) * 0x1p-24F;
  const float radius = math::power(-1.38629436F * math::log2(u), 0.5F);  // ln u = ln 2 log2 u
  x = radius * math::cosine_of_turns(turn);
  y = radius * math::sine_of_turns(turn);
}

/// What a dropout mask is a function of; a fresh one for every op that asks.
struct DrawKey {
  std::uint64_t seed = 0;
  std::uint32_t step = 0, draw = 0;
};

/// A permutation of {0, ..., size-1} that is a function of (seed, epoch): four Feistel rounds, walked until
/// inside. Any position is found without the others, so order needs no table, no state and no rank count.
class Permutation {
 public:
  PRETEXT_HD Permutation(std::uint64_t size, std::uint64_t seed, std::uint32_t epoch)
      : size_(size), seed_(seed), epoch_(epoch) {
    while ((std::uint64_t{1} << (2 * half_bits_)) < size_) ++half_bits_;
  }

  PRETEXT_HD std::uint64_t operator()(std::uint64_t position) const {
    do position = shuffle(position);
    while (position >= size_);
    return position;
  }

 private:
  PRETEXT_HD std::uint64_t shuffle(std::uint64_t x) const {
    const std::uint64_t mask = (std::uint64_t{1} << half_bits_) - 1;
    std::uint64_t left = x >> half_bits_, right = x & mask;
    for (std::uint32_t round = 0; round < 4; ++round) {
      const Words f =
          philox({{static_cast<std::uint32_t>(right), round, epoch_, static_cast<std::uint32_t>(Use::order)}},
                 seed_);
      const std::uint64_t next = (left ^ f.w[0]) & mask;
      left = right;
      right = next;
    }
    return left << half_bits_ | right;
  }

  std::uint64_t size_, seed_;
  std::uint32_t epoch_;
  std::uint32_t half_bits_ = 1;
};

}  // namespace pretext
