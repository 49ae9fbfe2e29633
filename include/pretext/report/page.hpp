// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pretext/core/config.hpp"
#include "pretext/core/file.hpp"
#include "pretext/report/blocks.hpp"
#include "pretext/report/gallery.hpp"
#include "pretext/report/style.hpp"
#include "pretext/report/table.hpp"

namespace pretext::report {

/// One self-contained HTML page: pictures and style inside, no script, nothing fetched. Its content policy
/// forbids both to the browser as well.
class Page {
 public:
  /// `summary` says in one or two sentences what was done and what came out; it stands under the title.
  Page(std::string title, std::string summary) : title_(std::move(title)), summary_(std::move(summary)) {
    require(!title_.empty() && !summary_.empty(),
            "page: a title and a summary of what was done and what came out are needed");
  }

  /// Numbers right under the summary.
  Page& headline(const std::vector<Tile>& numbers) {
    headline_ = tiles(numbers);
    return *this;
  }

  /// A chapter under its own heading. Parts are blocks of Html; a string is a paragraph of plain text.
  template <class... Parts>
  Page& section(std::string_view heading, const Parts&... parts) {
    headings_.emplace_back(heading);
    Html body = element("h2", {}, text(heading));
    (void)(body += ... += block(parts));
    const std::string id = "section-" + std::to_string(headings_.size());
    sections_ += element("section", {{"id", id}}, body);
    return *this;
  }

  /// The whole page.
  std::string html() const {
    const Html head = element("h1", {}, text(title_)) + element("p", {{"class", "lead"}}, text(summary_)) +
                      headline_ + contents();
    const Html foot =
        text("Made by pretext " PRETEXT_VERSION ". Everything is inside this file; it needs no network.");
    const Html body =
        element("header", {}, head) + element("main", {}, sections_) + element("footer", {}, foot);
    return "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>" + policy().str() +
           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/><link rel=\"icon\" "
           "href=\"data:,\"/>" +
           element("title", {}, text(title_)).str() + "<style>" + style + "</style></head>\n" +
           element("body", {}, body).str() + "</html>\n";
  }

  /// Writes the page, which appears under its name only once it is whole.
  void write(const std::filesystem::path& path) const {
    const std::string page = html();
    AtomicFile file(path);
    file.write(0, {reinterpret_cast<const std::uint8_t*>(page.data()), page.size()});
    file.commit();
  }

 private:
  static const Html& block(const Html& markup) { return markup; }
  static Html block(std::string_view words) { return paragraph(words); }

  // Were a script or a remote address ever to slip into the page, no browser would run or load it.
  static Html policy() {
    return element("meta", {{"http-equiv", "Content-Security-Policy"},
                            {"content", "default-src 'none'; img-src data:; style-src 'unsafe-inline'"}});
  }

  Html contents() const {
    Html links;
    for (std::size_t i = 0; i < headings_.size(); ++i)
      links += element("li", {},
                       element("a", {{"href", "#section-" + std::to_string(i + 1)}}, text(headings_[i])));
    if (headings_.size() < 2) return {};
    return element("nav", {{"aria-label", "Contents"}}, element("ul", {}, links));
  }

  std::string title_, summary_;
  std::vector<std::string> headings_;
  Html headline_, sections_;
};

}  // namespace pretext::report
