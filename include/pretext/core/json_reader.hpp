// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <charconv>
#include <concepts>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "pretext/core/error.hpp"
#include "pretext/core/json.hpp"

namespace pretext {

/// Reads JSON from the front, as the grammar of RFC 8259 has it and no wider: valid UTF-8, no member twice,
/// no more than max_depth objects and arrays inside each other. The caller asks for what it expects; anything
/// else is an Error that names the source and the byte. Memory stays within a small multiple of the text.
class JsonReader {
 public:
  /// The text must outlive the reader; `source` is what errors call it.
  JsonReader(std::string_view text, std::string source, int max_depth = 32)
      : text_(text), source_(std::move(source)), depth_(max_depth) {}

  /// Calls member(key) for every member; it must read the value or skip() it.
  template <class F>
  void object(F&& member) {
    std::set<std::string> seen;
    sequence('{', '}', [&] {
      peek();
      const std::size_t start = at_;
      std::string key = string();
      if (seen.contains(key)) at_ = start, refuse("the member " + json_string(key) + " appears twice");
      take(':');
      member(static_cast<const std::string&>(key));
      seen.insert(std::move(key));
    });
  }

  /// Calls element() for every element; it must read it or skip() it.
  template <class F>
  void array(F&& element) {
    sequence('[', ']', element);
  }

  std::string string() {
    take('"');
    std::string value;
    while (at_ < text_.size() && text_[at_] != '"') character(value);
    if (at_ == text_.size()) refuse("the string does not end");
    ++at_;
    return value;
  }

  /// A number without fraction or exponent.
  std::int64_t integer() { return parsed<std::int64_t>("an integer of 64 bits"); }
  double number() { return parsed<double>("a number in the range of double"); }

  bool boolean() {
    if (peek() == 't') return word("true"), true;
    return word("false"), false;
  }

  /// Takes a null where one is next.
  bool null() { return peek() == 'n' ? (word("null"), true) : false; }

  /// The first character of what comes next; 0 at the end.
  char peek() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  /// Reads over any one value.
  void skip() {
    switch (peek()) {
      case '{':
        return object([&](const std::string&) { skip(); });
      case '[':
        return array([&] { skip(); });
      case '"':
        return void(string());
      case 't':
      case 'f':
        return void(boolean());
      case 'n':
        return void(null());
      default:
        number();
    }
  }

  /// Nothing may follow.
  void finish() {
    peek();
    if (at_ < text_.size()) refuse("nothing may follow here");
  }

  [[noreturn]] void refuse(std::string_view reason) const {
    fail(source_, ": malformed JSON at byte ", at_, ": ", reason);
  }

 private:
  template <class F>
  void sequence(char open, char close, F&& item) {
    take(open);
    if (--depth_ < 0) refuse("too many objects and arrays inside each other");
    if (peek() != close) {
      do item();
      while (took(','));
    }
    take(close);
    ++depth_;
  }

  bool took(char expected) {
    const bool found = peek() == expected && at_ < text_.size();
    at_ += found ? 1 : 0;
    return found;
  }

  void take(char expected) {
    if (!took(expected)) refuse(std::string("expected '") + expected + "'");
  }

  void word(std::string_view expected) {
    if (text_.substr(at_, expected.size()) != expected) refuse("expected a value");
    at_ += expected.size();
  }

  std::size_t digits(std::size_t at) const {
    while (at < text_.size() && text_[at] >= '0' && text_[at] <= '9') ++at;
    return at;
  }

  // The end of the number that starts here; its own position where there is none.
  std::size_t number_end(bool whole) const {
    const auto is = [&](std::size_t at, std::string_view any) {
      return at < text_.size() && any.find(text_[at]) != any.npos;
    };
    const std::size_t first = at_ + (is(at_, "-") ? 1 : 0);
    std::size_t end = is(first, "0") ? first + 1 : digits(first);
    if (end == first) return at_;
    if (!whole && is(end, ".")) {
      const std::size_t fraction = end + 1;
      end = digits(fraction);
      if (end == fraction) return at_;
    }
    if (!whole && is(end, "eE")) {
      const std::size_t exponent = end + (is(end + 1, "+-") ? 2 : 1);
      end = digits(exponent);
      if (end == exponent) return at_;
    }
    return end;
  }

  template <class T>
  T parsed(std::string_view expected) {
    peek();
    const std::size_t end = number_end(std::integral<T>);
    T value{};
    const auto result = std::from_chars(text_.data() + at_, text_.data() + end, value);
    if (end == at_ || result.ec != std::errc() || result.ptr != text_.data() + end)
      refuse("expected " + std::string(expected));
    at_ = end;
    return value;
  }

  void character(std::string& out) {
    const auto byte = static_cast<unsigned char>(text_[at_]);
    if (byte < 0x20) refuse("a control character in a string");
    if (byte == '\\') return escape(out);
    const std::size_t length = utf8_length(text_.substr(at_));
    if (length == 0) refuse("a string is not UTF-8");
    out += text_.substr(at_, length);
    at_ += length;
  }

  void escape(std::string& out) {
    static constexpr std::string_view names = "\"\\/bfnrt", values = "\"\\/\b\f\n\r\t";
    const char name = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (name == 'u') return unicode_escape(out);
    const std::size_t which = names.find(name);
    if (which == std::string_view::npos) refuse("an unknown escape in a string");
    out += values[which];
    at_ += 2;
  }

  void unicode_escape(std::string& out) {
    std::uint32_t code = code_unit();
    if (code >= 0xD800 && code < 0xDC00 && text_.substr(at_, 2) == "\\u") {
      const std::uint32_t low = code_unit();
      code = low >= 0xDC00 && low < 0xE000 ? 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00) : 0xD800;
    }
    if (code >= 0xD800 && code < 0xE000) refuse("half of a surrogate pair in a string");
    const auto push = [&](std::uint32_t bits) { out += static_cast<char>(static_cast<unsigned char>(bits)); };
    if (code < 0x80) return push(code);
    if (code < 0x800) return push(0xC0 | code >> 6), push(0x80 | (code & 0x3F));
    if (code < 0x10000) {
      push(0xE0 | code >> 12);
    } else {
      push(0xF0 | code >> 18);
      push(0x80 | (code >> 12 & 0x3F));
    }
    push(0x80 | (code >> 6 & 0x3F));
    push(0x80 | (code & 0x3F));
  }

  // The four hex digits of the \uXXXX that starts here.
  std::uint32_t code_unit() {
    const std::string_view digits = text_.substr(std::min(at_ + 2, text_.size()), 4);
    std::uint32_t value = 0;
    const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (digits.size() != 4 || result.ec != std::errc() || result.ptr != digits.data() + 4)
      refuse("expected four hex digits after \\u");
    at_ += 6;
    return value;
  }

  std::string_view text_;
  std::string source_;
  std::size_t at_ = 0;
  int depth_;
};

}  // namespace pretext
