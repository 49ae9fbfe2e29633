#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Fetches CIFAR-10 in its binary form (162 MB) into a folder, checks it and unpacks it:
#   data_scripts/get_cifar10.sh FOLDER
# Interrupted, it goes on where it stopped when it is run again. What is already there and whole is not fetched again.
set -euo pipefail

url=https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz
sha256=c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd
inside=cifar-10-batches-bin

die() {
  echo "get_cifar10: $*" >&2
  exit 1
}

is_whole() {
  [ -f "$1" ] && [ "$(sha256sum "$1" | cut -d ' ' -f 1)" = "$sha256" ]
}

[ -n "${1:-}" ] || die "usage: get_cifar10.sh FOLDER"
for tool in curl sha256sum tar; do
  command -v "$tool" >/dev/null || die "$tool is needed and not installed"
done

mkdir -p -- "$1"
cd -- "$1"
if [ -d "$inside" ]; then
  echo "get_cifar10: $PWD/$inside is there already"
  exit 0
fi

archive=cifar-10-binary.tar.gz
if ! is_whole "$archive"; then
  # Under a name of its own until it is whole, so that a part is never taken for the archive.
  curl --fail --location --proto '=https' --retry 3 --continue-at - --output "$archive.part" "$url" ||
    is_whole "$archive.part" || die "the download stopped; run the script again to go on with it"
  if ! is_whole "$archive.part"; then
    rm -f -- "$archive.part"
    die "the download does not have the SHA-256 $sha256 and was removed; run the script again"
  fi
  mv -- "$archive.part" "$archive"
fi

# Unpacked beside its place and moved in one step, so that a folder that is there is complete.
rm -rf -- "$inside.part"
mkdir -- "$inside.part"
tar -xzf "$archive" -C "$inside.part" --strip-components 1 "$inside"
mv -- "$inside.part" "$inside"
echo "get_cifar10: $PWD/$inside is complete; use it as --data $1"
