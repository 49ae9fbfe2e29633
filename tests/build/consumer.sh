#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds and runs the program in consumer/ outside this tree, the way that a user of the library would.
# usage: consumer.sh way source build cmake generator compiler
set -eu
way=$1 source=$2 build=$3 cmake=$4 generator=$5 compiler=$6
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
here=$source/tests/build/consumer

# Installed in one place and moved to another: nothing in it may know where it was made.
install_library() {
  "$cmake" --install "$build" --component devel --prefix "$work/made" > /dev/null
  mv "$work/made" "$work/prefix"
}

configure() {
  "$cmake" -S "$here" -B "$work/build" -G "$generator" -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_BUILD_TYPE=Debug "$@"
}

# Without a build type the configuration must say what that costs.
warns_without_build_type() {
  case $generator in *Multi* | *"Visual Studio"* | Xcode) return 0 ;; esac
  configure -DWAY="$way" -DCMAKE_BUILD_TYPE= "$@" > "$work/report" 2>&1
  grep -q '30 times slower' "$work/report" || { echo 'FAIL: no warning without a build type'; exit 1; }
}

build_and_run() {
  configure -DWAY="$way" "$@"
  "$cmake" --build "$work/build"
  "$work/build/consumer" "$work/picture.png"
}

case $way in
  find_package)
    install_library
    warns_without_build_type -DCMAKE_PREFIX_PATH="$work/prefix"
    build_and_run -DCMAKE_PREFIX_PATH="$work/prefix"
    ;;
  add_subdirectory | fetch_content)
    warns_without_build_type -DPRETEXT_SOURCE="$source"
    build_and_run -DPRETEXT_SOURCE="$source"
    ;;
  pkg_config)
    command -v pkg-config > /dev/null || { echo 'SKIPPED consumer_pkg_config: pkg-config is not installed'; exit 77; }
    install_library
    PKG_CONFIG_PATH=$(dirname "$(find "$work/prefix" -name pretext.pc)")
    export PKG_CONFIG_PATH
    # shellcheck disable=SC2046
    "$compiler" -std=c++20 "$here/main.cpp" -o "$work/consumer" $(pkg-config --cflags --libs pretext)
    "$work/consumer" "$work/picture.png"
    ;;
  names_missing_package)
    install_library
    if configure -DWAY=find_package -DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_DISABLE_FIND_PACKAGE_Eigen3=ON \
      > "$work/report" 2>&1; then
      echo 'FAIL: found pretext without Eigen'
      exit 1
    fi
    grep 'apt-get install libeigen3-dev' "$work/report" || { cat "$work/report"; exit 1; }
    ;;
esac
