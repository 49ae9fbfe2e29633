// SPDX-License-Identifier: MIT
#include "pretext/report/table.hpp"

#include <string>

#include "markup.hpp"
#include "report/samples.hpp"
#include "support.hpp"

using namespace pretext;
using namespace pretext::report;

namespace {

std::string written(const Table& t) {
  const std::string markup = table(t).str();
  CHECK(test::read_markup(markup).fault == "");
  return markup;
}

Table results() {
  return {.caption = "probes",
          .columns = {{"tap"}, {"accuracy", Best::highest}, {"loss", Best::lowest}, {"remark"}},
          .rows = {{"block 1", Cell(58.2, 1, 0.8), Cell(1.25, 2), "first"},
                   {"block 2", Cell(71.3, 1), Cell(0.75, 2), ""},
                   {"pixels", Cell(test::missing, 1, 2), Cell(test::missing, 2), "none"}}};
}

}  // namespace

TEST_CASE("the best value of a column is marked, by its own sense of best") {
  const std::string markup = written(results());
  CHECK(markup.find("<strong>71.3</strong>") != std::string::npos);
  CHECK(markup.find("<strong>0.75</strong>") != std::string::npos);
  CHECK(test::count_of(markup, "<strong>") == 2);
}

TEST_CASE("values that look the same share the mark") {
  Table t = results();
  t.rows[0][1] = Cell(71.34, 1);
  CHECK(test::count_of(written(t), "<strong>71.3</strong>") == 2);
}

TEST_CASE("a spread stands beside its value and a missing value is a dash") {
  const std::string markup = written(results());
  CHECK(markup.find("58.2<span class=\"spread\"> \u00B1 0.8</span>") != std::string::npos);
  CHECK(test::count_of(markup, "\u00B1") == 1);
  CHECK(test::count_of(markup, ">\u2013</td>") == 2);
}

TEST_CASE("a difference carries its sign") {
  CHECK(Cell::difference(2.25, 1).words == "+2.2");
  CHECK(Cell::difference(-2.5, 1).words == "-2.5");
  CHECK(Cell::difference(test::missing, 1).words == "\u2013");
}

TEST_CASE("heads say what they head, and numbers are set apart from words") {
  const std::string markup = written(results());
  CHECK(test::count_of(markup, "scope=\"col\"") == 4);
  CHECK(test::count_of(markup, "scope=\"row\"") == 3);
  CHECK(test::count_of(markup, "<th scope=\"col\" class=\"number\">") == 2);
  CHECK(markup.find("<td>first</td>") != std::string::npos);
  CHECK(markup.find("aria-label=\"probes\"") != std::string::npos);
}

TEST_CASE("a table without rows is a table, and a row of another length is refused") {
  Table t = results();
  t.rows.clear();
  CHECK(test::count_of(written(t), "<th ") == 4);
  t.rows = {{"one", "two"}};
  CHECK_THROWS_WITH_AS(table(t), "table 'probes': a row has 2 cells, but there are 4 columns", Error);
}
