// SPDX-License-Identifier: MIT
// `pretext attention` draws where networks look, side by side, and says in numbers how alike that is.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <pretext/core/file.hpp>
#include <pretext/eval/attention_scores.hpp>
#include <pretext/image/codec.hpp>
#include <pretext/report/heat_map.hpp>

#include "measure.hpp"
#include "pictures.hpp"
#include "tasks.hpp"
#include "verbs.hpp"
#include "work_bar.hpp"

using namespace pretext;

namespace {

struct AttentionSettings {
  RunSettings of;
  std::string against, part = "test", taps, out;
  double power = 2, share = 0.1;
  std::int64_t images = 200, shown = 4;
  bool random = true;
  DryRun dry_run;
};

/// A network that is looked at; a column of the pictures.
struct Network {
  std::string name;
  TrainingSettings training;
  nn::Sequential<> net;
  JsonObject weights{};
  std::vector<eval::Attention> attention{};  ///< one a tap
};

/// One number over all pictures.
struct Row {
  std::string network, tap, map, measure, reference;
  eval::Spread over;
};

class Comparison {
 public:
  /// Loads the networks; throws what is wrong with the settings, before pictures are opened.
  explicit Comparison(const AttentionSettings& s) : s_(s), source_(s.of.read().source) {
    add_run(s.of.run);
    for (const std::string& run : split_list(s.against)) add_run(run);
    const TrainingSettings first = networks_[0].training;
    if (s.random) networks_.push_back({"random", first, make_network(first)});
    for (const Network& n : networks_) {
      std::vector<std::string> known = n.net.taps();
      known.push_back(eval::pixels_tap);
      for (const std::string& tap : split_list(s.taps)) require_known("tap", tap, known);
    }
  }

  /// What all networks attend to in the pictures.
  void look() {
    const data::Dataset all = source_.open(s_.part == "test" ? data::Split::test : data::Split::train);
    set_ = all.subset(some_indices(all.size(), s_.images));
    taps_ = taps();
    for (Network& n : networks_)
      n.attention =
          eval::attention(n.net, taps_, set_, n.training.inputs(), {.power = s_.power, .watch = work_bar()});
  }

  const data::Dataset& pictures() const { return set_; }

  std::string names() const {
    std::string list;
    for (const Network& n : networks_) list += (list.empty() ? "" : ", ") + n.name;
    return list;
  }

  JsonObject weights() const {
    JsonObject all;
    for (const Network& n : networks_) all.add(n.name, n.weights);
    return all;
  }

  /// All measures of all taps and networks, where one is supervised with what it has in common with that.
  std::vector<Row> scores() const {
    const auto supervised = std::ranges::find(networks_, "supervised", &Network::name);
    std::vector<Row> rows;
    for (std::size_t t = 0; t < taps_.size(); ++t)
      for (const Network& n : networks_) {
        const eval::Attention& a = n.attention[t];
        const std::string map = message(a.maps[0].dim(1), " x ", a.maps[0].dim(2));
        const auto add = [&](const std::vector<eval::AttentionScore>& scores, const std::string& reference) {
          for (const eval::AttentionScore& score : scores)
            rows.push_back({n.name, a.tap, map, score.measure, reference, score.over_pictures()});
        };
        add(eval::attention_scores(a, s_.share), "");
        if (supervised != networks_.end() && &n != &*supervised)
          add(eval::attention_agreement(a, supervised->attention[t], s_.share), supervised->name);
      }
    return rows;
  }

  /// A row a picture and tap, a column a network.
  Image maps() const {
    PictureRows rows(title(), 1 + narrow<int>(networks_.size(), "networks"));
    for (std::int64_t i = 0; i < shown(); ++i)
      for (std::size_t t = 0; t < taps_.size(); ++t) {
        rows.add(picture(i, 0), t == 0 ? "picture" : "");
        for (const Network& n : networks_) rows.add(heat_map(n, t, i, 0), n.name + "\n" + taps_[t]);
      }
    return rows.paint();
  }

