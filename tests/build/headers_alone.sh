#!/bin/sh
# SPDX-License-Identifier: MIT
# Compiles every header of the library as a translation unit of its own, and twice in it.
# usage: headers_alone.sh root compiler flags...
# Without CUDA's headers those of the GPU are left out.
# With TOGETHER=yes all of them are in one translation unit: sooner, but blind to what a header forgets to include.
set -eu
cd "$1/include"
shift
jobs=$(nproc 2> /dev/null || echo 2)

headers=$(find pretext -name '*.hpp' | sort)
if ! echo '#include <cudnn.h>' | "$@" -fsyntax-only -x c++ - 2> /dev/null; then
  headers=$(echo "$headers" | grep -v '^pretext/cuda/' | xargs grep -L '"pretext/cuda/' ; echo pretext/pretext.hpp)
  echo "without the headers of the GPU: no CUDA and cuDNN here"
fi

if [ "${TOGETHER:-}" = yes ]; then
  echo "$headers" | sed 's/.*/#include "&"/' | "$@" -fsyntax-only -x c++ -
  echo "$(echo "$headers" | wc -l) headers compile together"
  exit
fi

echo "$headers" | xargs -P "$jobs" -I{} sh -c '
  header=$1
  shift
  printf "#include \"%s\"\n#include \"%s\"\n" "$header" "$header" | "$@" -fsyntax-only -x c++ - || {
    echo "does not stand alone: $header"
    exit 1
  }' sh {} "$@"
echo "$(echo "$headers" | wc -l) headers stand alone"
