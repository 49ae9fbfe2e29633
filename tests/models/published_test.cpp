// SPDX-License-Identifier: MIT
// The sizes that publications and torchvision state.
#include "pretext/cpu/batch_norm.hpp"
#include "pretext/cpu/concat.hpp"
#include "pretext/cpu/conv2d.hpp"
#include "pretext/cpu/dropout.hpp"
#include "pretext/cpu/linear.hpp"
#include "pretext/cpu/local_response_norm.hpp"
#include "pretext/cpu/pool.hpp"
#include "pretext/cpu/upsample.hpp"
#include "pretext/models/registry.hpp"
#include "pretext/nn/count.hpp"
#include "support.hpp"

namespace {

using namespace pretext;

/// A network with its classifier.
struct Published {
  std::string name;
  std::int64_t classes, side;
  std::int64_t parameters;
  double giga;  // multiplications with an addition, to three digits after the point; 0: not published
};

const Published table[] = {
    // torchvision's
    {"alexnet", 1000, 224, 61100840, 0.714},
    {"vgg19_bn", 1000, 224, 143678248, 19.632},
    {"resnet18", 1000, 224, 11689512, 1.814},
    {"resnet34", 1000, 224, 21797672, 3.664},
    {"resnet50", 1000, 224, 25557032, 4.089},
    {"resnet101", 1000, 224, 44549160, 7.801},
    {"wide_resnet50_2", 1000, 224, 68883240, 11.398},
    // Caffe's
    {"caffenet", 1000, 227, 60965224, 0.724},
    // He et al. 2015: 0.27, 0.46 and 0.85 million; Zagoruyko and Komodakis 2016: 11.0, 36.5 and 8.9 million
    {"resnet20", 10, 32, 269722, 0.041},
    {"resnet32", 10, 32, 464154, 0.069},
    {"resnet56", 10, 32, 853018, 0.125},
    {"wide_resnet_16_8", 10, 32, 10961370, 0},
    {"wide_resnet_28_10", 10, 32, 36479194, 0},
    {"wide_resnet_40_4", 10, 32, 8949210, 0},
    // Gidaris et al. 2018: 1.00, 1.41 and 1.82 million
    {"nin3", 4, 32, 1004484, 0.225},
    {"nin4", 4, 32, 1411140, 0.251},
    {"nin5", 4, 32, 1817796, 0.277},
    // By formula, from Kolesnikov et al.'s layers
    {"resnet50_v2", 1000, 224, 25549352, 4.089},
    {"revnet50", 1000, 224, 7457640, 1.348},
};

TEST_CASE("networks have as many parameters and multiplications as published") {
  for (const Published& row : table) {
    CAPTURE(row.name);
    Rng rng(1);
    auto net = models::backbone(row.name, {.classes = row.classes}, rng);
    CHECK(nn::count_parameters(net) == row.parameters);
    if (row.giga == 0) continue;
    const Shape input{1, row.side, row.side, 3};
    CHECK(std::abs(1e-9 * static_cast<double>(nn::count_multiplications(net, input)) - row.giga) <= 0.0005);
  }
}

}  // namespace