  /// The first picture in its four turns, and under it a row a tap and network.
  Image turns() const {
    PictureRows rows(title(), 4);
    for (int k = 0; k < 4; ++k) rows.add(picture(0, k), message(90 * k, "\u00B0"));
    for (std::size_t t = 0; t < taps_.size(); ++t)
      for (const Network& n : networks_)
        for (int k = 0; k < 4; ++k) rows.add(heat_map(n, t, 0, k), n.name + "\n" + taps_[t]);
    return rows.paint();
  }

 private:
  void add_run(const std::string& run) {
    TrainingSettings training = read_run(run);
    Restored restored = load_backbone(training, run);
    std::string name = training.task;
    for (int same = 2; std::ranges::find(networks_, name, &Network::name) != networks_.end(); ++same)
      name = message(training.task, " ", same);
    JsonObject weights = weights_of(run, training, restored);
    networks_.push_back({name, training, std::move(restored.backbone), std::move(weights)});
  }

  /// Those that are asked for, or all that every network has and whose maps are more than one cell.
  std::vector<std::string> taps() {
    if (!s_.taps.empty()) return split_list(s_.taps);
    const std::int64_t first[] = {0};
    std::vector<std::string> common = networks_[0].net.taps();
    for (Network& n : networks_) {
      std::vector<std::string> mapped;
      n.net(n.training.inputs()(set_, first), [&](const std::string& tap, const Pending<float, Cpu>& map) {
        if (map.shape().rank() == 4 && map.dim(1) == map.dim(2) && map.dim(1) > 1) mapped.push_back(tap);
      });
      std::erase_if(common, [&](const std::string& tap) { return std::ranges::count(mapped, tap) == 0; });
    }
    require(!common.empty(), "attention: the networks have no tap with maps in common; name --taps");
    return common;
  }

  std::string title() const { return message("attention, power ", s_.power, "; dark: least, light: most"); }

  std::int64_t shown() const { return std::min(s_.shown, set_.size()); }

  /// Picture i as the first network is shown it, turned.
  Image picture(std::int64_t i, int turns) const {
    tasks::PlainInputs inputs = networks_[0].training.inputs();
    inputs.normalization = {};
    inputs.space = Space::rgb;
    const std::int64_t index[] = {i};
    return picture_of(eval::turned(inputs(set_, index), turns), 0);
  }

  Image heat_map(const Network& n, std::size_t tap, std::int64_t i, int turns) const {
    const Tensor<float, Cpu>& maps = n.attention[tap].maps[static_cast<std::size_t>(turns)];
    const Image under = picture(i, turns);
    return report::heat_map(under, maps.rows(i, i + 1).reshape({maps.dim(1), maps.dim(2)}),
                            {.scale = std::max(1, 128 / under.height())});
  }

