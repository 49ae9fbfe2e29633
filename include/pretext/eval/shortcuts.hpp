// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "pretext/eval/linear_probe.hpp"
#include "pretext/eval/protocol.hpp"

namespace pretext::eval {

/// How well a task is answered by what does not see the content of its inputs.
struct Shortcut {
  std::string name{};
  double accuracy = 0;
  double chance = 0;                       ///< what the best constant answer scores
  Interval interval{};                     ///< 99 %, of the accuracy
  std::int64_t answers = 0, pictures = 0;  ///< scored; none of their pictures was learnt from

  /// Whether it answers better than chance: where there is no shortcut, 1 probe in 200 says that there is.
  bool found() const { return interval.low > chance; }
};

inline JsonObject to_json(const Shortcut& s) {
  return JsonObject()
      .add("shortcut", s.name)
      .add("accuracy", s.accuracy)
      .add("chance", s.chance)
      .add("low", s.interval.low)
      .add("high", s.interval.high)
      .add("found", s.found())
      .add("answers", s.answers)
      .add("pictures", s.pictures);
}

/// Blind features x[N, dims], what each row should be recognised as, and which picture it is of.
template <class T>
struct BlindRows {
  Tensor<T, Cpu> x{};
  std::vector<int> labels{};
  std::vector<std::int64_t> pictures{};
};

/// How many answers to a picture are right, of how many.
struct PictureScore {
  std::int64_t picture = 0, right = 0, asked = 0;
};

/// One score a picture that was asked about.
inline std::vector<PictureScore> scores_by_picture(Span<const int> predictions, Span<const int> labels,
                                                   Span<const std::int64_t> pictures) {
  require(predictions.size() == labels.size() && labels.size() == pictures.size(),
          "scores: ", predictions.size(), " answers to ", labels.size(), " questions of ", pictures.size(),
          " pictures");
  std::vector<PictureScore> scores;
  for (std::size_t i = 0; i < labels.size(); ++i)
    scores.push_back({pictures[i], predictions[i] == labels[i] ? 1 : 0, 1});
  std::sort(scores.begin(), scores.end(),
            [](const PictureScore& a, const PictureScore& b) { return a.picture < b.picture; });
  std::size_t count = 0;
  for (const PictureScore one : scores) {  // a copy: what it is read from is written
    if (count == 0 || scores[count - 1].picture != one.picture) scores[count++] = {one.picture};
    scores[count - 1].right += one.right;
    scores[count - 1].asked += one.asked;
  }
  scores.resize(count);
  return scores;
}

/// The 99 % interval of the accuracy, although answers to one picture may stand or fall together: the
/// binomial interval of as many independent answers as would vary as the pictures do (Kish's design effect),
/// never of more than there are. Throws where there are fewer than two pictures, which do not say how they
/// vary.
inline Interval clustered_interval(Span<const PictureScore> scores) {
  require(scores.size() >= 2, "interval: ", scores.size(), " pictures do not say how they vary");
  double right = 0, asked = 0, squares = 0;
  for (const PictureScore& s : scores) {
    right += static_cast<double>(s.right);
    asked += static_cast<double>(s.asked);
  }
  const double p = right / asked, pictures = static_cast<double>(scores.size());
  for (const PictureScore& s : scores) {
    const double off = static_cast<double>(s.right) - p * static_cast<double>(s.asked);
    squares += off * off;
  }
  const double variance = squares / (asked * asked) * pictures / (pictures - 1);
  double independent = asked;
  if (p == 0 || p == 1) independent = pictures;  // nothing says that answers to one picture are more than one
  if (variance > 0) independent = std::min(asked, p * (1 - p) / variance);
  return wilson_interval(p, std::max(1.0, independent), 2.5758293035489);
}

/// Fits a linear probe to some rows and scores it on rows of other pictures, beside a known chance. Pictures
/// that it does not fit choose its penalty.
template <class T>
Shortcut find_shortcut(std::string name, const BlindRows<T>& train, const BlindRows<T>& test, int classes,
                       double chance, std::uint64_t seed = 0) {
  require_labels("shortcut", test.x.dim(0), Span<const int>(test.labels), classes);
  const LinearProbeOptions o{.l2 = {1e-1, 1e-2, 1e-3, 1e-4}, .validation = 0.2, .seed = seed};
  const auto probe = fit_linear_probe(train.x, Span<const int>(train.labels), classes, o,
                                      Holdout(train.pictures, o.validation, seed));
  const std::vector<int> answers = probe.predict(test.x);
  const auto scores = scores_by_picture(answers, test.labels, test.pictures);
  return {std::move(name),
          accuracy(answers, test.labels),
          chance,
          clustered_interval(scores),
          std::ssize(answers),
          std::ssize(scores)};
}

}  // namespace pretext::eval
