// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/models/registry.hpp"

namespace test {

using namespace pretext;

/// One backbone and what every backbone is tested for: tests/models/model_test.cpp reads this table. The
/// numbers are worked out by hand.
struct ModelRow {
  std::string name;
  models::BackboneOptions options;
  Shape input;  // of one picture
  std::vector<std::pair<std::string, Shape>> taps;
  std::int64_t parameters;
  std::int64_t multiplications =
      0;  // of the convolutions, for one picture; 0: where stages change resolution inside
};

inline std::vector<ModelRow> model_table() {
  const std::pair<std::string, Shape> block1{"block1", {1, 16, 16, 96}}, block2{"block2", {1, 8, 8, 192}},
      block3{"block3", {1, 8, 8, 192}}, block4{"block4", {1, 8, 8, 192}}, block5{"block5", {1, 8, 8, 192}};
  return {
      // RotNet's: 1.00, 1.41 and 1.82 million parameters with the 772 of a classifier of four.
      {"nin3", {}, {1, 32, 32, 3}, {block1, block2, block3}, 1004484 - 772, 224722944},
      {"nin4", {}, {1, 32, 32, 3}, {block1, block2, block3, block4}, 1411140 - 772, 250675200},
      {"nin5", {}, {1, 32, 32, 3}, {block1, block2, block3, block4, block5}, 1817796 - 772, 276627456},
      // A quarter of the width: 48, 40 and 24 channels in block 1.
      {"nin4",
       {.width = 48},
       {1, 32, 32, 3},
       {{"block1", {1, 16, 16, 24}},
        {"block2", {1, 8, 8, 48}},
        {"block3", {1, 8, 8, 48}},
        {"block4", {1, 8, 8, 48}}},
       91664,
       18432000},
      // The narrowest, for grey pictures of odd sides.
      {"nin3",
       {.width = 8, .channels = 1},
       {1, 33, 21, 1},
       {{"block1", {1, 17, 11, 8}}, {"block2", {1, 9, 6, 8}}, {"block3", {1, 9, 6, 8}}},
       2904,
       588456},
      // torchvision's, less the 513,000 of its classifier.
      {"resnet18",
       {},
       {1, 224, 224, 3},
       {{"conv1", {1, 112, 112, 64}},
        {"bn1", {1, 112, 112, 64}},
        {"relu", {1, 112, 112, 64}},
        {"maxpool", {1, 56, 56, 64}},
        {"layer1", {1, 56, 56, 64}},
        {"layer2", {1, 28, 28, 128}},
        {"layer3", {1, 14, 14, 256}},
        {"layer4", {1, 7, 7, 512}}},
       11689512 - 513000},
      {"resnet34",
       {.channels = 1},
       {1, 65, 40, 1},
       {{"conv1", {1, 33, 20, 64}},
        {"bn1", {1, 33, 20, 64}},
        {"relu", {1, 33, 20, 64}},
        {"maxpool", {1, 17, 10, 64}},
        {"layer1", {1, 17, 10, 64}},
        {"layer2", {1, 9, 5, 128}},
        {"layer3", {1, 5, 3, 256}},
        {"layer4", {1, 3, 2, 512}}},
       21797672 - 513000 - 2 * 49 * 64},
      {"resnet18_small",
       {.width = 8},
       {1, 32, 32, 3},
       {{"conv1", {1, 32, 32, 8}},
        {"bn1", {1, 32, 32, 8}},
        {"relu", {1, 32, 32, 8}},
        {"layer1", {1, 32, 32, 8}},
        {"layer2", {1, 16, 16, 16}},
        {"layer3", {1, 8, 8, 32}},
        {"layer4", {1, 4, 4, 64}}},
       175752},
      // The published one has 917,504 more: conv8 begins with a transposed convolution of 4 x 4, not 3 x 3.
      {"colorization_net",
       {.channels = 1},
       {1, 32, 24, 1},
       {{"conv1", {1, 16, 12, 64}},
        {"conv2", {1, 8, 6, 128}},
        {"conv3", {1, 4, 3, 256}},
        {"conv4", {1, 4, 3, 512}},
        {"conv5", {1, 4, 3, 512}},
        {"conv6", {1, 4, 3, 512}},
        {"conv7", {1, 4, 3, 512}},
        {"conv8", {1, 8, 6, 256}}},
       31232448},
      {"colorization_net",
       {.width = 8},
       {1, 16, 16, 3},
       {{"conv1", {1, 8, 8, 8}},
        {"conv2", {1, 4, 4, 16}},
        {"conv3", {1, 2, 2, 32}},
        {"conv4", {1, 2, 2, 64}},
        {"conv5", {1, 2, 2, 64}},
        {"conv6", {1, 2, 2, 64}},
        {"conv7", {1, 2, 2, 64}},
        {"conv8", {1, 4, 4, 32}}},
       489096},
      {"exemplar_cnn_small",
       {},
       {1, 32, 32, 3},
       {{"conv1", {1, 16, 16, 64}}, {"conv2", {1, 8, 8, 64}}, {"fc", {1, 1, 1, 128}}},
       631744},
      {"exemplar_cnn_medium",
       {.width = 16},
       {1, 41, 33, 3},
       {{"conv1", {1, 20, 16, 16}},
        {"conv2", {1, 10, 8, 32}},
        {"conv3", {1, 10, 8, 64}},
        {"fc", {1, 3, 1, 128}}},
       589728},
      {"exemplar_cnn_medium",
       {},
       {1, 32, 32, 3},
       {{"conv1", {1, 16, 16, 64}},
        {"conv2", {1, 8, 8, 128}},
        {"conv3", {1, 8, 8, 256}},
        {"fc", {1, 1, 1, 512}}},
       9418368},
      {"exemplar_cnn_large",
       {.channels = 1},
       {1, 32, 32, 1},
       {{"conv1", {1, 16, 16, 92}},
        {"conv2", {1, 8, 8, 256}},
        {"conv3", {1, 8, 8, 512}},
        {"fc", {1, 1, 1, 1024}}},
       37424216},
      // The convolutions of AlexNet in its two groups.
      {"cfn",
       {},
       {1, 64, 64, 3},
       {{"conv1", {1, 27, 27, 96}},
        {"pool1", {1, 13, 13, 96}},
        {"conv2", {1, 13, 13, 256}},
        {"pool2", {1, 6, 6, 256}},
        {"conv3", {1, 6, 6, 384}},
        {"conv4", {1, 6, 6, 384}},
        {"conv5", {1, 6, 6, 256}},
        {"pool5", {1, 2, 2, 256}}},
       2332704 + 1376},
      // The smallest tile that it takes.
      {"cfn_bn",
       {.width = 8, .channels = 1},
       {1, 39, 39, 1},
       {{"conv1", {1, 15, 15, 8}},
        {"pool1", {1, 7, 7, 8}},
        {"conv2", {1, 7, 7, 24}},
        {"pool2", {1, 3, 3, 24}},
        {"conv3", {1, 3, 3, 32}},
        {"conv4", {1, 3, 3, 32}},
        {"conv5", {1, 3, 3, 24}},
        {"pool5", {1, 1, 1, 24}}},
       18344 + 240},
      {"cfn_small",
       {.width = 16},
       {1, 20, 28, 3},
       {{"conv1", {1, 20, 28, 16}},
        {"pool1", {1, 10, 14, 16}},
        {"conv2", {1, 10, 14, 40}},
        {"pool2", {1, 5, 7, 40}},
        {"conv3", {1, 5, 7, 64}},
        {"conv4", {1, 5, 7, 64}},
        {"conv5", {1, 5, 7, 40}},
        {"pool5", {1, 3, 4, 40}}},
       62192 + 448,
       3646720},
  };
}

}  // namespace test
