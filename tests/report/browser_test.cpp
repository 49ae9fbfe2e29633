// SPDX-License-Identifier: MIT
#include "browser.hpp"

#include "pretext/report/page.hpp"
#include "sample_page.hpp"
#include "support.hpp"

using namespace pretext;
using namespace pretext::report;
using namespace test;

namespace {

std::string same(std::string word) { return word; }

}  // namespace

TEST_CASE("a browser opens the page without a line on its console and without a request") {
  const auto browser = Browser::find();
  if (!browser) return test::skip("no chromium, chromium-browser or google-chrome is installed");
  const Browser::Visit visit = browser->visit(test::sample_page(same).html());
  REQUIRE(visit.finished);
  CHECK(visit.document.find("How the loss fell.") != std::string::npos);
  CHECK(visit.console_lines() == 0);
  CHECK(visit.page_requests() == 0);
  REQUIRE(visit.requests.size() > 100);

  const Browser::Visit noisy = browser->visit(
      "<!doctype html><script>console.error('x')</script><img src=\"http://127.0.0.1:9/x.png\">");
  REQUIRE(noisy.finished);
  CHECK(noisy.console_lines() >= 1);
  CHECK(noisy.page_requests() >= 1);
}

TEST_CASE("the page fits a phone and a desktop, and all its pictures load") {
  const auto browser = Browser::find();
  if (!browser) return test::skip("no chromium, chromium-browser or google-chrome is installed");
  const auto long_words = [](const std::string& word) { return word + std::string(60, 'w') + word; };
  for (const Page& page : {test::sample_page(same), test::sample_page(long_words)}) {
    const Browser::Visit visit = browser->visit(measured(page.html()));
    REQUIRE(visit.finished);
    CHECK(found_in(visit.document) == fits_everywhere);
  }
  const Browser::Visit broken = browser->visit(measured(
      "<!doctype html><div style=\"width:900px\">x</div><img src=\"data:image/png;base64,AAAA\" alt=\"x\">"));
  CHECK(found_in(broken.document).find("390:9") != std::string::npos);
  CHECK(found_in(broken.document).find("1280:fits,1") != std::string::npos);
}

TEST_CASE("the browser runs no script that a page might hold") {
  const auto browser = Browser::find();
  if (!browser) return test::skip("no chromium, chromium-browser or google-chrome is installed");
  std::string page = test::sample_page(same).html();
  page.insert(page.find("</main>"),
              "<p id=\"found\">untouched</p><script>found.textContent = 'touched'</script>");
  const Browser::Visit visit = browser->visit(page);
  REQUIRE(visit.finished);
  CHECK(found_in(visit.document) == "untouched");
  CHECK(visit.console_lines() >= 1);
}
