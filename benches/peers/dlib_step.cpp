// SPDX-License-Identifier: MIT
// Times whole training steps of NIN-4 in dlib: forward, backward and update, on one batch that is there
// already. usage: dlib_step batch; each line of stdin asks for one step. The environment says how many
// threads work: OPENBLAS_NUM_THREADS and DLIB_NUM_THREADS. dlib's momentum is plain, not Nesterov's.
#include <dlib/dnn.h>

#include "peer.hpp"

namespace {

template <int Outputs, int Kernel, class Below>
using Convolution = dlib::relu<
    dlib::bn_con<dlib::add_layer<dlib::con_<Outputs, Kernel, Kernel, 1, 1, Kernel / 2, Kernel / 2>, Below>>>;

template <int Kernel, int A, int B, int C, class Below>
using Block = Convolution<C, 1, Convolution<B, 1, Convolution<A, Kernel, Below>>>;

template <class Below>
using MaxPool = dlib::add_layer<dlib::max_pool_<3, 3, 2, 2, 1, 1>, Below>;
template <class Below>
using AveragePool = dlib::add_layer<dlib::avg_pool_<3, 3, 2, 2, 1, 1>, Below>;

using Stem = MaxPool<Block<5, 192, 160, 96, dlib::input<std::array<dlib::matrix<float>, 3>>>>;
using Backbone = Block<3, 192, 192, 192, Block<3, 192, 192, 192, AveragePool<Block<5, 192, 192, 192, Stem>>>>;
using Network = dlib::loss_multiclass_log<dlib::fc<4, dlib::avg_pool_everything<Backbone>>>;

}  // namespace

int main(int argc, char** argv) {
  const long batch = argc > 1 ? std::stol(argv[1]) : 128;
  std::vector<std::array<dlib::matrix<float>, 3>> pictures(static_cast<std::size_t>(batch));
  std::vector<unsigned long> labels;
  dlib::rand random(1);
  for (auto& picture : pictures) {
    for (auto& plane : picture) plane = dlib::matrix_cast<float>(dlib::randm(32, 32, random)) - 0.5F;
    labels.push_back(labels.size() % 4);
  }
  Network net;
  dlib::disable_duplicative_biases(net);
  dlib::resizable_tensor inputs;
  net.to_tensor(pictures.begin(), pictures.end(), inputs);
  std::vector<dlib::sgd> solvers(Network::num_computational_layers, dlib::sgd(5e-4F, 0.9F));
  peer::serve_steps("dlib", DLIB_VERSION_TEXT, batch, [&] {
    net.compute_parameter_gradients(inputs, labels.begin());
    net.update_parameters(dlib::make_sstack(solvers), 0.01);
  });
}
