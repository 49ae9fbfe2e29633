// SPDX-License-Identifier: MIT
// Writes the seed pictures of the fuzz targets and of the image tests:
//   g++ -std=c++20 -Itests tests/fuzz/make_corpus.cpp -ljpeg -lz -o make_corpus && ./make_corpus
//   tests/fuzz/corpus

#include <cstdio>
// jpeglib.h uses FILE without including it.
#include <jpeglib.h>
#include <zlib.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "image/sample_pictures.hpp"

namespace {

using File = std::vector<std::uint8_t>;

void save(const std::filesystem::path& path, const File& bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

struct JpegRecipe {
  J_COLOR_SPACE in = JCS_RGB, stored = JCS_YCbCr;
  int h = 1, v = 1, quality = 90, restart = 0;
  bool progressive = false, optimal = false, separate_scans = false, texture = false, wide_tables = false;
};

File pixels(const JpegRecipe& recipe) {
  File out;
  for (int y = 0; y < test::jpeg_height; ++y) {
    for (int x = 0; x < test::jpeg_width; ++x) {
      const auto c = test::jpeg_colour(y, x);
      const int noise = recipe.texture ? (x * 7919 + y * 104729) % 97 - 48 : 0;
      const auto byte = [&](int value) {
        return static_cast<std::uint8_t>(std::clamp(value + noise, 0, 255));
      };
      if (recipe.in == JCS_GRAYSCALE) {
        out.push_back(byte((c[0] + c[1]) / 2));
      } else if (recipe.in == JCS_CMYK) {
        // Adobe's complement of ink: black lets `light` of 255 through.
        const int light = test::jpeg_light(y);
        for (const int value : c) out.push_back(byte(std::min(255, value * 255 / light)));
        out.push_back(byte(light));
      } else {
        for (const int value : c) out.push_back(byte(value));
      }
    }
  }
  return out;
}

File jpeg(const JpegRecipe& recipe) {
  jpeg_compress_struct encoder{};
  jpeg_error_mgr errors{};
  encoder.err = jpeg_std_error(&errors);
  jpeg_create_compress(&encoder);
  unsigned char* memory = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&encoder, &memory, &size);
  encoder.image_height = test::jpeg_height;
  encoder.image_width = test::jpeg_width;
  encoder.input_components = recipe.in == JCS_GRAYSCALE ? 1 : recipe.in == JCS_CMYK ? 4 : 3;
  encoder.in_color_space = recipe.in;
  jpeg_set_defaults(&encoder);
  jpeg_set_colorspace(&encoder, recipe.stored);
  jpeg_set_quality(&encoder, recipe.quality, recipe.wide_tables ? FALSE : TRUE);
  encoder.comp_info[0].h_samp_factor = recipe.h;
  encoder.comp_info[0].v_samp_factor = recipe.v;
  encoder.restart_interval = static_cast<unsigned>(recipe.restart);
  encoder.optimize_coding = recipe.optimal ? TRUE : FALSE;
  jpeg_scan_info scans[4]{};
  for (int i = 0; i < 4; ++i) scans[i] = {1, {i}, 0, 63, 0, 0};
  if (recipe.progressive) jpeg_simple_progression(&encoder);
  if (recipe.separate_scans) {
    encoder.scan_info = scans;
    encoder.num_scans = encoder.num_components;
  }
  jpeg_start_compress(&encoder, TRUE);
  File rows = pixels(recipe);
  const auto stride = static_cast<std::size_t>(test::jpeg_width * encoder.input_components);
  while (encoder.next_scanline < encoder.image_height) {
    JSAMPROW row = rows.data() + encoder.next_scanline * stride;
    jpeg_write_scanlines(&encoder, &row, 1);
  }
  jpeg_finish_compress(&encoder);
  jpeg_destroy_compress(&encoder);
  File result(memory, memory + size);
  std::free(memory);
  return result;
}

// An EXIF block with one entry, the orientation, behind the first two bytes.
File with_orientation(File file, int orientation) {
  const auto value = static_cast<std::uint8_t>(orientation);
  const File segment = {0xFF, 0xE1, 0, 34, 'E', 'x', 'i', 'f', 0, 0, 'M', 'M',   0, 42, 0, 0, 0, 8,
                        0,    1,    1, 18, 0,   3,   0,   0,   0, 1, 0,   value, 0, 0,  0, 0, 0, 0};
  file.insert(file.begin() + 2, segment.begin(), segment.end());
  return file;
}

void make_jpegs(const std::filesystem::path& folder) {
  const JpegRecipe grey{.in = JCS_GRAYSCALE, .stored = JCS_GRAYSCALE};
  const JpegRecipe progressive{.h = 2, .v = 2, .progressive = true};
  save(folder / "grey.jpg", jpeg(grey));
  save(folder / "444.jpg", jpeg({}));
  save(folder / "420.jpg", jpeg({.h = 2, .v = 2}));
  save(folder / "422.jpg", jpeg({.h = 2}));
  save(folder / "440.jpg", jpeg({.v = 2}));
  save(folder / "411.jpg", jpeg({.h = 4}));
  save(folder / "progressive.jpg", jpeg(progressive));
  save(folder / "restart.jpg", jpeg({.h = 2, .v = 2, .restart = 1}));
  save(folder / "rgb.jpg", jpeg({.stored = JCS_RGB}));
  save(folder / "cmyk.jpg", jpeg({.in = JCS_CMYK, .stored = JCS_CMYK}));
  save(folder / "ycck.jpg", jpeg({.in = JCS_CMYK, .stored = JCS_YCCK, .h = 2, .v = 2}));
  save(folder / "scans.jpg", jpeg({.h = 2, .v = 2, .separate_scans = true}));
  save(folder / "turned.jpg", with_orientation(jpeg({}), 6));
  auto recipe = grey;
  recipe.progressive = true;
  save(folder / "progressive_grey.jpg", jpeg(recipe));
  recipe = progressive;
  recipe.restart = 1;
  recipe.texture = true;
  save(folder / "texture_progressive.jpg", jpeg(recipe));
  save(folder / "texture_optimal.jpg", jpeg({.h = 2, .quality = 60, .optimal = true, .texture = true}));
  save(folder / "texture_wide.jpg", jpeg({.quality = 1, .texture = true, .wide_tables = true}));
}

struct PngRecipe {
  int colour = 2, bits = 8;
  bool interlaced = false, transparent = false;
  int pieces = 1;
};

void append_u32(File& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
}

void append_chunk(File& out, const std::string& type, const File& body) {
  append_u32(out, static_cast<std::uint32_t>(body.size()));
  File checked(type.begin(), type.end());
  checked.insert(checked.end(), body.begin(), body.end());
  out.insert(out.end(), checked.begin(), checked.end());
  append_u32(out, static_cast<std::uint32_t>(crc32(0, checked.data(), static_cast<uInt>(checked.size()))));
}

int png_channels(int colour) { return colour == 2 ? 3 : colour == 4 ? 2 : colour == 6 ? 4 : 1; }

// One row of a pass, packed.
File png_row(const PngRecipe& recipe, int y, int x0, int dx) {
  File row;
  unsigned bits = 0;
  int filled = 0;
  for (int x = x0; x < test::png_width; x += dx) {
    for (int c = 0; c < png_channels(recipe.colour); ++c) {
      int sample = test::png_sample(y, x, c, recipe.bits);
      if (recipe.colour == 3) sample %= test::png_palette_size(recipe.bits);
      bits = bits << recipe.bits | static_cast<unsigned>(sample);
      filled += recipe.bits;
      for (; filled >= 8; filled -= 8) row.push_back(static_cast<std::uint8_t>(bits >> (filled - 8)));
    }
  }
  if (filled > 0) row.push_back(static_cast<std::uint8_t>(bits << (8 - filled)));
  return row;
}

int paeth(int a, int b, int c) {
  const int p = a + b - c, pa = std::abs(p - a), pb = std::abs(p - b), pc = std::abs(p - c);
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

void append_filtered(File& out, const File& row, const File& above, int filter, std::size_t step) {
  out.push_back(static_cast<std::uint8_t>(filter));
  for (std::size_t i = 0; i < row.size(); ++i) {
    const int a = i < step ? 0 : row[i - step], b = above.empty() ? 0 : above[i];
    const int c = i < step || above.empty() ? 0 : above[i - step];
    const int guess[] = {0, a, b, (a + b) / 2, paeth(a, b, c)};
    out.push_back(static_cast<std::uint8_t>(row[i] - guess[filter]));
  }
}

File png_pixels(const PngRecipe& recipe) {
  const std::vector<std::array<int, 4>> whole = {{0, 0, 1, 1}};
  const std::vector<std::array<int, 4>> adam7 = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4},
                                                 {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}};
  const int bits = png_channels(recipe.colour) * recipe.bits;
  File out;
  for (const auto& [x0, y0, dx, dy] : recipe.interlaced ? adam7 : whole) {
    File above;
    for (int y = y0; y < test::png_height; y += dy) {
      const File row = png_row(recipe, y, x0, dx);
      if (!row.empty())
        append_filtered(out, row, above, y % 5, static_cast<std::size_t>(std::max(1, bits / 8)));
      above = row;
    }
  }
  return out;
}

