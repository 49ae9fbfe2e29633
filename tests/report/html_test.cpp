// SPDX-License-Identifier: MIT
#include "pretext/report/html.hpp"

#include <cmath>
#include <string>

#include "markup.hpp"
#include "support.hpp"

using namespace pretext::report;

TEST_CASE("the five characters of markup are escaped and all other text stays") {
  CHECK(escape("a < b & c > \"d\" 'e'") == "a &lt; b &amp; c &gt; &quot;d&quot; &#39;e&#39;");
  CHECK(escape("&lt;") == "&amp;lt;");
  CHECK(escape("tab\tline\n90\u00B0 \u2713 \U0001F600 \u0645") ==
        "tab\tline\n90\u00B0 \u2713 \U0001F600 \u0645");
  CHECK(escape("").empty());
}

TEST_CASE("bytes that are no text become the replacement character") {
  const std::string bad = "\xEF\xBF\xBD";
  CHECK(escape(std::string("a\0b", 3)) == "a" + bad + "b");
  CHECK(escape("\x1b[31m\x7f\xc2\x85") == bad + "[31m" + bad + bad);
  CHECK(escape("\xff\xfe") == bad + bad);
  CHECK(escape("\xe2\x82") == bad + bad);                     // cut
  CHECK(escape("\xc0\xbc script") == bad + bad + " script");  // an overlong <
  CHECK(escape("\xe0\x80\xbc") == bad + bad + bad);
  CHECK(escape("\xed\xa0\x80") == bad + bad + bad);            // a surrogate
  CHECK(escape("\xf4\x90\x80\x80") == bad + bad + bad + bad);  // beyond the last code point
  CHECK(escape("\xf0\x9f\x98\x80") == "\xf0\x9f\x98\x80");
  CHECK(escape("cat\u202Egnp.exe") == "cat" + bad + "gnp.exe");
}

TEST_CASE("every sequence of two bytes is escaped to well-formed text without markup") {
  for (int a = 0; a < 256; ++a)
    for (int b = 0; b < 256; ++b) {
      const std::string safe = escape(std::string{static_cast<char>(a), static_cast<char>(b)});
      CAPTURE(a);
      CAPTURE(b);
      REQUIRE(safe.find_first_of("<>\"'") == std::string::npos);
      std::string_view rest = safe;
      while (!rest.empty()) {
        const std::string_view before = rest;
        const char32_t code = take_code_point(rest);
        const bool replaced = code == replacement_character;
        REQUIRE((!replaced || before.substr(0, 3) == "\xEF\xBF\xBD"));
      }
    }
}

TEST_CASE("elements are closed and their attributes escaped") {
  CHECK(element("p", {}, text("a<b")).str() == "<p>a&lt;b</p>");
  CHECK(element("img", {{"alt", "\"><script>"}, {"width", 3.0}}).str() ==
        "<img alt=\"&quot;&gt;&lt;script&gt;\" width=\"3\"/>");
  CHECK((text("a") + element("b", {}, text("c"))).str() == "a<b>c</b>");
}

TEST_CASE("numbers are short, exact to their decimals and never minus zero") {
  CHECK(number(1.0) == "1");
  CHECK(number(1.5) == "1.5");
  CHECK(number(1.005, 1) == "1");
  CHECK(number(-0.001) == "0");
  CHECK(number(-12.25) == "-12.25");
  CHECK(fixed(61.25, 1) == "61.2");
  CHECK(fixed(3, 2) == "3.00");
  CHECK(fixed(NAN, 1) == "\u2013");
  CHECK(fixed(1e300, 1) == "1.0e+300");
  CHECK(shown(0.123456) == "0.1235");
  CHECK(shown(123456) == "123456");
  CHECK(shown(-INFINITY) == "\u2013");
}

TEST_CASE("code points are counted and cut whole") {
  CHECK(count_code_points("90\u00B0\u2713") == 4);
  CHECK(prefix_of("90\u00B0\u2713", 3) == "90\u00B0");
  CHECK(prefix_of("ab", 5) == "ab");
  CHECK(prefix_of("ab", 0).empty());
}

TEST_CASE("the reader of markup finds planted faults") {
  CHECK(test::read_markup("<p>a &amp; b<br/></p>").fault.empty());
  CHECK(test::read_markup("<p>a &amp; b<br/></p>").words == "a & b");
  for (const char* broken : {"<p>", "</p>", "<b><i></b></i>", "<p>a & b</p>", "<p a=b></p>", "<p a=\"x></p>",
                             "a > b", "<p a=\"<\"></p>", "<p", "< p></p>", "<p></p"})
    CHECK_MESSAGE(!test::read_markup(broken).fault.empty(), broken);
}
