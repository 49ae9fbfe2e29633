// SPDX-License-Identifier: MIT
#include "pretext/report/matrix.hpp"

#include <limits>
#include <string>

#include "markup.hpp"
#include "support.hpp"

using namespace pretext;
using namespace pretext::report;

namespace {

std::string drawn(const Matrix& m, double width = 600) {
  const std::string markup = draw(m, {.width = width}).str();
  CHECK(test::read_markup(markup).fault == "");
  return markup;
}

}  // namespace

TEST_CASE("a matrix shades each measured number by its size and its sign") {
  const Matrix gains{.title = "gain",
                     .rows = {"nin3 <16>", "vgg11 16"},
                     .columns = {"rotation", "jigsaw"},
                     .values = {{4, -2}, {0, std::numeric_limits<double>::quiet_NaN()}}};
  const std::string markup = drawn(gains);
  CHECK(test::count_of(markup, "class=\"above\"") == 2);
  CHECK(test::count_of(markup, "class=\"below\"") == 1);
  CHECK(markup.find("fill-opacity=\"0.5\"") != std::string::npos);
  CHECK(markup.find("fill-opacity=\"0.25\"") != std::string::npos);
  CHECK(markup.find("fill-opacity=\"0\"") != std::string::npos);
  CHECK(markup.find("nin3 &lt;16&gt;, jigsaw: -2.0") != std::string::npos);
  CHECK(test::count_of(markup, ">\u2013<") == 1);
  drawn(gains, 200);
}

TEST_CASE("a matrix that is not whole is refused") {
  const auto refused = [](const Matrix& m, double width = 600) { CHECK_THROWS_AS(drawn(m, width), Error); };
  refused({.title = "t", .rows = {"a"}, .columns = {}, .values = {{}}});
  refused({.title = "t", .rows = {"a"}, .columns = {"b", "c"}, .values = {{1}}});
  refused({.title = "t", .rows = {"a", "b"}, .columns = {"b"}, .values = {{1}}});
  refused({.title = "t", .rows = {"a"}, .columns = {"b"}, .values = {{1}}}, 100);
}
