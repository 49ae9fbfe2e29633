#!/bin/sh
# SPDX-License-Identifier: MIT
# Reads the includes of the library and fails on an arrow that points up or between siblings, on a cycle, on an include of
# a file that is not there, on a header over 300 lines or (but for report/ and eigen/) out of reach of the umbrella and its
# rooms, on a room that the umbrella includes after all, and on a source without its licence.
# usage: floors.sh [root]
set -eu
cd "${1:-.}"
status=0

find include/pretext -type f \( -name '*.hpp' -o -name '*.cuh' -o -name '*.cu' -o -name '*.cpp' \) | sort | xargs awk '
  BEGIN {
    # A file may include its own folder and the floors below it. Folders of one line do not include each other.
    floors = "core;tensor;ops image;cpu cuda;autograd;nn optim data;tasks models;train eval;report eigen;umbrella"
    count = split(floors, rows, ";")
    for (i = 1; i <= count; ++i) { n = split(rows[i], names, " "); for (j = 1; j <= n; ++j) floor[names[j]] = i }
  }
  function fault(text) { print "FAULT " text; faults = 1 }
  # A .cu instantiates kernels for what lies on any floor, so it stands above all of them.
  function folder(path,   parts) { return split(path, parts, "/") == 2 || path ~ /\.cu$/ ? "umbrella" : parts[2] }

  FNR == 1 { file = FILENAME; sub("^include/", "", file); files[file] = 1; order[++total] = file }
  { lines[file] = FNR }
  /^[ \t]*#[ \t]*include[ \t]*"/ { split($0, quoted, "\""); edges[file] = edges[file] quoted[2] ";" }
  /^[ \t]*#[ \t]*include[ \t]*<pretext\// { fault(file ":" FNR ": the library includes its own headers in quotes") }

  # The length of the longest chain of includes that starts at a file; reports a cycle once.
  function chain(file,   targets, n, i, length_, longest) {
    if (state[file] == "done") return depth[file]
    if (state[file] == "open") { fault("cycle through " file); return 0 }
    state[file] = "open"
    n = split(edges[file], targets, ";")
    for (i = 1; i < n; ++i) { length_ = chain(targets[i]); if (length_ > longest) { longest = length_; next_[file] = targets[i] } }
    state[file] = "done"
    return depth[file] = longest + 1
  }
  function reach(file,   targets, n, i) {
    if (file in reached) return
    reached[file] = 1
    n = split(edges[file], targets, ";")
    for (i = 1; i < n; ++i) reach(targets[i])
  }
  END {
    reach("pretext/pretext.hpp")
    rooms = split("exchange explain audit protocols", room, " ")
    for (i = 1; i <= rooms; ++i) {
      head = "pretext/" room[i] ".hpp"
      if (!(head in files)) fault(head ": the room is not there")
      if (head in reached) fault(head ": a room that pretext/pretext.hpp includes")
      n = split(edges[head], targets, ";")
      for (k = 1; k < n; ++k) if (targets[k] in reached) fault(head ": pretext/pretext.hpp reaches " targets[k] " as well")
    }
    for (i = 1; i <= rooms; ++i) reach("pretext/" room[i] ".hpp")
    for (k = 1; k <= total; ++k) if (order[k] ~ /cpp$/) reach(order[k])
    for (k = 1; k <= total; ++k) {
      file = order[k]; from = folder(file)
      if (!(from in floor)) fault(file ": the folder " from " is on no floor")
      if (file ~ /hpp$|cuh$/ && lines[file] > 300) fault(file ": " lines[file] " lines, at most 300")
      if (file ~ /hpp$/ && file !~ /\/(report|eigen)\// && !(file in reached)) fault(file ": not reached from pretext/pretext.hpp or a room")
      n = split(edges[file], targets, ";")
      for (i = 1; i < n; ++i) {
        to = folder(targets[i])
        if (!(targets[i] in files)) fault(file ": includes " targets[i] ", which is not there")
        else if (to != from && floor[to] >= floor[from]) fault(file ": includes " targets[i] ", which is not on a floor below")
      }
      if (chain(file) > longest) { longest = depth[file]; first = file }
    }
    print total " files; the longest chain of includes has " longest + 0 ":"
    for (file = first; file; file = next_[file]) print "  " file
    exit faults
  }' || status=1

places=
for place in include examples benches tests data_scripts cmake .ci run CMakeLists.txt; do
  [ ! -e "$place" ] || places="$places $place"
done
# shellcheck disable=SC2086
find $places -type f \( -name '*.hpp' -o -name '*.cuh' -o -name '*.cu' -o -name '*.cpp' -o -name '*.sh' -o -name '*.py' \
  -o -name '*.cmake' -o -name '*.in' -o -name 'CMakeLists.txt' -o -name run \) | sort | xargs awk '
  FNR == 1 { files[FILENAME] = 1 }
  FNR <= 2 && /SPDX-License-Identifier: MIT/ { licensed[FILENAME] = 1 }
  END { for (file in files) if (!(file in licensed)) { print "FAULT " file ": no SPDX line"; missing = 1 } exit missing }
' || status=1
exit $status
