// SPDX-License-Identifier: MIT
#include "pretext/report/bars.hpp"

#include <string>

#include "markup.hpp"
#include "report/samples.hpp"
#include "support.hpp"

using namespace pretext;
using namespace pretext::report;

namespace {

std::string drawn(const BarChart& chart, const Frame& frame = {}) {
  const std::string svg = draw(chart, frame).str();
  CHECK(test::read_markup(svg).fault == "");
  CHECK(svg.find("nan") == std::string::npos);
  CHECK(svg.find("inf") == std::string::npos);
  return svg;
}

BarChart probes() {
  return {.title = "probe",
          .x_label = "accuracy, %",
          .series = {"pretrained", "random"},
          .groups = {{"block 1", {{60, 1}, {50, 2}}}, {"raw pixels", {{}, {40}}}, {"block 2", {}}},
          .reference = Reference{10, "chance"}};
}

// The value of an attribute of the first element of a class.
double attribute(const std::string& svg, const std::string& style, const std::string& name) {
  const std::size_t element = svg.find("class=\"" + style + "\"");
  REQUIRE(element != std::string::npos);
  const std::size_t at = svg.find(" " + name + "=\"", element);
  return std::stod(svg.substr(at + name.size() + 3));
}

}  // namespace

TEST_CASE("every measured value is a bar with its number, and a group without one says so") {
  const std::string svg = drawn(probes());
  CHECK(test::count_of(svg, "class=\"bar s0\" x=") == 1);
  CHECK(test::count_of(svg, "class=\"bar s1\" x=") == 2);
  CHECK(test::count_of(svg, "class=\"whisker\"") == 2);
  for (const char* words :
       {">60.0<", ">50.0<", ">40.0<", ">block 1<", ">raw pixels<", ">not measured<", ">chance<",
        "block 1, random: 50.0 \u00B1 2.0", "block 1, pretrained 60.0 \u00B1 1.0"})
    CHECK_MESSAGE(svg.find(words) != std::string::npos, words);
}

TEST_CASE("bars start at zero and are as long as their values") {
  BarChart chart{.title = "t", .series = {"a", "b"}, .groups = {{"g", {{10}, {40}}}}};
  std::string svg = drawn(chart);
  CHECK(attribute(svg, "bar s1", "width") ==
        doctest::Approx(4 * attribute(svg, "bar s0", "width")).epsilon(1e-3));
  CHECK(attribute(svg, "bar s0", "x") == attribute(svg, "axis", "x1"));

  chart.groups[0].bars = {{-30}, {60}};
  svg = drawn(chart);
  CHECK(attribute(svg, "bar s1", "x") == attribute(svg, "axis", "x1"));
  CHECK(attribute(svg, "bar s0", "x") + attribute(svg, "bar s0", "width") ==
        doctest::Approx(attribute(svg, "axis", "x1")).epsilon(1e-3));
}

TEST_CASE("all bars and their numbers lie inside the drawing") {
  for (const double width : {400.0, 880.0}) {
    const std::string svg = drawn(probes(), {width, 0});
    CHECK(attribute(svg, "bar s0", "x") + attribute(svg, "bar s0", "width") < width - 30);
    CHECK(attribute(svg, "value", "x") < width - 30);
    CHECK(svg.find("viewBox=\"0 0 " + number(width)) != std::string::npos);
  }
}

TEST_CASE("a long name of a group is cut with an ellipsis and whole characters") {
  BarChart chart = probes();
  chart.groups[0].name = std::string(100, 'x') + "\u00E9";
  CHECK(drawn(chart, {400, 0}).find("xx\u2026<") != std::string::npos);
}

TEST_CASE("charts of nothing, of zeros and of extreme values are drawn") {
  drawn({.title = "t"});
  drawn({.title = "t", .series = {"a"}, .groups = {{"g", {{0}}}}});
  drawn({.title = "t", .series = {"a"}, .groups = {{"g", {{1e300, test::missing}}}}});
  drawn({.title = "t",
         .series = {"a"},
         .groups = {{"g", {{-1e300, 1e308}}}},
         .reference = Reference{test::missing, "r"}});
}

TEST_CASE("more bars than series are refused") {
  CHECK_THROWS_WITH_AS(draw(BarChart{.title = "t", .series = {"a"}, .groups = {{"g", {{1}, {2}}}}}),
                       "bar chart: group 'g' has 2 bars, but there are only 1 series", Error);
  CHECK_THROWS_AS(draw(BarChart{.title = "t"}, Frame{10, 10}), Error);
}
