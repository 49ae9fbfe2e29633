# SPDX-License-Identifier: MIT
# Every dependency is taken from the system where it is found. What is not found and is needed is fetched as a pinned
# archive; docs/decisions.md says where each hash comes from.
include(FetchContent)
if(POLICY CMP0135)
  cmake_policy(SET CMP0135 NEW)
endif()

find_package(Threads REQUIRED)
find_package(ZLIB QUIET)
if(NOT ZLIB_FOUND)
  message(FATAL_ERROR "pretext needs zlib. Debian and Ubuntu: apt-get install zlib1g-dev; Fedora: dnf install zlib-devel; "
                      "macOS: part of the command line tools")
endif()

# pretext_fetch(name package url sha256): downloads the archive and sets <name>_SOURCE_DIR. Its own build is not run.
macro(pretext_fetch name package url sha256)
  message(STATUS "pretext: no ${name} here (Debian and Ubuntu: apt-get install ${package}); fetching ${url}")
  FetchContent_Declare(pretext_${name} URL ${url} URL_HASH SHA256=${sha256} SOURCE_SUBDIR without-its-build)
  FetchContent_MakeAvailable(pretext_${name})
  set(${name}_SOURCE_DIR ${pretext_${name}_SOURCE_DIR})
endmacro()

# pretext_header_only(target dir): an imported target for a library that is one include directory.
function(pretext_header_only target dir)
  add_library(${target} INTERFACE IMPORTED GLOBAL)
  target_include_directories(${target} SYSTEM INTERFACE ${dir})
endfunction()

find_package(Eigen3 3.4 QUIET NO_MODULE)
if(NOT TARGET Eigen3::Eigen)
  pretext_fetch(eigen libeigen3-dev https://gitlab.com/libeigen/eigen/-/archive/3.4.0/eigen-3.4.0.tar.bz2
                b4c198460eba6f28d34894e3a5710998818515104d6e74e5cc331ce31e46e626)
  pretext_header_only(Eigen3::Eigen ${eigen_SOURCE_DIR})
endif()

# Sets Stb_INCLUDE_DIR and Stb_VERSION. PRETEXT_STB_DIR names a folder with a newer stb_image.h than the system's.
macro(pretext_need_stb)
  set(PRETEXT_STB_DIR "" CACHE PATH "Folder that holds stb_image.h and stb_image_write.h; empty: look for them")
  find_package(Stb QUIET)
  if(NOT Stb_FOUND)
    pretext_fetch(stb libstb-dev https://github.com/nothings/stb/archive/f0569113c93ad095470c54bf34a17b36646bbbb5.zip
                  b62be3009cb9d4b6385bd4854bddf72d8e91f4e19d1347d6cf9589b19f70d45d)
    set(PRETEXT_STB_DIR ${stb_SOURCE_DIR})
    find_package(Stb REQUIRED)
  endif()
endmacro()

macro(pretext_need_doctest)
  find_package(doctest 2.4.6 QUIET)
  if(NOT TARGET doctest::doctest)
    pretext_fetch(doctest doctest-dev https://github.com/doctest/doctest/archive/refs/tags/v2.4.11.tar.gz
                  632ed2c05a7f53fa961381497bf8069093f0d6628c5f26286161fbd32a560186)
    pretext_header_only(doctest::doctest ${doctest_SOURCE_DIR})
  endif()
endmacro()

# CLI11 and toml++: for the command line tool only.
macro(pretext_need_tool_libraries)
  find_package(CLI11 2.1 QUIET)
  if(NOT TARGET CLI11::CLI11)
    pretext_fetch(cli11 libcli11-dev https://github.com/CLIUtils/CLI11/archive/v2.3.2.tar.gz
                  aac0ab42108131ac5d3344a9db0fdf25c4db652296641955720a4fbe52334e22)
    pretext_header_only(CLI11::CLI11 ${cli11_SOURCE_DIR}/include)
  endif()
  # Taken as headers only, so that a distribution's shared toml++ is not needed at run time.
  find_path(PRETEXT_TOML_DIR toml++/toml.h)
  mark_as_advanced(PRETEXT_TOML_DIR)
  set(toml_dir ${PRETEXT_TOML_DIR})
  if(NOT toml_dir)
    pretext_fetch(toml libtomlplusplus-dev https://github.com/marzer/tomlplusplus/archive/refs/tags/v3.4.0.tar.gz
                  8517f65938a4faae9ccf8ebb36631a38c1cadfb5efa85d9a72e15b9e97d25155)
    set(toml_dir ${toml_SOURCE_DIR}/include)
  endif()
  if(NOT TARGET pretext_toml)
    pretext_header_only(pretext_toml ${toml_dir})
    target_compile_definitions(pretext_toml INTERFACE TOML_HEADER_ONLY=1)
  endif()
endmacro()
