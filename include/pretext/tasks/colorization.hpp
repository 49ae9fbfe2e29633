// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/nn/conv2d.hpp"
#include "pretext/ops/loss.hpp"
#include "pretext/ops/reshape.hpp"
#include "pretext/tasks/classifier.hpp"
#include "pretext/tasks/colorization_options.hpp"
#include "pretext/tasks/inputs.hpp"

namespace pretext::tasks {

/// Writes a crop of a picture; its colours are the answers, so that there are no labels.
struct ColorizationViews {
  static constexpr int views = 1, labels = 0;
  static constexpr bool crisp = true;  // no view looks at neighbouring pixels
  ScaledCrop crop{};

  PRETEXT_HD void operator()(const Source& source, Rng rng, View* view, std::int32_t*) const {
    view[0] = {.source = source.index,
               .map = source.training ? crop(source.picture, rng) : crop(source.picture)};
  }
};

/// Which colours does this grey picture have? The network sees L of CIE-Lab alone, and a 1 x 1 convolution on
/// the backbone's last tap says for every pixel of it which of 313 bins of a and b is there, rare colours
/// weighing more (Zhang, Isola and Efros, ECCV 2016); or it predicts a and b themselves.
template <Device D = Cpu, class T = float>
class Colorization {
  static_assert(std::same_as<D, Cpu>, "colorization: targets are made on the processor alone");

 public:
  using Options = ColorizationOptions;

  Colorization(const Options& options, Rng& rng)
      : options_(checked(options)),
        head_({.in = options.features, .out = options.regression ? 2 : ab_bin_count, .kernel = 1}, rng) {
    if (rebalances()) weights_ = ab_weights(options.prior, options.prior_sigma, options.uniform);
  }

  std::string name() const { return "colorization"; }

  /// inputs [n, size, size, 1], targets [n, size / stride, size / stride, 2], a and b of the same pixels, and
  /// the nearest bin to each as label.
  Batch<D, T> batch(const data::Dataset& dataset, const data::BatchPlan& plan, bool training) const {
    const int size = options_.size;
    const DrawOptions options{{size, size, lightness(), Space::lab}, options_.seed};
    return taken_apart(
        draw_batch<D, T>(ColorizationViews{crop_of(options_)}, dataset, plan, options, training).inputs);
  }

  /// logits [N, h, w, 313] of inputs [N, H, W, 1]; [N, h, w, 2], a and b in units of ab_scale, of a
  /// regression.
  template <class X>
  X logits(nn::Sequential<D, T>& backbone, const X& inputs) {
    return head_(backbone(inputs));
  }

  /// A pixel is solved where the most likely bin is the nearest to its colour.
  Outcome<D, T> loss(nn::Sequential<D, T>& backbone, Tape<D>& tape, const Batch<D, T>& batch) {
    const Var<T, D> answers = rows(backbone, tape.constant(batch.inputs), batch);
    const std::int64_t solved = count_solved(answers.value(), batch.labels);
    return {loss_of(answers, batch), Tensor<std::int32_t, D>::full({1}, static_cast<std::int32_t>(solved)),
            batch.labels.size()};
  }

  Score evaluate(nn::Sequential<D, T>& backbone, const Batch<D, T>& batch) {
    const Tensor<T, D> answers = rows(backbone, batch.inputs, batch);
    return {static_cast<double>(loss_of(answers, batch).item()), count_solved(answers, batch.labels),
            batch.labels.size()};
  }

  /// The mean distance in the plane of a and b between the colours of a batch and those predicted.
  double ab_error(nn::Sequential<D, T>& backbone, const Batch<D, T>& batch) {
    const Tensor<T, D> answers = rows(backbone, batch.inputs, batch);
    double sum = 0;
    each_color(batch, [&](std::int64_t i, Ab color) {
      sum += std::sqrt(static_cast<double>(
          detail::squared_distance(color, color_of(answers.data() + i * answers.dim(1)))));
    });
    return sum / static_cast<double>(answers.dim(0));
  }

  /// The picture in its own lightness and the colours that the network gives it, [H, W, 3]. Throws where the
  /// last tap has no pixel for some of it, or more than one row or column that it does not need.
  Image colorize(nn::Sequential<D, T>& backbone, const ImageView& picture) {
    const View whole{};
    const RenderOptions form{picture.height, picture.width, lightness(), Space::lightness};
    const Tensor<T, D> grey = render<D, T>(Span(&picture, 1), Span(&whole, 1), form);
    const Tensor<T, D> map = logits(backbone, grey);
    const auto fits = [&](std::int64_t coarse, int fine) {
      const std::int64_t spare = coarse * options_.stride - fine;
      return spare >= 0 && spare < 2 * options_.stride;
    };
    require(fits(map.dim(1), picture.height) && fits(map.dim(2), picture.width),
            "colorization: the backbone's last tap has ", map.dim(1), " x ", map.dim(2),
            " pixels for a picture of ", picture.height, " x ", picture.width,
            ", which is not one for every ", options_.stride, " x ", options_.stride);
    std::vector<Ab> colors;
    for (std::int64_t i = 0; i < map.size(); i += map.dim(3)) colors.push_back(color_of(map.data() + i));
    Image image(picture.height, picture.width);
    const float unit = options_.lightness_deviation, mean = options_.lightness_mean;
    for (int y = 0; y < image.height(); ++y)
      for (int x = 0; x < image.width(); ++x) {
        const float l = unit * static_cast<float>(grey.data()[y * image.width() + x]) + mean;
        put(image, y, x, l, enlarged(colors, map.shape(), y, x));
      }
    return image;
  }

