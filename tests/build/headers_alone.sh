#!/bin/sh
# SPDX-License-Identifier: MIT
# Compiles every header of the library as a translation unit of its own, and twice in it.
# usage: headers_alone.sh root compiler flags...
# With CLANG_PCH=yes the standard headers are precompiled: sooner, but blind to one that a header forgets to include.
set -eu
cd "$1/include"
shift
jobs=$(nproc 2> /dev/null || echo 2)

if [ "${CLANG_PCH:-}" = yes ]; then
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  grep -rhoE '^#include <[a-z_]+>' pretext | sort -u > "$folder/standard.hpp"
  "$@" -x c++-header "$folder/standard.hpp" -o "$folder/standard.pch"
  set -- "$@" -include-pch "$folder/standard.pch"
fi

find pretext -name '*.hpp' | sort | xargs -P "$jobs" -I{} sh -c '
  header=$1
  shift
  printf "#include \"%s\"\n#include \"%s\"\n" "$header" "$header" | "$@" -fsyntax-only -x c++ - || {
    echo "does not stand alone: $header"
    exit 1
  }' sh {} "$@"
echo "$(find pretext -name '*.hpp' | wc -l) headers stand alone"
