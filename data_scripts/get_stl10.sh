#!/bin/sh
# SPDX-License-Identifier: MIT
# Fetches STL-10 in its binary form (2.6 GB, unpacked 3.1 GB more): data_scripts/get_stl10.sh FOLDER
. "$(dirname -- "$0")/fetch.sh"
begin stl10_binary https://cs.stanford.edu/~acoates/stl10 "$@"
fetch stl10_binary.tar.gz f31fd99273a1acb8609c8db427cebb1de3f71de77758cdc0e22956e1289b9866
unpack stl10_binary.tar.gz
finish
