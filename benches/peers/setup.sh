#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes a virtual environment with the peers of the CPU benchmarks. PyTorch: its CPU-only build where that can
# be reached, else the one on PyPI, which brings CUDA's libraries (5.5 GB). The peers in C++ are built where their
# packages are installed, and named where not: libdnnl-dev (oneDNN 2, which has Winograd where the processor has
# AVX-512; oneDNN 3 comes from PyPI), libopenblas-dev, libdlib-dev.
# usage: benches/peers/setup.sh [folder]    default: .cache/peers in the repository
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-$here/../../.cache/peers}

python3 -m venv "$folder"
folder=$(cd "$folder" && pwd)
pip() { "$folder/bin/pip" --quiet --disable-pip-version-check "$@"; }
# build name source flags...
build() {
  name=$1 source=$2
  shift 2
  "${CXX:-g++}" -O3 -march=native -fopenmp "$here/$source.cpp" -o "$folder/bin/$name" "$@"
}
# needs package header: whether it is there
needs() {
  for place in /usr/include "/usr/include/$(uname -m)-linux-gnu"; do [ ! -e "$place/$2" ] || return 0; done
  echo "$1 is not installed: its part of the comparison is left out"
  return 1
}
version() { dpkg-query -W -f='${Version}' "$1"; }

pip install --retries 0 --timeout 20 --index-url https://download.pytorch.org/whl/cpu torch torchvision ||
  pip install torch torchvision
pip install numpy scikit-learn faiss-cpu
pip install safetensors onnx onnxruntime tensorboard  # what reads files that are written here; for tests
if pip install onednn-devel-cpu-gomp; then
  build onednn_conv onednn_conv -std=c++20 -isystem "$folder/include" -L"$folder/lib" -Wl,-rpath,"$folder/lib" -ldnnl
fi
if needs libdnnl-dev oneapi/dnnl/dnnl.hpp; then build onednn_conv_system onednn_conv -std=c++20 -ldnnl; fi
if needs libopenblas-dev openblas-pthread/cblas.h; then build openblas_gemm openblas_gemm -std=c++20 -lopenblas; fi
if needs libdlib-dev dlib/dnn.h; then
  build dlib_step dlib_step -std=c++17 -DDLIB_VERSION_TEXT="\"$(version libdlib-dev)\"" -ldlib -lpthread
fi
"$folder/bin/python" -c 'import torch; print("PyTorch", torch.__version__)'
