// SPDX-License-Identifier: MIT
#include "pretext/core/json.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "pretext/core/json_reader.hpp"
#include "support.hpp"

using namespace pretext;
using namespace std::string_literals;

namespace {

std::string read_string(const std::string& text) {
  JsonReader reader(text, "test");
  std::string value = reader.string();
  reader.finish();
  return value;
}

double read_number(const std::string& text) {
  JsonReader reader(text, "test");
  const double value = reader.number();
  reader.finish();
  return value;
}

void skip_all(const std::string& text) {
  JsonReader reader(text, "test");
  reader.skip();
  reader.finish();
}

std::string error_of(const std::string& text) {
  try {
    skip_all(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("a JSON object is written in the order given and reads back") {
  JsonObject inner;
  inner.add("x", 1.5);
  const std::vector<JsonObject> list{inner, JsonObject()};
  JsonObject object;
  object.add("name", "a \"quoted\" \\ name\n")
      .add("yes", true)
      .add("count", std::int64_t{-7})
      .add("inner", inner);
  object.add("list", Span<const JsonObject>(list));
  CHECK(object.text() ==
        R"({"name":"a \"quoted\" \\ name\u000a","yes":true,"count":-7,"inner":{"x":1.5},"list":[{"x":1.5},)"
        "\n{}]}");

  std::vector<std::string> keys;
  std::vector<double> xs;
  const std::string text = object.text();
  JsonReader in(text, "test");
  in.object([&](const std::string& key) {
    keys.push_back(key);
    if (key == "name") {
      CHECK(in.string() == "a \"quoted\" \\ name\n");
    } else if (key == "yes") {
      CHECK(in.boolean());
    } else if (key == "count") {
      CHECK(in.integer() == -7);
    } else if (key == "list") {
      in.array([&] { in.object([&](const std::string&) { xs.push_back(in.number()); }); });
    } else {
      in.skip();
    }
  });
  in.finish();
  CHECK(keys == std::vector<std::string>{"name", "yes", "count", "inner", "list"});
  CHECK(xs == std::vector<double>{1.5});
}

TEST_CASE("numbers read back to the same bits, and what is not a number becomes null") {
  for (const double value : {0.0, -0.0, 0.1, 1.0 / 3, 5e-324, 1.7976931348623157e308, 1e22, 123456789.125})
    CHECK(read_number(json_number(value)) == value);
  for (const std::int64_t value :
       {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
    const std::string text = json_number(value);
    CHECK(JsonReader(text, "test").integer() == value);
  }
  CHECK(json_number(std::numeric_limits<double>::quiet_NaN()) == "null");
  CHECK(json_number(-std::numeric_limits<float>::infinity()) == "null");
  CHECK(json_number(0.1F) == "0.1");
}

TEST_CASE("strings keep UTF-8, and bytes that are not UTF-8 become the replacement character") {
  CHECK(read_string(json_string("\xC3\xA4 \xE2\x82\xAC \xF0\x9F\x90\xA2")) ==
        "\xC3\xA4 \xE2\x82\xAC \xF0\x9F\x90\xA2");
  CHECK(read_string(json_string("a\xFF\x62")) == "a\xEF\xBF\xBD\x62");
  CHECK(read_string(json_string("a\0b"s)) == "a\0b"s);
  CHECK(read_string(json_string("\x7F")) == "\x7F");
}

TEST_CASE("every escape is read, surrogate pairs become one character") {
  CHECK(read_string(R"("\"\\\/\b\f\n\r\t")") == "\"\\/\b\f\n\r\t");
  CHECK(read_string(R"("\u0041\u00e4\u20AC\uD83D\uDC22")") == "A\xC3\xA4\xE2\x82\xAC\xF0\x9F\x90\xA2");
}

TEST_CASE("white space is allowed between tokens and nowhere else") {
  CHECK_NOTHROW(skip_all(" \t\r\n{ \"a\" : [ 1 , true , null , \"x\" ] } \n"));
  CHECK_NOTHROW(skip_all("[]"));
  CHECK_NOTHROW(skip_all("-0.5e+3"));
  CHECK_THROWS_AS(skip_all("\v1"), Error);
  CHECK_THROWS_AS(skip_all("1 2"), Error);
  CHECK_THROWS_AS(skip_all("tr ue"), Error);
}

TEST_CASE("what the grammar does not have is refused") {
  // clang-format off
  // The last row is UTF-8 that is not: overlong, a surrogate, beyond the end, cut off.
  const std::vector<std::string> texts{
      "", "{", "}", "[", "[1,]", "[,1]", "[1 2]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{'a':1}",
      "{\"a\":1}}", "[1]x", "// c", "\0"s,
      "01", "1.", ".5", "+1", "-", "1e", "1e+", "0x10", "NaN", "Infinity", "1e999", "nul", "truefalse",
      "\"", "\"a", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\u+123\"", "\"\n\"",
      "\"\\uD800\"", "\"\\uDC00\"", "\"\\uD800\\u0041\"", "\"\\uD800x\"",
      "\"\x80\"", "\"\xC0\xAF\"", "\"\xE0\x80\xAF\"", "\"\xED\xA0\x80\"", "\"\xF4\x90\x80\x80\"", "\"\xF5\"", "\"\xE2\x82\""};
  // clang-format on
  for (const std::string& text : texts) {
    CAPTURE(text);
    CHECK_THROWS_AS(skip_all(text), Error);
  }
}

TEST_CASE("a JSON error names the source, the byte and the reason") {
  CHECK(error_of("[1, x]") == "test: malformed JSON at byte 4: expected a number in the range of double");
  CHECK(error_of("{\"a\": 1, \"a\": 2}") == "test: malformed JSON at byte 9: the member \"a\" appears twice");
  CHECK(error_of("{\"a\": 1, \"\\u0061\": 2}").find("appears twice") != std::string::npos);
}

TEST_CASE("depth is limited, however deep the text goes") {
  CHECK_NOTHROW(skip_all(std::string(32, '[') + std::string(32, ']')));
  CHECK(error_of(std::string(33, '[') + std::string(33, ']')).find("inside each other") != std::string::npos);
  CHECK(error_of(std::string(1000000, '[')).find("inside each other") != std::string::npos);
  std::string objects;
  for (int i = 0; i < 100000; ++i) objects += "{\"a\":";
  CHECK(error_of(objects).find("inside each other") != std::string::npos);
}

TEST_CASE("integers take no fraction and no more than 64 bits") {
  const auto read = [](const std::string& text) {
    JsonReader reader(text, "test");
    const std::int64_t value = reader.integer();
    reader.finish();
    return value;
  };
  CHECK(read("-12") == -12);
  for (const char* text : {"1.5", "1e3", "9223372036854775808", "\"1\"", "true"})
    CHECK_THROWS_AS(read(text), Error);
}

TEST_CASE("every cut of a JSON text is refused") {
  const std::string text = R"({"a":[1,2.5,{"b":"\u00e4\n"}],"c":null,"d":true})";
  CHECK_NOTHROW(skip_all(text));
  for (std::size_t length = 0; length < text.size(); ++length)
    CHECK_THROWS_AS(skip_all(text.substr(0, length)), Error);
}
