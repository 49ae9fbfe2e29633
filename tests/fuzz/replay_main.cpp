// SPDX-License-Identifier: MIT
// Runs a fuzz target over files and over damaged versions of them, with any compiler and sanitizer:
//   x_fuzz [--mutate N] [--seed S] [--first I] [--budget MiB] FILE_OR_FOLDER...
// Ends with an error where the target lets an exception out, an input takes over 10 s of processor time, or
// the memory in use at one time exceeds the budget; the input is then left in fuzz-failure.bin.

#include <ctime>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "allocation_watch.hpp"
#include "mutate.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
#if defined(PRETEXT_FUZZ_SANITIZER)
extern "C" void __sanitizer_set_death_callback(void (*callback)());
#endif

namespace {

struct Options {
  std::uint64_t mutate = 0, seed = 1, first = 0;
  std::int64_t budget = 64;  // MiB
  std::vector<std::filesystem::path> files;
};

struct Report {
  std::uint64_t inputs = 0;
  double seconds = 0, slowest = 0;
};

const fuzz::Input* current = nullptr;  // the input that the target is at

void keep_input() {
  if (current == nullptr) return;
  std::ofstream("fuzz-failure.bin", std::ios::binary)
      .write(reinterpret_cast<const char*>(current->data()), static_cast<std::streamsize>(current->size()));
}

[[noreturn]] void give_up(const std::string& reason) {
  keep_input();
  std::cerr << "fuzz: " << reason << "; the input is in fuzz-failure.bin" << std::endl;
  std::_Exit(1);
}

double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

void run(const fuzz::Input& input, Report& report) {
  current = &input;
  const double start = processor_seconds();
  fuzz::allocation_watch.start();
  try {
    LLVMFuzzerTestOneInput(input.data(), input.size());
  } catch (const std::exception& error) {
    give_up(std::string("an exception left the target: ") + error.what());
  }
  fuzz::allocation_watch.stop();
  current = nullptr;
  const double seconds = processor_seconds() - start;
  ++report.inputs;
  report.seconds += seconds;
  report.slowest = std::max(report.slowest, seconds);
  if (seconds <= 10) return;
  current = &input;
  give_up("an input took " + std::to_string(seconds) + " s");
}

Options parse(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string argument = arguments[i];
    if (argument.substr(0, 2) != "--") {
      options.files.emplace_back(argument);
      continue;
    }
    if (i + 1 == count) throw std::invalid_argument(argument + " needs a number");
    const std::uint64_t value = std::stoull(arguments[++i]);
    if (argument == "--mutate")
      options.mutate = value;
    else if (argument == "--seed")
      options.seed = value;
    else if (argument == "--first")
      options.first = value;
    else if (argument == "--budget")
      options.budget = static_cast<std::int64_t>(value);
    else
      throw std::invalid_argument("unknown option " + argument);
  }
  return options;
}

std::vector<fuzz::Input> load(const std::vector<std::filesystem::path>& paths) {
  std::vector<std::filesystem::path> files;
  for (const auto& path : paths) {
    if (!std::filesystem::is_directory(path)) files.push_back(path);
    if (!std::filesystem::is_directory(path)) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path))
      if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<fuzz::Input> inputs;
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    if (!in) throw std::invalid_argument(file.string() + " cannot be read");
    inputs.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  if (inputs.empty()) throw std::invalid_argument("no files given, or none in the folders");
  return inputs;
}

void watch_memory(const Options& options) {
  fuzz::allocation_watch.limit = options.budget << 20;
  fuzz::allocation_watch.refused = [](std::int64_t bytes) {
    give_up("an input asks for " + std::to_string(bytes) + " bytes at one time, over the budget");
  };
  fuzz::install_allocation_watch();
#if defined(PRETEXT_FUZZ_SANITIZER)
  __sanitizer_set_death_callback(keep_input);
#endif
}

void replay(const Options& options) {
  const std::vector<fuzz::Input> corpus = load(options.files);
  watch_memory(options);
  Report report;
  for (const auto& input : corpus) run(input, report);
  fuzz::Mutator mutate(corpus, options.seed);
  for (std::uint64_t i = 0; i < options.mutate; ++i) {
    const fuzz::Input input = mutate(options.first + i);
    run(input, report);
  }
  std::cout << "fuzz: " << corpus.size() << " files and " << options.mutate << " damaged ones, "
            << static_cast<double>(report.inputs) / std::max(report.seconds, 1e-3) << " inputs/s, slowest "
            << report.slowest * 1e3 << " ms, largest allocation " << fuzz::allocation_watch.largest / 1024
            << " KiB, most memory at one time " << fuzz::allocation_watch.peak / 1024 << " KiB of "
            << options.budget * 1024 << std::endl;
}

}  // namespace

int main(int count, char** arguments) try {
  replay(parse(count, arguments));
  return 0;
} catch (const std::exception& error) {
  std::cerr << "fuzz: " << error.what() << std::endl;
  return 2;
}
