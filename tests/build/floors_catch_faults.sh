#!/bin/sh
# SPDX-License-Identifier: MIT
# Plants one fault at a time in a copy of the library: floors.sh must pass the clean copy and name every fault.
# usage: floors_catch_faults.sh root
set -eu
root=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
licence='// SPDX-License-Identifier: MIT'
clean() {
  rm -rf "$work/tree"
  mkdir -p "$work/tree"
  for part in include cmake CMakeLists.txt; do cp -R "$root/$part" "$work/tree/"; done
}

# expect name text: floors.sh fails and its report holds the text.
expect() {
  if sh "$root/tests/build/floors.sh" "$work/tree" > "$work/report" 2>&1; then
    echo "FAIL: $1 was not noticed"; exit 1
  fi
  grep -q "$2" "$work/report" || { echo "FAIL: $1 was reported without '$2':"; cat "$work/report"; exit 1; }
  echo "caught: $1"
  clean
}

# plant file lines...: appends lines to a file of the copy.
plant() {
  file=$work/tree/include/pretext/$1
  shift
  mkdir -p "$(dirname "$file")"
  printf '%s\n' "$@" >> "$file"
}

clean
sh "$root/tests/build/floors.sh" "$work/tree"

plant core/error.hpp '#include "pretext/tensor/shape.hpp"'
expect 'an arrow that points up' 'core/error.hpp: includes pretext/tensor/shape.hpp'

plant optim/planted.hpp "$licence"
plant nn/planted.hpp "$licence" '#include "pretext/optim/planted.hpp"'
expect 'an arrow between siblings' 'nn/planted.hpp: includes pretext/optim/planted.hpp'

plant core/planted_a.hpp "$licence" '#include "pretext/core/planted_b.hpp"'
plant core/planted_b.hpp "$licence" '#include "pretext/core/planted_a.hpp"'
expect 'a cycle inside a folder' 'cycle through pretext/core/planted'

plant core/planted.hpp "$licence" '#include "pretext/core/absent.hpp"'
expect 'an include of nothing' 'which is not there'

plant nn/planted.hpp "$licence" '#include <pretext/core/error.hpp>'
expect 'an include of our own header in angle brackets' 'in quotes'

plant core/planted.hpp "$licence" "$(awk 'BEGIN { for (i = 2; i <= 301; ++i) print "// line " i }')"
expect 'a header of 301 lines' '301 lines'

plant core/planted.hpp '#pragma once'
expect 'a source without a licence line' 'no SPDX line'

plant attic/planted.hpp "$licence"
expect 'a folder on no floor' 'on no floor'

plant core/planted.hpp "$licence"
expect 'a header that the umbrella forgot' 'core/planted.hpp: not reached'

plant pretext.hpp '#include "pretext/eval/tsne.hpp"'
expect 'a room that the umbrella includes' 'explain.hpp: pretext/pretext.hpp reaches pretext/eval/tsne.hpp'
