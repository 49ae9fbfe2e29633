// SPDX-License-Identifier: MIT
#include "study_findings.hpp"

#include <functional>
#include <map>

#include "pretext/core/random.hpp"
#include "support.hpp"

namespace {

using namespace pretext;
using Make = std::function<void(CellResult&)>;

/// A study whose cells are made from nothing but their names.
std::vector<CellResult> study(const std::vector<std::string>& tasks, const std::vector<std::string>& models,
                              const std::vector<std::string>& widths,
                              const std::vector<std::string>& pictures, const Make& make) {
  std::vector<CellResult> all;
  for (const char* seed : {"0", "1", "2"})
    for (const auto& task : tasks)
      for (const auto& model : models)
        for (const auto& width : widths)
          for (const auto& count : pictures) {
            CellResult r{.cell = {{task, {}}, {model, {}}, {"usual", {}}, width, count, seed},
                         .solved = 0.5,
                         .taps = {"block1", "block2"},
                         .probe = {0.5, 0.5},
                         .validation = {1, 0},
                         .random = {0.3, 0.3},
                         .knn = {0.4, 0.4}};
            make(r);
            const double noise = 0.001 * (seed[0] - '0');
            for (double& v : r.probe) v += noise;
            all.push_back(r);
          }
  return all;
}

Finding found(const std::vector<CellResult>& all, const std::string& word) {
  for (const Finding& f : findings_of(all))
    if (f.statement.find(word) != std::string::npos) return f;
  FAIL("no finding about " << word);
  return {};
}

}  // namespace

TEST_CASE("what a study does not vary it was not asked") {
  for (const Finding& f : findings_of(study({"rotation"}, {"nin3"}, {"8"}, {"0"}, [](CellResult&) {})))
    CHECK_MESSAGE(f.verdict == "not asked", f.statement, ": ", f.verdict, ", ", f.numbers);
  CHECK(findings_of({}).empty());
}

TEST_CASE("tasks that change places with the network are found, and those that do not are not") {
  const auto crossed = [](double by) {
    return study({"rotation", "jigsaw"}, {"nin3", "vgg11"}, {"8", "16"}, {"0"}, [by](CellResult& r) {
      const bool first = r.cell.task.name == "rotation", small = r.cell.model.name == "nin3";
      r.probe = {0.5 + (first ? 0.05 : 0) - (first && !small ? by : 0), 0.1};
    });
  };
  CHECK(found(crossed(0.1), "best changes").verdict == "holds");
  CHECK(
      found(crossed(0.1), "best changes")
          .numbers.find("jigsaw - rotation: +5.0 (5.0 to 5.0, 6) on vgg11, -5.0 (-5.0 to -5.0, 6) on nin3") !=
      std::string::npos);
  CHECK(found(crossed(0.02), "best changes").verdict == "not shown");
}

TEST_CASE("late layers of VGG are compared with those of residual networks, cell by cell") {
  const auto falling = [](double vgg, double resnet) {
    return study({"rotation", "jigsaw"}, {"vgg11", "resnet20"}, {"8"}, {"0"}, [=](CellResult& r) {
      r.probe = {0.6, 0.6 - (r.cell.model.name == "vgg11" ? vgg : resnet)};
    });
  };
  CHECK(found(falling(0.2, 0), "Late layers").verdict == "holds");
  CHECK(found(falling(0, 0.2), "Late layers").verdict == "does not hold");
  CHECK(found(falling(0.1, 0.1), "Late layers").verdict == "not shown");
}

TEST_CASE("width, pictures and their interplay are read off pairs that differ in nothing else") {
  const auto grown = study({"rotation"}, {"nin3", "resnet20"}, {"16", "8"}, {"0", "100"}, [](CellResult& r) {
    const bool wide = r.cell.width == "16", many = r.cell.pictures == "0";
    r.probe[0] = 0.4 + (wide ? 0.03 : 0) + (many ? 0.1 : 0) + (wide && many ? 0.04 : 0) +
                 (r.cell.model.name == "nin3" ? 0.2 : 0);
  });
  const Finding width = found(grown, "Wider"), pictures = found(grown, "More pictures");
  CHECK(width.verdict == "holds");
  CHECK(width.numbers == "probe at width 16 less that at 8: +5.0 (3.7 to 6.3, 12)");
  CHECK(pictures.verdict == "holds");
  CHECK(pictures.numbers.find("from 100 to 0 brings width 16 +14.0 (14.0 to 14.0, 6) and width 8 +10.0") ==
        0);
  CHECK(found(grown, "Harder").verdict == "not asked");
}