void append_colours(File& out, const PngRecipe& recipe) {
  if (recipe.colour == 3) {
    File palette, alpha;
    for (int i = 0; i < test::png_palette_size(recipe.bits); ++i) {
      for (const int value : test::png_palette(i)) palette.push_back(static_cast<std::uint8_t>(value));
      alpha.push_back(static_cast<std::uint8_t>(test::png_palette_alpha(i)));
    }
    append_chunk(out, "PLTE", palette);
    if (recipe.transparent) append_chunk(out, "tRNS", alpha);
  } else if (recipe.transparent) {
    File key;
    for (int c = 0; c < png_channels(recipe.colour); ++c) {
      const int value = test::png_key(c, recipe.bits);
      key.push_back(static_cast<std::uint8_t>(value >> 8));
      key.push_back(static_cast<std::uint8_t>(value));
    }
    append_chunk(out, "tRNS", key);
  }
}

File png(const PngRecipe& recipe) {
  File out = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'}, header;
  append_u32(header, test::png_width);
  append_u32(header, test::png_height);
  for (const int value : {recipe.bits, recipe.colour, 0, 0, recipe.interlaced ? 1 : 0})
    header.push_back(static_cast<std::uint8_t>(value));
  append_chunk(out, "IHDR", header);
  append_chunk(out, "tEXt", {'T', 'i', 't', 'l', 'e', 0, 'x'});
  append_colours(out, recipe);
  const File raw = png_pixels(recipe);
  uLongf size = compressBound(raw.size());
  File packed(size);
  compress2(packed.data(), &size, raw.data(), raw.size(), 9);
  packed.resize(size);
  const std::size_t piece = (packed.size() - 1) / static_cast<std::size_t>(recipe.pieces) + 1;
  for (std::size_t at = 0; at < packed.size(); at += piece)
    append_chunk(out, "IDAT",
                 File(packed.begin() + static_cast<std::ptrdiff_t>(at),
                      packed.begin() + static_cast<std::ptrdiff_t>(std::min(packed.size(), at + piece))));
  append_chunk(out, "IEND", {});
  return out;
}

void make_pngs(const std::filesystem::path& folder) {
  const std::vector<std::pair<int, std::vector<int>>> kinds = {
      {0, {1, 2, 4, 8, 16}}, {2, {8, 16}}, {3, {1, 2, 4, 8}}, {4, {8, 16}}, {6, {8, 16}}};
  for (const auto& [colour, depths] : kinds) {
    for (const int bits : depths) {
      const std::string name = std::to_string(colour) + "_" + std::to_string(bits);
      save(folder / (name + ".png"), png({.colour = colour, .bits = bits}));
      save(folder / (name + "_interlaced.png"),
           png({.colour = colour, .bits = bits, .interlaced = true, .pieces = 3}));
      if (colour <= 3)
        save(folder / (name + "_transparent.png"),
             png({.colour = colour, .bits = bits, .transparent = true}));
    }
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: make_corpus FOLDER\n");
    return 2;
  }
  const std::filesystem::path folder = arguments[1];
  std::filesystem::create_directories(folder / "jpeg");
  std::filesystem::create_directories(folder / "png");
  make_jpegs(folder / "jpeg");
  make_pngs(folder / "png");
}
