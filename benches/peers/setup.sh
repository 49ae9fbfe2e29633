#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes a virtual environment with the peers of the CPU benchmarks. PyTorch: its CPU-only build where that can
# be reached, else the one on PyPI, which brings CUDA's libraries (5.5 GB). oneDNN: bin/onednn_conv with oneDNN 3
# from PyPI, and bin/onednn_conv_system with libdnnl-dev where that is installed: only oneDNN 2 has Winograd.
# usage: benches/peers/setup.sh [folder]    default: .cache/peers in the repository
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-$here/../../.cache/peers}

python3 -m venv "$folder"
folder=$(cd "$folder" && pwd)
pip() { "$folder/bin/pip" --quiet --disable-pip-version-check "$@"; }
# onednn name flags...
onednn() {
  name=$1
  shift
  "${CXX:-g++}" -std=c++20 -O2 -fopenmp "$here/onednn_conv.cpp" -o "$folder/bin/$name" "$@" -ldnnl
}

pip install --retries 0 --timeout 20 --index-url https://download.pytorch.org/whl/cpu torch torchvision ||
  pip install torch torchvision
pip install numpy
if pip install onednn-devel-cpu-gomp; then
  onednn onednn_conv -isystem "$folder/include" -L"$folder/lib" -Wl,-rpath,"$folder/lib"
fi
if [ -e /usr/include/oneapi/dnnl/dnnl.hpp ]; then
  onednn onednn_conv_system
fi
"$folder/bin/python" -c 'import torch; print("PyTorch", torch.__version__)'