  const AttentionSettings& s_;
  DataSettings source_;
  std::vector<Network> networks_;
  data::Dataset set_;
  std::vector<std::string> taps_;
};

std::string csv(const std::vector<Row>& rows) {
  std::string text = "network,tap,map,measure,reference,pictures,mean,deviation,low,high\n";
  for (const Row& r : rows) {
    text += r.network + ',' + r.tap + ',' + r.map + ',' + r.measure + ',' + r.reference + ',' +
            std::to_string(r.over.count);
    for (const double value : {r.over.mean, r.over.deviation, r.over.interval.low, r.over.interval.high})
      text += ',' + (std::isfinite(value) ? json_number(value) : std::string());
    text += '\n';
  }
  return text;
}

std::vector<JsonObject> json(const std::vector<Row>& rows, const AttentionSettings& s,
                             const data::Dataset& pictures) {
  const std::string hash = hash_text(pictures.hash());
  std::vector<JsonObject> objects;
  for (const Row& r : rows)
    objects.push_back(JsonObject()
                          .add("network", r.network)
                          .add("tap", r.tap)
                          .add("map", r.map)
                          .add("measure", r.measure)
                          .add("reference", r.reference)
                          .add("power", s.power)
                          .add("share", s.share)
                          .add("dataset", pictures.name())
                          .add("pictures_hash", hash)
                          .add("pictures", r.over.count)
                          .add("mean", r.over.mean)
                          .add("deviation", r.over.deviation)
                          .add("low", r.over.interval.low)
                          .add("high", r.over.interval.high));
  return objects;
}

/// A row a measure of a tap and network, and beside it what chance makes of it.
void print_scores(const std::vector<Row>& rows) {
  const auto text = [](double value) {
    char digits[32] = "-";
    if (std::isfinite(value)) std::snprintf(digits, sizeof digits, "%.3f", value);
    return std::string(digits);
  };
  std::printf("\n%-12s%-16s%-22s%8s%12s%20s\n", "tap", "network", "measure", "mean", "by chance",
              "95 % interval");
  for (const Row& r : rows) {
    if (r.measure.ends_with(eval::by_chance)) continue;
    const auto chance = std::ranges::find_if(rows, [&](const Row& other) {
      return other.tap == r.tap && other.network == r.network && other.measure == r.measure + eval::by_chance;
    });
    const std::string interval = text(r.over.interval.low) + " to " + text(r.over.interval.high);
    std::printf("%-12s%-16s%-22s%8s%12s%20s\n", r.tap.c_str(), r.network.c_str(), r.measure.c_str(),
                text(r.over.mean).c_str(), chance == rows.end() ? "" : text(chance->over.mean).c_str(),
                interval.c_str());
  }
}

int run(const AttentionSettings& s, const Settings& settings) {
  require(s.power > 0, "--power must be above 0, not ", s.power);
  require(s.share > 0 && s.share <= 1, "--share must be above 0 and at most 1, not ", s.share);
  require(s.images >= 1, "--images must be at least 1, not ", s.images);
  require(s.shown >= 1 && s.shown <= 100, "--shown must be 1 to 100, not ", s.shown);
  require_known("part", s.part, {"train", "test"});
  const std::filesystem::path out = s.out.empty() ? s.of.run + "/attention" : s.out;
  Comparison comparison(s);
  if (s.dry_run.asked())
    return s.dry_run.say(settings,
                         message("would look at ", comparison.names(), " and write to ", out.string(),
                                 "; no picture was opened, nothing was measured or written"));
  comparison.look();
  const std::vector<Row> rows = comparison.scores();
  std::filesystem::create_directories(out);
  write_png(out / "maps.png", comparison.maps());
  write_png(out / "turns.png", comparison.turns());
  write_text(out / "scores.csv", csv(rows));
  write_record(out / "attention.json", json(rows, s, comparison.pictures()), settings.command(),
               settings.toml(), comparison.weights());
  print_scores(rows);
  std::printf("\nof %s: maps.png, turns.png, scores.csv and attention.json in %s\n",
              counted(comparison.pictures().size(), "picture").c_str(), out.c_str());
  return 0;
}

}  // namespace

Verb attention_verb() {
  auto s = std::make_shared<AttentionSettings>();
  Verb verb{"attention",
            "Draw and measure where networks look: trained, supervised and random, and in four turns",
            {},
            [s](const Settings& settings) { return run(*s, settings); }};
  s->of.add_to(verb.settings, "Pictures to look at");
  verb.settings.add("against", &s->against,
                    "Run folders to compare with, commas between; a supervised one is the reference");
  verb.settings.add("random", &s->random, "Compare with random weights as well");
  verb.settings.add("part", &s->part, "Which part of them: test or train");
  verb.settings.add("taps", &s->taps, "Taps with commas between them; empty: all that have maps");
  verb.settings.add("power", &s->power, "Activations are summed over channels to this power");
  verb.settings.add("share", &s->share, "Part of the cells that overlap and concentration look at");
  verb.settings.add("images", &s->images, "Pictures that are measured");
  verb.settings.add("shown", &s->shown, "Pictures that are drawn");
  s->dry_run.add_to(verb.settings);
  verb.settings.add_unstored(
      "out", &s->out,
      "Folder for maps.png, turns.png, scores.csv and attention.json (default: attention in the run folder)");
  return verb;
}