  /// What the backbone is shown of whole pictures: for probes.
  PlainInputs plain_inputs() const {
    return {SquareCrop{.size = options_.size}, lightness(), Space::lightness};
  }

  void each(auto&& f) { head_.each(f); }

 private:
  static const Options& checked(const Options& o) {
    check_features("colorization", o.features);
    crop_of(o).check("colorization");
    require(o.stride > 0 && o.size % o.stride == 0, "colorization: stride ", o.stride,
            " does not divide the size ", o.size);
    require(o.neighbours >= 1 && o.neighbours <= ab_bin_count, "colorization: neighbours must be 1 to ",
            ab_bin_count, ", not ", o.neighbours);
    require(o.sigma > 0 && o.temperature > 0 && o.ab_scale > 0 && o.lightness_deviation > 0,
            "colorization: sigma ", o.sigma, ", temperature ", o.temperature, ", ab_scale ", o.ab_scale,
            " and lightness_deviation ", o.lightness_deviation, " must be positive");
    return o;
  }

  static ScaledCrop crop_of(const ColorizationOptions& o) {
    return {.height = o.size, .width = o.size, .short_side = o.short_side, .mirror = o.mirror};
  }

  bool rebalances() const { return options_.rebalance && !options_.regression; }

  Normalization lightness() const {
    return {.mean = {options_.lightness_mean}, .deviation = {options_.lightness_deviation, 1, 1}};
  }

  /// How far the middle of what a coarse pixel stands for is from the pixel of the input that it begins at.
  float offset() const {
    return options_.sampling == AbSampling::strided ? 0 : 0.5F * static_cast<float>(options_.stride - 1);
  }

