// SPDX-License-Identifier: MIT
// Runs one measured piece of work for each line on stdin and answers with its seconds, so that a driver can
// alternate this engine with others (benches/compare.py). The last lines are records in JSON. What a line
// may say is told where the work is, in serve/.
#include <sstream>

#include "serve/layers.hpp"
#include "serve/peaks.hpp"
#include "serve/pipeline.hpp"
#include "serve/probes.hpp"
#include "serve/steps.hpp"
#include "serve/views.hpp"

namespace {

using namespace bench;

constexpr const char* usage =
    "usage: serve step MODEL BATCH THREADS [strict | recompute] | infer MODEL BATCH THREADS | conv BATCH "
    "THREADS\n"
    "       | batch PICTURES THREADS | views PICTURES THREADS | peak THREADS\n"
    "       | probe ROWS DIMS CLASSES THREADS [FILE] | knn BANK QUERIES DIMS THREADS [FILE]\n";

/// False where the words make no sense.
bool run(const std::vector<std::string>& words) {
  // A name, so many numbers, of which the last is that of threads, and maybe one word more.
  const auto is = [&](const char* name, std::size_t numbers, bool more = false) {
    const bool fits = !words.empty() && words[0] == name && words.size() > numbers &&
                      words.size() <= numbers + 1 + (more ? 1 : 0);
    if (fits) set_num_threads(std::stoi(words[numbers]));
    return fits;
  };
  const auto number = [&](std::size_t i) { return std::stoll(words.at(i)); };
  const auto text = [&](std::size_t i) { return words.size() > i ? words[i] : std::string(); };
  if (is("step", 3, true)) {
    set_precision(text(4) == "strict" ? Precision::strict : Precision::fast);
    serve_steps(words[1], number(2), text(4) == "recompute");
  } else if (is("infer", 3)) {
    serve_inference(words[1], number(2));
  } else if (is("conv", 2)) {
    serve_layers(number(1));
  } else if (is("batch", 2)) {
    serve_batches(number(1));
  } else if (is("views", 2)) {
    serve_views(number(1));
  } else if (is("peak", 1)) {
    serve_peaks();
  } else if (is("probe", 4, true)) {
    serve_probe(number(1), number(2), static_cast<int>(number(3)), text(5));
  } else if (is("knn", 4, true)) {
    serve_knn(number(1), number(2), number(3), text(5));
  } else {
    return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (run({argv + 1, argv + argc})) return 0;
    std::cerr << usage;
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "serve: " << error.what() << "\n";
    return 1;
  }
}
