// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>

#include "pretext/report/utf8.hpp"

namespace pretext::report {

/// A letter of 5 x 8 pixels, the lowest row below the base line. The eight bytes are its rows from the top,
/// the five low bits of each its pixels from the left.
struct Glyph {
  static constexpr int width = 5, height = 8, advance = 6;

  std::uint64_t rows = 0;

  constexpr bool at(int y, int x) const { return (rows >> (8 * (7 - y) + 4 - x) & 1U) != 0; }
};

namespace detail {

// From the space to the tilde.
// clang-format off
inline constexpr std::array<std::uint64_t, 95> ascii_glyphs = {
    0x0000000000000000, 0x0404040404000400, 0x0A0A000000000000, 0x000A1F0A1F0A0000,  // ! " #
    0x040F140E051E0400, 0x1919020408131300, 0x0C12120C13120D00, 0x0404000000000000,  // $ % & '
    0x0204080808040200, 0x0804020202040800, 0x0004150E15040000, 0x0004041F04040000,  // ( ) * +
    0x0000000000060408, 0x0000000E00000000, 0x0000000000060600, 0x0101020408101000,  // , - . /
    0x0E11131519110E00, 0x040C040404040E00, 0x0E11010608101F00, 0x0E11010601110E00,  // 0 1 2 3
    0x02060A121F020200, 0x1F101E0101110E00, 0x0608101E11110E00, 0x1F01020204040400,  // 4 5 6 7
    0x0E11110E11110E00, 0x0E11110F01020C00, 0x0006060006060000, 0x0006060006060408,  // 8 9 : ;
    0x0102040804020100, 0x00001F001F000000, 0x1008040204081000, 0x0E11010604000400,  // < = > ?
    0x0E11171517100E00, 0x040A11111F111100, 0x1E11111E11111E00, 0x0E11101010110E00,  // @ A B C
    0x1C12111111121C00, 0x1F10101E10101F00, 0x1F10101E10101000, 0x0E11101711110F00,  // D E F G
    0x1111111F11111100, 0x0E04040404040E00, 0x0702020202120C00, 0x1112141814121100,  // H I J K
    0x1010101010101F00, 0x111B151511111100, 0x1119191513131100, 0x0E11111111110E00,  // L M N O
    0x1E11111E10101000, 0x0E11111115120D00, 0x1E11111E14121100, 0x0F10100E01011E00,  // P Q R S
    0x1F04040404040400, 0x1111111111110E00, 0x111111110A0A0400, 0x11111115151B1100,  // T U V W
    0x11110A040A111100, 0x11110A0404040400, 0x1F01020408101F00, 0x0E08080808080E00,  // X Y Z [
    0x1010080402010100, 0x0E02020202020E00, 0x040A110000000000, 0x000000000000001F,  // \ ] ^ _
    0x0804000000000000, 0x00000E010F110F00, 0x10101E1111111E00, 0x00000F1010100F00,  // ` a b c
    0x01010F1111110F00, 0x00000E111F100E00, 0x06081E0808080800, 0x00000F11110F010E,  // d e f g
    0x10101E1111111100, 0x04000C0404040E00, 0x020006020202020C, 0x1010121418141200,  // h i j k
    0x0C04040404040E00, 0x00001A1515151500, 0x00001E1111111100, 0x00000E1111110E00,  // l m n o
    0x00001E11111E1010, 0x00000F11110F0101, 0x0000161810101000, 0x00000F100E011E00,  // p q r s
    0x08081E0808080600, 0x0000111111110F00, 0x000011110A0A0400, 0x0000111515150A00,  // t u v w
    0x0000110A040A1100, 0x00001111110F010E, 0x00001F0204081F00, 0x0304040804040300,  // x y z {
    0x0404040404040404, 0x1804040204041800, 0x0000081502000000,  // | } ~
};

struct NamedGlyph {
  char32_t code;
  std::uint64_t rows;
};

inline constexpr std::array<NamedGlyph, 8> other_glyphs = {{
    {U'\u00B0', 0x0C12120C00000000},
    {U'\u00B1', 0x04041F0404001F00},
    {U'\u00D7', 0x00110A040A110000},
    {U'\u2013', 0x0000001F00000000},
    {U'\u2026', 0x0000000000001500},
    {U'\u2192', 0x0004021F02040000},
    {U'\u2713', 0x00010102120C0400},
    {U'\u2717', 0x00111B0E0E1B1100},
}};
// clang-format on

inline constexpr std::uint64_t box_glyph = 0x1F11111111111F00;

}  // namespace detail

/// The letter for a code point: printable ASCII and ° ± × – … → ✓ ✗; an empty box for any other.
constexpr Glyph glyph(char32_t code) {
  if (code >= U' ' && code <= U'~') return {detail::ascii_glyphs[code - U' ']};
  for (const detail::NamedGlyph& other : detail::other_glyphs)
    if (other.code == code) return {other.rows};
  return {detail::box_glyph};
}

}  // namespace pretext::report