  /// The batch of pictures lab[n, size, size, 3]: L is what is shown, a and b are what is asked for.
  Batch<D, T> taken_apart(const Tensor<T, D>& lab) const {
    const std::int64_t n = lab.dim(0), size = options_.size, coarse = size / options_.stride;
    Batch<D, T> batch{Tensor<T, D>({n, size, size, 1}), Tensor<std::int32_t, D>({n * coarse * coarse}),
                      Tensor<T, D>({n, coarse, coarse, 2})};
    parallel_for(n * coarse, 8, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row) {
        const std::int64_t first = row * options_.stride * size;  // rows of all pictures, one after the other
        for (std::int64_t i = first; i < first + options_.stride * size; ++i)
          batch.inputs.data()[i] = lab.data()[3 * i];
        for (std::int64_t x = 0; x < coarse; ++x)
          take_color(lab.data() + 3 * (first + x * options_.stride), batch, row * coarse + x);
      }
    });
    return batch;
  }

  /// Target and label number i: of the square of pixels of the input whose first is at `lab`.
  void take_color(const T* lab, Batch<D, T>& batch, std::int64_t i) const {
    const int side = options_.sampling == AbSampling::strided ? 1 : options_.stride;
    T a = 0, b = 0;
    for (std::int64_t y = 0; y < side; ++y)
      for (std::int64_t x = 0; x < side; ++x) {
        a += lab[3 * (y * options_.size + x) + 1];
        b += lab[3 * (y * options_.size + x) + 2];
      }
    const T share = T(1) / static_cast<T>(side * side);
    batch.targets.data()[2 * i] = a * share;
    batch.targets.data()[2 * i + 1] = b * share;
    batch.labels.data()[i] = nearest_ab_bin({static_cast<float>(a * share), static_cast<float>(b * share)});
  }

  /// Calls f(i, color) for every pixel of the targets.
  template <class F>
  static void each_color(const Batch<D, T>& batch, F&& f) {
    const T* ab = batch.targets.data();
    for (std::int64_t i = 0; i < batch.targets.size() / 2; ++i)
      f(i, Ab{static_cast<float>(ab[2 * i]), static_cast<float>(ab[2 * i + 1])});
  }

  /// One row of logits for each pixel of the targets.
  template <class X>
  X rows(nn::Sequential<D, T>& backbone, const X& inputs, const Batch<D, T>& batch) {
    const X map = logits(backbone, inputs);
    require(map.dim(1) == batch.targets.dim(1) && map.dim(2) == batch.targets.dim(2),
            "colorization: the backbone's last tap has ", map.dim(1), " x ", map.dim(2),
            " pixels for inputs ", batch.inputs.shape(), ", but with stride ", options_.stride, " there are ",
            batch.targets.dim(1), " x ", batch.targets.dim(2), " colours");
    return apply(ops::Reshape{{batch.targets.size() / 2, map.dim(3)}}, map);
  }

  template <class X>
  X loss_of(const X& rows, const Batch<D, T>& batch) const {
    const std::int64_t n = batch.targets.size() / 2, k = options_.neighbours;
    if (options_.regression) {
      Tensor<T, D> scaled({n, 2});
      for (std::int64_t i = 0; i < 2 * n; ++i)
        scaled.data()[i] = batch.targets.data()[i] / static_cast<T>(options_.ab_scale);
      return apply(ops::MeanSquaredError{}, rows, scaled);
    }
    Tensor<std::int32_t, D> bins({n, k});
    Tensor<T, D> shares({n, k});
    parallel_for(n, 256, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const T* ab = batch.targets.data() + 2 * i;
        const auto count = static_cast<std::size_t>(k);
        encode_ab(Ab{static_cast<float>(ab[0]), static_cast<float>(ab[1])}, options_.sigma,
                  Span(bins.data() + i * k, count), Span(shares.data() + i * k, count));
      }
    });
    return apply(ops::SoftCrossEntropy{options_.weighting}, rows, bins, shares, row_weights(batch));
  }

  /// The weight of each pixel; undefined where all are 1.
  Tensor<T, D> row_weights(const Batch<D, T>& batch) const {
    if (!rebalances() && options_.grey <= 0) return {};
    Tensor<T, D> weights(batch.labels.shape());
    const std::int64_t pixels = batch.targets.dim(1) * batch.targets.dim(2);
    for (std::int64_t i = 0; i < weights.size(); ++i)
      weights.data()[i] =
          rebalances() ? static_cast<T>(weights_[static_cast<std::size_t>(batch.labels.data()[i])]) : T(1);
    for (std::int64_t first = 0; options_.grey > 0 && first < weights.size(); first += pixels) {
      const T* ab = batch.targets.data() + 2 * first;
      const bool coloured =
          std::any_of(ab, ab + 2 * pixels, [&](T v) { return std::abs(v) > static_cast<T>(options_.grey); });
      if (!coloured) std::fill_n(weights.data() + first, pixels, T(0));
    }
    return weights;
  }

  std::int64_t count_solved(const Tensor<T, D>& rows, const Tensor<std::int32_t, D>& labels) const {
    if (!options_.regression) return count_correct(rows, labels);
    std::int64_t solved = 0;
    for (std::int64_t i = 0; i < labels.size(); ++i)
      solved += nearest_ab_bin(color_of(rows.data() + 2 * i)) == labels.data()[i] ? 1 : 0;
    return solved;
  }

  /// The colour that one row of the head's output stands for.
  Ab color_of(const T* row) const {
    if (!options_.regression) return annealed_mean(row, options_.temperature);
    return {static_cast<float>(row[0]) * options_.ab_scale, static_cast<float>(row[1]) * options_.ab_scale};
  }

  /// The colour of pixel (x, y) of a picture by bilinear interpolation between those of a map [1, h, w, ...].
  Ab enlarged(const std::vector<Ab>& colors, const Shape& map, int y, int x) const {
    const auto along = [&](int pixel, std::int64_t size) {
      const float at = (static_cast<float>(pixel) - offset()) / static_cast<float>(options_.stride);
      return tap(math::clamp(at, 0, static_cast<float>(size - 1)), static_cast<std::int32_t>(size));
    };
    const Tap v = along(y, map[1]), h = along(x, map[2]);
    Ab sum;
    for (int corner = 0; corner < 4; ++corner) {
      const bool right = (corner & 1) != 0, bottom = (corner & 2) != 0;
      const float weight = (right ? h.fraction : 1 - h.fraction) * (bottom ? v.fraction : 1 - v.fraction);
      const std::int64_t at = (bottom ? v.second : v.first) * map[2] + (right ? h.second : h.first);
      sum.a += weight * colors[static_cast<std::size_t>(at)].a;
      sum.b += weight * colors[static_cast<std::size_t>(at)].b;
    }
    return sum;
  }

  static void put(Image& image, int y, int x, float l, Ab color) {
    float rgb[3] = {l, color.a, color.b};
    LabToRgb{}(rgb[0], rgb[1], rgb[2]);
    for (int c = 0; c < 3; ++c) image.at(y, x, c) = static_cast<std::uint8_t>(255 * rgb[c] + 0.5F);
  }

  Options options_;
  nn::Conv2d<D, T> head_;
  AbValues weights_{};
};

}  // namespace pretext::tasks
