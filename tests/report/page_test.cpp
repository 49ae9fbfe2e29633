// SPDX-License-Identifier: MIT
#include "pretext/report/page.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include "markup.hpp"
#include "sample_page.hpp"
#include "support.hpp"

using namespace pretext;
using namespace pretext::report;

namespace {

std::string same(std::string word) { return word; }

// What a hostile file name, class name or flag could hold.
const std::vector<std::string> hostile = {
    "</title><script>alert(1)</script>",
    "</style><script src=x></script>",
    "\"><img src=x onerror=alert(1)>",
    "' onload='alert(1)' x='",
    "<svg/onload=alert(1)>",
    "--><!--<script>",
    "]]></svg><script>alert(1)</script>",
    "&lt;script&gt;&amp;&#x3C;script&#x3E;",
    std::string("nul\0<b>\0", 8),
    "\xff\xfe<\xc0\xbc\xe2\x80",
    "\u202Egnp.<b>tac",
    "\x1b]0;title\x07<b>",
    "javascript:alert(1)",
    "line\nbreak\ttab\"<b>",
    "`${alert(1)}`\\u003cscript>",
};

}  // namespace

TEST_CASE("a page is well formed, and says at its top what was done") {
  const std::string page = test::sample_page(same).html();
  const test::Markup markup = test::read_markup(page);
  CHECK(markup.fault == "");
  CHECK(page.starts_with("<!doctype html>\n<html lang=\"en\">"));
  CHECK(page.find("width=device-width") != std::string::npos);
  const std::size_t summary = page.find("It reached 92 %."), first = page.find("<section");
  CHECK(summary < first);
  CHECK(page.find(">92 %<") < first);
  CHECK(test::count_of(page, "<h1>") == 1);
  CHECK(test::count_of(page, "<h2>") == 5);
  CHECK(test::count_of(page, "href=\"#section-") == 5);
  for (int i = 1; i <= 5; ++i) CHECK(test::count_of(page, "id=\"section-" + std::to_string(i) + "\"") == 1);
}

TEST_CASE("a page names no address outside of itself and holds no script") {
  const std::string page = test::sample_page(same).html();
  for (const char* remote :
       {"http:", "https:", "//", "<script", "javascript", "url(", "@import", "<iframe", "<object", " on"})
    for (const std::string& value : test::read_markup(page).values) {
      CAPTURE(remote);
      if (!value.starts_with("data:image/png;base64,")) CHECK(value.find(remote) == std::string::npos);
    }
  for (const char* remote :
       {"http:", "https:", "<script", "javascript:", "url(", "@import", "<iframe", "<object"})
    CHECK(page.find(remote) == std::string::npos);
  CHECK(page.find("default-src &#39;none&#39;; img-src data:; style-src &#39;unsafe-inline&#39;") !=
        std::string::npos);
}

TEST_CASE("every picture and graphic of a page has words for those who do not see it") {
  const std::string page = test::sample_page(same).html();
  CHECK(test::count_of(page, "<img ") == test::count_of(page, " alt=\""));
  CHECK(test::count_of(page, " alt=\"\"") == 0);
  CHECK(test::count_of(page, "class=\"plot\"") ==
        test::count_of(page, "role=\"img\" aria-label=\"Loss") +
            test::count_of(page, "role=\"img\" aria-label=\"Probe"));
}

TEST_CASE("hostile words change nothing in the structure of a page and are shown as they are") {
  for (const std::string& attack : hostile) {
    CAPTURE(attack);
    const std::string harmless(count_code_points(attack), 'x');
    const std::string attacked = test::sample_page([&](const std::string&) { return attack; }).html();
    const test::Markup markup = test::read_markup(attacked);
    const test::Markup expected =
        test::read_markup(test::sample_page([&](const std::string&) { return harmless; }).html());
    REQUIRE(markup.fault == "");
    CHECK(markup.tags == expected.tags);
    std::string_view rest = attack;
    const std::string shown = test::read_markup(escape(rest)).words;
    CHECK(test::count_of(markup.words, shown) >= 50);
    CHECK(attacked.find("<script") == std::string::npos);
    CHECK(attacked.find('\0') == std::string::npos);
  }
}

TEST_CASE("strings of any bytes leave a page well formed") {
  Rng rng(11, Use::test);
  static constexpr char often[] = "<>&\"'/=-! \n";
  for (int trial = 0; trial < 60; ++trial) {
    const std::string page =
        test::sample_page([&](const std::string&) {
          std::string word = "w";
          for (std::uint32_t n = rng.below(24); n > 0; --n)
            word += rng.chance(0.5F) ? often[rng.below(sizeof often - 1)] : static_cast<char>(rng.below(256));
          return word;
        }).html();
    REQUIRE(test::read_markup(page).fault == "");
    REQUIRE(page.find("<script") == std::string::npos);
  }
}

TEST_CASE("a page is written whole, in place of an older one, and nothing else is left") {
  const test::TempDir dir;
  test::write_file(dir / "report.html", "old");
  const Page page = test::sample_page(same);
  page.write(dir / "report.html");
  CHECK(test::read_file(dir / "report.html") == page.html());
  const std::filesystem::directory_iterator files(dir.path());
  CHECK(std::distance(begin(files), end(files)) == 1);
  CHECK_THROWS_AS(page.write(dir / "absent" / "report.html"), Error);
}

TEST_CASE("a page of 300 pictures and 3 curves stays below 5 MB") {
  std::vector<Card> cards;
  for (std::uint32_t i = 0; i < 300; ++i)
    cards.push_back({test::speckles(i), "90\u00B0", "0\u00B0", Mark::wrong});
  Page page = test::sample_page(same);
  page.section("Many", gallery(cards));
  CHECK(page.html().size() < 5'000'000);
}

TEST_CASE("a page needs a title and a summary") {
  CHECK_THROWS_AS(Page("", "summary"), Error);
  CHECK_THROWS_AS(Page("title", ""), Error);
  CHECK(Page("title", "summary").html().find("<nav") == std::string::npos);
}
