#!/bin/sh
# SPDX-License-Identifier: MIT
# Fetches CIFAR-10 in its binary form (170 MB, unpacked 184 MB more): data_scripts/get_cifar10.sh FOLDER
. "$(dirname -- "$0")/fetch.sh"
begin cifar-10-batches-bin https://www.cs.toronto.edu/~kriz "$@"
fetch cifar-10-binary.tar.gz c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd
unpack cifar-10-binary.tar.gz
finish
