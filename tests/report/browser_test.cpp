// SPDX-License-Identifier: MIT
#include <cstdlib>
#include <optional>
#include <string>

#include "markup.hpp"
#include "pretext/report/page.hpp"
#include "sample_page.hpp"
#include "support.hpp"

using namespace pretext;
using namespace pretext::report;

namespace {

/// Chromium as a headless program, which never reaches a network.
class Browser {
 public:
  /// The browser that is installed; nothing where there is none.
  static std::optional<Browser> find() {
    for (const char* name : {"chromium", "chromium-browser", "google-chrome"})
      if (std::system(("command -v " + std::string(name) + " > /dev/null 2>&1").c_str()) == 0)
        return Browser(name);
    return std::nullopt;
  }

  /// What came of loading a page.
  struct Visit {
    bool finished;
    std::string document, log, requests;

    /// Lines of the console, errors and refusals of the page's policy among them.
    std::size_t console_lines() const { return test::count_of(log, ":CONSOLE"); }

    /// Requests that the page itself made, as against the browser's own.
    std::size_t page_requests() const {
      std::size_t count = 0;
      for (std::size_t at = requests.find("\"network_isolation_key\":\"file:"); at != std::string::npos;
           at = requests.find("\"network_isolation_key\":\"file:", at + 1))
        count += requests.substr(at, requests.find('\n', at) - at).find("\"url\":\"http") != std::string::npos
                     ? 1
                     : 0;
      return count;
    }
  };

  Visit visit(const std::string& page) const {
    const test::TempDir dir;
    test::write_file(dir / "page.html", page);
    const std::string at = dir.path().string();
    const std::string command =
        "HOME='" + at + "' timeout 120 " + name_ +
        " --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --disable-background-networking"
        " --disable-component-update --no-first-run --host-resolver-rules='MAP * ~NOTFOUND'"
        " --user-data-dir='" +
        at + "/profile' --log-net-log='" + at +
        "/requests.json'"
        " --enable-logging=stderr --virtual-time-budget=5000 --dump-dom 'file://" +
        at +
        "/page.html'"
        " > '" +
        at + "/document' 2> '" + at + "/log'";
    const bool finished = std::system(command.c_str()) == 0;
    return {finished, test::read_file(dir / "document"), test::read_file(dir / "log"),
            test::read_file(dir / "requests.json")};
  }

 private:
  explicit Browser(std::string name) : name_(std::move(name)) {}

  std::string name_;
};

// A page that shows another one at several widths and writes down how wide its content is at each, and how
// many of its pictures are broken.
std::string measured(const std::string& page) {
  return "<!doctype html><body><p id=\"found\"></p>"
         "<iframe id=\"frame\" style=\"height:800px;border:0\" srcdoc=\"" +
         escape(page) +
         "\"></iframe><script>"
         "frame.onload = () => { for (const width of [320, 390, 768, 1280]) {"
         "  frame.style.width = width + 'px';"
         "  const inner = frame.contentDocument.documentElement;"
         "  const broken = [...inner.querySelectorAll('img')].filter(i => !i.complete || i.naturalWidth == "
         "0);"
         "  found.textContent += width + ':' + (inner.scrollWidth <= width ? 'fits' : inner.scrollWidth)"
         "    + ',' + broken.length + ' ';"
         "} }</script></body>";
}

std::string found_in(const std::string& document) {
  const std::string start = "<p id=\"found\">";
  const std::size_t begin = document.find(start);
  if (begin == std::string::npos) return "nothing";
  return document.substr(begin + start.size(), document.find("</p>", begin) - begin - start.size());
}

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
    CHECK(found_in(visit.document) == "320:fits,0 390:fits,0 768:fits,0 1280:fits,0 ");
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
