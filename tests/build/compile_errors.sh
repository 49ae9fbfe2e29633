#!/bin/sh
# SPDX-License-Identifier: MIT
# Each program in the folder must not compile, and the compiler's words must hold every text that a line
# `// expect: text` of the program names.
# usage: compile_errors.sh folder compiler flags...
set -eu
folder=$1
shift
report=$(mktemp)
trap 'rm -f "$report"' EXIT
status=0
for program in "$folder"/*.cpp; do
  if "$@" -fsyntax-only "$program" > "$report" 2>&1; then
    echo "FAIL: $program compiles"
    status=1
    continue
  fi
  sed -n 's|^// expect: ||p' "$program" | while read -r text; do
    grep -qF "$text" "$report" || { echo "FAIL: the errors of $program do not say '$text':"; cat "$report"; exit 1; }
  done || status=1
  echo "refused: $(basename "$program")"
done
exit $status
