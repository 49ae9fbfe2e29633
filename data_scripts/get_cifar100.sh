#!/bin/sh
# SPDX-License-Identifier: MIT
# Fetches CIFAR-100 in its binary form (169 MB, unpacked 184 MB more): data_scripts/get_cifar100.sh FOLDER
. "$(dirname -- "$0")/fetch.sh"
begin cifar-100-binary https://www.cs.toronto.edu/~kriz "$@"
fetch cifar-100-binary.tar.gz 58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec
unpack cifar-100-binary.tar.gz
finish
