// SPDX-License-Identifier: MIT
#include "pretext/report/plot.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "markup.hpp"
#include "report/samples.hpp"
#include "support.hpp"

using namespace pretext;
using namespace pretext::report;

namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

Series ramp(std::string name, std::size_t count) {
  Series series{.name = std::move(name)};
  for (std::size_t i = 0; i < count; ++i) {
    series.x.push_back(static_cast<double>(i));
    series.y.push_back(static_cast<double>(i % 10));
  }
  return series;
}

std::string drawn(const LinePlot& plot, const Frame& frame = {}) {
  const std::string svg = draw(plot, frame).str();
  CHECK(test::read_markup(svg).fault == "");
  CHECK(svg.find("nan") == std::string::npos);
  CHECK(svg.find("inf") == std::string::npos);
  return svg;
}

std::string without_line_ends(std::string text) {
  std::erase(text, '\n');
  return text;
}

// Three points from (0, 1) to (2, 0): the axes span 32.8 to 190 and 10 to 74.
constexpr const char* golden =
    R"svg(<ul class="legend"><li><svg class="key s0" viewBox="0 0 24 12" aria-hidden="true"><path class="line" d="M2 6h20"/>
</svg>train</li>
</ul>
<svg class="plot" viewBox="0 0 200 120" role="img" aria-label="Loss; train ends at 0">
<line class="grid" x1="32.8" y1="74" x2="190" y2="74"/>
<text class="tick" x="24.8" y="78" text-anchor="end">0</text>
<line class="grid" x1="32.8" y1="61.2" x2="190" y2="61.2"/>
<text class="tick" x="24.8" y="65.2" text-anchor="end">0.2</text>
<line class="grid" x1="32.8" y1="48.4" x2="190" y2="48.4"/>
<text class="tick" x="24.8" y="52.4" text-anchor="end">0.4</text>
<line class="grid" x1="32.8" y1="35.6" x2="190" y2="35.6"/>
<text class="tick" x="24.8" y="39.6" text-anchor="end">0.6</text>
<line class="grid" x1="32.8" y1="22.8" x2="190" y2="22.8"/>
<text class="tick" x="24.8" y="26.8" text-anchor="end">0.8</text>
<line class="grid" x1="32.8" y1="10" x2="190" y2="10"/>
<text class="tick" x="24.8" y="14" text-anchor="end">1.0</text>
<line class="axis" x1="32.8" y1="74" x2="190" y2="74"/>
<line class="axis" x1="32.8" y1="74" x2="32.8" y2="79"/>
<text class="tick" x="32.8" y="93" text-anchor="middle">0</text>
<line class="axis" x1="111.4" y1="74" x2="111.4" y2="79"/>
<text class="tick" x="111.4" y="93" text-anchor="middle">1</text>
<line class="axis" x1="190" y1="74" x2="190" y2="79"/>
<text class="tick" x="190" y="93" text-anchor="middle">2</text>
<text class="label" x="111.4" y="114" text-anchor="middle">step</text>
<path class="line s0" d="M32.8 10h0L111.4 42L190 74"><title>train: 0 at 2</title>
</path>
<circle class="dot s0" cx="32.8" cy="10" r="3.5"><title>train: 1 at 0</title>
</circle>
<circle class="dot s0" cx="111.4" cy="42" r="3.5"><title>train: 0.5 at 1</title>
</circle>
<circle class="dot s0" cx="190" cy="74" r="3.5"><title>train: 0 at 2</title>
</circle>
</svg>
)svg";

}  // namespace

TEST_CASE("a small plot is drawn as it has always been") {
  const LinePlot plot{
      .title = "Loss", .x_label = "step", .series = {{.name = "train", .x = {0, 1, 2}, .y = {1, 0.5, 0}}}};
  CHECK(drawn(plot, {200, 120}) == without_line_ends(golden));
}

TEST_CASE("a wide frame names the lines where they end and a narrow one in a legend") {
  const LinePlot plot{
      .title = "t", .x_label = "x", .y_label = "y", .series = {ramp("first", 9), ramp("second", 9)}};
  const std::string wide = drawn(plot, wide_frame), narrow = drawn(plot, narrow_frame);
  CHECK(test::count_of(wide, "class=\"legend\"") == 0);
  CHECK(test::count_of(wide, "class=\"name s") == 2);
  CHECK(test::count_of(narrow, "class=\"legend\"") == 1);
  CHECK(test::count_of(narrow, "class=\"name s") == 0);
  LinePlot unnamed = plot;
  unnamed.series = {ramp("", 9)};
  CHECK(test::count_of(drawn(unnamed, narrow_frame), "legend") == 0);
}

TEST_CASE("names at the ends of lines keep their distance and stay inside") {
  LinePlot plot{
      .title = "t", .x_label = "x", .y_label = "y", .series = {}, .reference = Reference{5, "chance"}};
  for (int i = 0; i < 8; ++i)
    plot.series.push_back({.name = "line " + std::to_string(i), .x = {0, 1}, .y = {0, 5}});
  plot.series.push_back({.name = "high", .x = {0, 1}, .y = {0, 10}});
  const test::Markup markup = test::read_markup(drawn(plot));
  std::vector<double> heights;
  for (std::size_t i = 0; i + 2 < markup.values.size(); ++i)
    if (markup.values[i].starts_with("name s") || (markup.values[i] == "note"))
      heights.push_back(std::stod(markup.values[i + 2]));
  REQUIRE(heights.size() == 10);
  std::ranges::sort(heights);
  for (std::size_t i = 1; i < heights.size(); ++i) CHECK(heights[i] - heights[i - 1] >= 15.9);
  CHECK(heights.front() > 0);
  CHECK(heights.back() < wide_frame.height);
}

