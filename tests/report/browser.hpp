// SPDX-License-Identifier: MIT
#pragma once

#include <cstdlib>
#include <optional>
#include <string>

#include "markup.hpp"
#include "pretext/report/html.hpp"
#include "support.hpp"

namespace test {

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
    std::size_t console_lines() const { return count_of(log, ":CONSOLE"); }

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
    const TempDir dir;
    write_file(dir / "page.html", page);
    const std::string at = dir.path().string();
    const std::string command =
        "HOME='" + at + "' timeout 60 " + name_ +
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
    return {finished, read_file(dir / "document"), read_file(dir / "log"), read_file(dir / "requests.json")};
  }

 private:
  explicit Browser(std::string name) : name_(std::move(name)) {}

  std::string name_;
};

/// A page that shows another one at several widths and writes down how wide its content is at each, and how
/// many of its pictures are broken.
inline std::string measured(const std::string& page) {
  return "<!doctype html><body><p id=\"found\"></p>"
         "<iframe id=\"frame\" style=\"height:800px;border:0\" srcdoc=\"" +
         pretext::report::escape(page) +
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

/// What measured() found.
inline std::string found_in(const std::string& document) {
  const std::string start = "<p id=\"found\">";
  const std::size_t begin = document.find(start);
  if (begin == std::string::npos) return "nothing";
  return document.substr(begin + start.size(), document.find("</p>", begin) - begin - start.size());
}

/// What found_in() says of a page that fits every width and whose pictures all load.
inline constexpr const char* fits_everywhere = "320:fits,0 390:fits,0 768:fits,0 1280:fits,0 ";

}  // namespace test
