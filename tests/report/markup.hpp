// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>
#include <vector>

namespace test {

/// What a page is made of: its tags with the names of their attributes, in order, and its words with their
/// escapes undone. `fault` says what is not well formed; it is empty where all is well.
struct Markup {
  std::vector<std::string> tags;    // "<p class>", "</p>", "<img src alt/>"
  std::vector<std::string> values;  // of attributes, in order
  std::string words;
  std::string fault;
};

/// Reads markup strictly: every tag is closed in its order or ends with "/>", every attribute is quoted, and
/// an ampersand starts one of the five escapes.
class MarkupReader {
 public:
  explicit MarkupReader(std::string_view source) : rest_(source) {}

  Markup read() {
    if (rest_.starts_with("<!doctype html>")) rest_.remove_prefix(15);
    while (!rest_.empty() && result_.fault.empty()) {
      if (rest_.starts_with("<"))
        read_tag();
      else
        result_.words += unescape(take_until('<'));
    }
    if (result_.fault.empty() && !open_.empty()) fault("<" + open_.back() + "> is never closed");
    return result_;
  }

 private:
  void fault(const std::string& what) {
    if (result_.fault.empty()) result_.fault = what + " before: " + std::string(rest_.substr(0, 60));
  }

  std::string take_until(char end) {
    const std::size_t length = std::min(rest_.find(end), rest_.size());
    const std::string taken(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return taken;
  }

  bool take(std::string_view expected) {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }

  std::string take_name() {
    std::string name;
    while (!rest_.empty() && (std::isalnum(static_cast<unsigned char>(rest_[0])) != 0 || rest_[0] == '-')) {
      name += rest_[0];
      rest_.remove_prefix(1);
    }
    if (name.empty()) fault("a name is missing");
    return name;
  }

  std::string unescape(std::string_view escaped) {
    static constexpr std::string_view escapes[][2] = {
        {"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&#39;", "'"}};
    std::string words;
    while (!escaped.empty()) {
      std::size_t length = 1;
      std::string_view meaning = escaped.substr(0, 1);
      for (const auto& escape : escapes)
        if (escaped.starts_with(escape[0])) length = escape[0].size(), meaning = escape[1];
      if (escaped[0] == '&' && length == 1) fault("a bare ampersand");
      if (escaped[0] == '>') fault("a bare >");
      words += meaning;
      escaped.remove_prefix(length);
    }
    return words;
  }

  void read_tag() {
    take("<");
    if (take("/")) return read_end();
    const std::string name = take_name();
    std::string tag = "<" + name;
    while (take(" ")) {
      tag += " " + take_name();
      if (!take("=\"")) return fault("an attribute without a quoted value");
      const std::string value = take_until('"');
      if (value.find('<') != std::string::npos) return fault("a bare < in an attribute");
      result_.values.push_back(unescape(value));
      if (!take("\"")) return fault("an attribute without an end");
    }
    const bool empty = take("/");
    if (!take(">")) return fault("<" + name + "> has no end");
    result_.tags.push_back(tag + (empty ? "/>" : ">"));
    if (empty) return;
    open_.push_back(name);
    if (name == "style") take_until('<');
  }

  void read_end() {
    const std::string name = take_name();
    if (open_.empty() || open_.back() != name) return fault("</" + name + "> closes nothing");
    open_.pop_back();
    result_.tags.push_back("</" + name + ">");
    if (!take(">")) fault("</" + name + " has no end");
  }

  std::string_view rest_;
  std::vector<std::string> open_;
  Markup result_;
};

inline Markup read_markup(std::string_view source) { return MarkupReader(source).read(); }

inline std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size()))
    ++count;
  return count;
}

}  // namespace test
