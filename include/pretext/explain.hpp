// SPDX-License-Identifier: MIT
#pragma once

// What a network looks at, and how its features lie: attention maps and their scores, PCA and t-SNE.

#include "pretext/eval/attention.hpp"
#include "pretext/eval/attention_scores.hpp"
#include "pretext/eval/pca.hpp"
#include "pretext/eval/symmetric_eigen.hpp"
#include "pretext/eval/tsne.hpp"
