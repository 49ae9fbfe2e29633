#!/bin/sh
# SPDX-License-Identifier: MIT
# What it costs to compile against the library, at -O2 on one core: the best of three runs, held to the budget.
# usage: benches/compile_cost.sh [compiler]
set -eu
cd "$(dirname "$0")/.."
compiler=${1:-g++}
eigen=${EIGEN_DIR:-/usr/include/eigen3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$compiler" -O1 -std=c++20 benches/measure.cpp -o "$work/measure"
status=0

# budget name seconds megabytes source
budget() {
  for _ in 1 2 3; do
    "$work/measure" 100000 "$compiler" -std=c++20 -O2 -pthread -Iinclude -isystem "$eigen" -c "$4" -o /dev/null || exit 1
  done | sort -n | awk -v name="$1" -v seconds="$2" -v megabytes="$3" '
    NR == 1 { printf "%s: %s s (budget %s), %s MB (budget %s)\n", name, $1, seconds, $6, megabytes
              over = $1 > seconds || $6 > megabytes }
    END { exit over || NR < 3 }' || { echo "$1: over the budget, or does not compile"; status=1; }
}

budget 'the umbrella alone' 3 400 tests/build/cost/umbrella.cpp
budget 'examples/rotation.cpp' 25 800 examples/rotation.cpp
exit $status