TEST_CASE("the task's accuracy ranks networks or does not, and nearest neighbours agree or do not") {
  const auto ranked = [](bool solved_alike, bool knn_alike) {
    return study({"rotation", "jigsaw"}, {"a", "b", "c", "d"}, {"8"}, {"0"}, [=](CellResult& r) {
      const double place = r.cell.model.name[0] - 'a';
      r.probe[0] = 0.5 + 0.1 * place;
      r.solved = solved_alike ? 0.3 + 0.1 * place : 0.6 - 0.1 * place;
      r.knn[0] = knn_alike ? 0.2 + 0.1 * place : 0.5 - 0.1 * place;
    });
  };
  CHECK(found(ranked(true, true), "does not rank").verdict == "does not hold");
  CHECK(found(ranked(false, true), "does not rank").verdict == "holds");
  CHECK(found(ranked(true, true), "not linear").verdict == "holds");
  CHECK(found(ranked(true, false), "not linear").verdict == "does not hold");
}

TEST_CASE("noise orders nothing: no verdict where networks do not differ") {
  Rng rng(1, Use::test);
  std::map<std::string, int> verdicts;
  for (int round = 0; round < 200; ++round) {
    const auto all = study({"a", "b", "c", "d", "e"}, {"vgg11", "resnet20", "resnet56", "nin3"}, {"8", "16"},
                           {"0"}, [&](CellResult& r) {
                             for (auto* values : {&r.probe, &r.validation, &r.knn, &r.random})
                               for (double& v : *values) v = 0.5 + 0.05 * rng.normal();
                             r.solved = 0.5 + 0.05 * rng.normal();
                           });
    for (const Finding& f : findings_of(all))
      if (f.verdict == "holds" || f.verdict == "does not hold") ++verdicts[f.statement];
  }
  for (const auto& verdict : verdicts)
    CHECK_MESSAGE(verdict.second <= 16, verdict.first, ": ", verdict.second, " of 200");
}

TEST_CASE("what is the same for all networks orders none, whatever the other value says") {
  const auto flat = [](bool solved) {
    return study({"a", "b", "c"}, {"w", "x", "y", "z"}, {"8"}, {"0"}, [solved](CellResult& r) {
      const double place = r.cell.model.name[0] - 'w';
      r.probe[0] = 0.5 + (solved ? 0 : 0.1 * place);
      r.solved = 0.5 + (solved ? 0.1 * place : 0);
    });
  };
  for (const bool solved : {false, true}) CHECK(found(flat(solved), "does not rank").verdict == "not shown");
}

TEST_CASE("hardness and cells that are missing mix no networks up") {
  const auto hard = [](CellResult& r) {
    const double place = r.cell.model.name[0] - 'a';
    const bool many = r.cell.pictures == "100";  // solved worse, probed better
    r.probe[0] = 0.3 + 0.02 * place + (many ? 0.3 : 0);
    r.solved = 0.8 + 0.02 * place - (many ? 0.5 : 0);
  };
  CHECK(found(study({"jigsaw"}, {"a", "b", "c", "d"}, {"8"}, {"0", "100"}, hard), "does not rank").verdict ==
        "does not hold");

  auto all = study({"rotation"}, {"a", "b", "c"}, {"8", "16"}, {"0", "100"}, [](CellResult& r) {
    r.probe[0] = 0.3 + 0.1 * (r.cell.model.name[0] - 'a') * (r.cell.pictures == "0" ? 1 : 0.5);
  });
  std::erase_if(all, [](const CellResult& r) {
    return r.cell.pictures == "100" && r.cell.model.name == (r.cell.width == "8" ? "a" : "c");
  });
  const Finding more = found(all, "More pictures");
  CHECK(more.verdict == "not shown");
  CHECK(more.numbers.find("the difference: +0.0 (0.0 to 0.0, 3)") != std::string::npos);
}