TEST_CASE("values that are not finite leave gaps") {
  const LinePlot plot{
      .title = "t",
      .series = {{.name = "a", .x = {0, 1, 2, 3, 4, 5}, .y = {1, 2, test::missing, 3, infinite, 4}}}};
  const std::string svg = drawn(plot, {400, 200});
  const std::size_t path = svg.find("class=\"line s0\" d=\"", svg.find("class=\"plot\""));
  REQUIRE(path != std::string::npos);
  const std::string commands = svg.substr(path, svg.find("</path>", path) - path);
  CHECK(test::count_of(commands, "M") == 3);
  CHECK(test::count_of(commands, "L") == 1);
  CHECK(test::count_of(svg, "<circle") == 4);
}

TEST_CASE("a plot without a single point says so") {
  for (const std::vector<Series>& series :
       {std::vector<Series>{}, std::vector<Series>{{.name = "empty"}},
        std::vector<Series>{{.name = "gone", .x = {1, 2}, .y = {test::missing, infinite}}}}) {
    const LinePlot plot{
        .title = "t", .x_label = "x", .y_label = "y", .series = series, .reference = Reference{1, "r"}};
    CHECK(drawn(plot).find("no data") != std::string::npos);
  }
}

TEST_CASE("one point, equal values and extreme values are drawn") {
  for (const Series& series :
       {Series{.name = "one", .x = {3}, .y = {2}}, Series{.name = "equal", .x = {0, 1}, .y = {7, 7}},
        Series{.name = "same x", .x = {4, 4}, .y = {1, 2}},
        Series{.name = "extreme", .x = {-1e308, 1e308}, .y = {-1e308, 1e308}},
        Series{.name = "tiny", .x = {0, 1}, .y = {1e-300, 2e-300}}})
    for (const bool logarithmic : {false, true})
      drawn({.title = "t", .series = {series}, .log_y = logarithmic});
}

TEST_CASE("the only epoch stands at a whole number between whole numbers") {
  const std::string svg = drawn({.title = "t", .series = {{.name = "one", .x = {1}, .y = {2}}}});
  for (const char* tick : {">0</text>", ">1</text>", ">2</text>"}) CHECK(svg.find(tick) != std::string::npos);
  CHECK(svg.find(">0.95<") == std::string::npos);
}

TEST_CASE("a logarithmic axis leaves out what is not positive") {
  const LinePlot plot{.title = "t",
                      .series = {{.name = "a", .x = {0, 1, 2, 3}, .y = {10, 0, -1, 1000}}},
                      .reference = Reference{-1, "below"},
                      .log_y = true};
  const std::string svg = drawn(plot);
  CHECK(test::count_of(svg, "<circle") == 2);
  CHECK(svg.find("class=\"reference\"") == std::string::npos);
}

TEST_CASE("the reference and the values asked for are inside the axis") {
  LinePlot plot{.title = "t", .series = {ramp("a", 5)}, .reference = Reference{25, "chance"}};
  CHECK(drawn(plot).find(">25<") != std::string::npos);
  plot.y_include = {100};
  CHECK(drawn(plot).find(">100<") != std::string::npos);
}

TEST_CASE("a long series is thinned to means in a band and keeps its extremes") {
  Series series = ramp("a", 100'000);
  series.y[55'555] = 1000;
  const Series thin = thinned(series, 100);
  CHECK(thin.y.size() == 100);
  CHECK(std::ranges::max(thin.high) == 1000);
  CHECK(std::ranges::min(thin.low) == 0);
  CHECK(thin.y[0] == doctest::Approx(4.5));
  CHECK(thin.x[0] == doctest::Approx(499.5));
  CHECK(drawn({.title = "t", .series = {series}}).size() < 20'000);
  CHECK(thinned(ramp("a", 7), 100).low.empty());
  CHECK(thinned(ramp("a", 7), 2).y == std::vector<double>{1, 4.5});
}

TEST_CASE("several runs become their mean in a band") {
  const Series series = over_runs("a", {1, 2}, {{1, test::missing}, {3, test::missing}, {8, test::missing}});
  CHECK(series.y[0] == doctest::Approx(4));
  CHECK(series.low[0] == 1);
  CHECK(series.high[0] == 8);
  CHECK(std::isnan(series.y[1]));
  CHECK(test::count_of(drawn({.title = "t", .series = {series}}), "class=\"band s0\"") == 1);
}

TEST_CASE("a band breaks where a value is missing") {
  const Series series{.name = "a",
                      .x = {0, 1, 2, 3},
                      .y = {1, 1, 1, 1},
                      .low = {0, test::missing, 0, 0},
                      .high = {2, 2, 2, 2}};
  const std::string svg = drawn({.title = "t", .series = {series}});
  const std::size_t band = svg.find("class=\"band s0\" d=\"");
  REQUIRE(band != std::string::npos);
  CHECK(test::count_of(svg.substr(band, svg.find("</path>", band) - band), "M") == 2);
}

TEST_CASE("series whose parts do not fit together are refused") {
  const auto message = [](const Series& series) -> std::string {
    try {
      draw(LinePlot{.title = "t", .series = {series}});
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  CHECK(message({.name = "loss", .x = {1, 2}, .y = {1}}) == "plot: series 'loss' has 2 x, but 1 y");
  CHECK(message({.name = "loss", .x = {1}, .y = {1}, .low = {1}}).find("as many low and high") !=
        std::string::npos);
  CHECK_THROWS_AS(over_runs("a", {1, 2}, {{1}}), Error);
  CHECK_THROWS_AS(draw(LinePlot{.title = "t", .series = {}}, Frame{10, 10}), Error);
}
