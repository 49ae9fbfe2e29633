# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# What the scripts that fetch data sets share; POSIX sh, read by each with `.` and not run by itself:
#   begin NAME URL "$@"   NAME is the folder to make in the script's argument, URL where its files lie
#   fetch FILE SHA256     a file of URL into the current folder: whole and as published, or not at all
#   unpack ARCHIVE        makes the folder of an archive; or
#   collect               makes it of the files that are fetched from then on
#   finish
# The environment variable PRETEXT_DATA_URL names another place that has the same files, by https, http or file.
# A file is FILE.part and a folder NAME.part until it is complete, so what has its name is complete. A script
# that is interrupted goes on where it stopped when it is run again.
set -eu
unset CDPATH
script=$(basename -- "$0" .sh)
unpacking=

say() { echo "$script: $*"; }

die() {
  say "$*" >&2
  exit 1
}

tidy() {
  [ -z "$unpacking" ] || rm -rf -- "${folder:?}/$name.part"
  rmdir -- "$folder/$name.part" 2> /dev/null || true
}

interrupted() {
  say "interrupted; run it again to go on" >&2
  exit "$1"
}

has() { command -v "$1" > /dev/null 2>&1; }

megabytes_free() { df -P -k . | awk 'NR == 2 { print int($4 / 1024) " MB are free" }'; }

begin() {
  name=$1 base=${PRETEXT_DATA_URL:-$2}
  base=${base%/}
  shift 2
  [ $# -eq 1 ] && [ -n "${1:-}" ] || die "usage: $script.sh FOLDER (it will hold $name/)"
  has curl || has wget || die "curl or wget is needed, and neither is installed"
  has sha256sum || has shasum || die "sha256sum or shasum is needed, and neither is installed"
  has tar || die "tar is needed and not installed"
  mkdir -p -- "$1" || die "the folder $1 cannot be made"
  cd -- "$1" || die "the folder $1 cannot be entered"
  folder=$(pwd)
  if [ -d "$name" ]; then
    say "$folder/$name is there already"
    exit 0
  fi
  trap tidy EXIT
  trap 'interrupted 129' HUP
  trap 'interrupted 130' INT
  trap 'interrupted 143' TERM
}

sum_of() {
  if has sha256sum; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

is_whole() { [ -f "$1" ] && [ "$(sum_of "$1")" = "$2" ]; }

# Goes on with what is in FILE.part. curl is held to https where the place is, redirected or not.
download() {
  protocols='=https'
  [ "${base#https:}" != "$base" ] || protocols='=http,https,file'
  if has curl; then
    quiet='--silent --show-error'
    [ ! -t 2 ] || quiet=
    # shellcheck disable=SC2086
    curl $quiet --fail --location --proto "$protocols" --retry 3 --continue-at - --output "$1.part" "$base/$1"
  else
    quiet=-nv
    [ ! -t 2 ] || quiet=
    # shellcheck disable=SC2086
    wget $quiet -c -t 3 -O "$1.part" "$base/$1"
  fi
}

fetch() {
  ! is_whole "$1" "$2" || return 0
  [ ! -e "$1" ] || say "$1 is there, but is not the published one; it is fetched again"
  if ! is_whole "$1.part" "$2"; then
    say "fetching $base/$1"
    status=0
    download "$1" || status=$?
    if has curl && [ $status -eq 33 ]; then # this server always begins at the beginning
      rm -f -- "$1.part"
      status=0
      download "$1" || status=$?
    fi
    if { has curl && [ $status -eq 23 ]; } || { ! has curl && [ $status -eq 3 ]; }; then
      die "$folder: $1 cannot be written; $(megabytes_free). Run it again to go on"
    fi
    [ $status -eq 0 ] || die "the download of $1 stopped; run it again to go on"
  fi
  if ! is_whole "$1.part" "$2"; then
    found=$(sum_of "$1.part")
    rm -f -- "$1.part"
    die "$1 has the SHA-256 $found, not $2, and was removed; run it again, or name another place by PRETEXT_DATA_URL"
  fi
  mv -- "$1.part" "$1"
}

unpack() {
  rm -rf -- "$name.part"
  mkdir -- "$name.part"
  unpacking=yes
  tar -xzof "$1" -C "$name.part" --strip-components 1 "$name" || die "$1 cannot be unpacked; $(megabytes_free)"
  say "$folder/$1 is not needed any more"
}

collect() {
  mkdir -p -- "$name.part"
  cd -- "$name.part"
}

finish() {
  cd -- "$folder"
  mv -- "$name.part" "$name"
  unpacking=
  say "$folder/$name is complete; use it as --data $folder/$name"
}
