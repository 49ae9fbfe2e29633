// SPDX-License-Identifier: MIT
#pragma once

// Networks and their weights in the files of others: .pth files of PyTorch are read, ONNX models and what
// torchvision reads are written.

#include "pretext/models/weights.hpp"
#include "pretext/nn/onnx.hpp"
#include "pretext/nn/onnx_graph.hpp"
#include "pretext/tensor/pickle.hpp"
#include "pretext/tensor/pickle_value.hpp"
#include "pretext/tensor/pth.hpp"
#include "pretext/tensor/zip.hpp"
#include "pretext/train/load_network.hpp"
