// SPDX-License-Identifier: MIT
#include "pretext/train/load_network.hpp"

#include <signal.h>
#include <sys/resource.h>

#include <cmath>
#include <string>
#include <vector>

#include "pretext/core/random.hpp"
#include "support.hpp"
#include "tiny.hpp"

using namespace pretext;
using namespace pretext::train;
namespace fs = std::filesystem;

namespace {

NamedTensor tensor(const std::string& name, const Shape& shape) {
  std::vector<float> values(static_cast<std::size_t>(shape.size()));
  Rng rng(7, Use::test);
  for (float& value : values) value = rng.uniform(-1, 1);
  return NamedTensor::of<float>(name, shape, values);
}

Checkpoint sample(std::int64_t epoch = 3) {
  Checkpoint c;
  c.info = {.epoch = epoch,
            .step = 17,
            .steps_per_epoch = 390,
            .batch = 128,
            .seed = 0xFFFFFFFFFFFFFFFF,
            .data_hash = 12345,
            .config_hash = 678,
            .task = "rotation",
            .model = "nin",
            .config = "epochs = 3\nname = \"\xC3\xA4\"\n",
            .epoch_totals = {1.0 / 3, 17, 1000, 2000},
            .record_totals = {5e-324, 7, 1, 2},
            .metrics = {100, 200},
            .facts = {{"decoder", "stb_image 2.30"}, {"command", "pretext pretrain"}}};
  c.network = {tensor("block1.conv1.weight", {4, 3, 3, 3}), tensor("block1.bn.running_mean", {4})};
  c.head = {tensor("weight", {2, 4}), tensor("bias", {2})};
  c.optimizer = {tensor("block1.conv1.weight.momentum_buffer", {4, 3, 3, 3}),
                 tensor("head.weight.momentum_buffer", {2, 4})};
  return c;
}

std::string bytes_of(const Checkpoint& checkpoint) {
  const test::TempDir dir;
  save_checkpoint(dir / "c", checkpoint);
  return test::read_file(dir / "c");
}

std::string error_of(const std::string& bytes) {
  try {
    parse_checkpoint({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, "c.safetensors");
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

/// What a file with other metadata is refused for.
std::string error_with(const std::string& key, const std::string& value) {
  const test::TempDir dir;
  TensorFile file = pretext::train::detail::to_file(sample());
  if (value == "none")
    file.metadata.erase(key);
  else
    file.metadata[key] = value;
  write_safetensors(dir / "c", file);
  return error_of(test::read_file(dir / "c"));
}

const auto ignore = [](std::string_view) {};

}  // namespace

TEST_CASE("a checkpoint gives back everything, to the bit") {
  const test::TempDir dir;
  const Checkpoint c = sample();
  save_checkpoint(dir / "c.safetensors", c);
  const Checkpoint back = load_checkpoint(dir / "c.safetensors");
  CHECK(hash_of(back.network) == hash_of(c.network));
  CHECK(hash_of(back.head) == hash_of(c.head));
  CHECK(hash_of(back.optimizer) == hash_of(c.optimizer));
  CHECK(pretext::train::detail::write_info(back.info) == pretext::train::detail::write_info(c.info));
  CHECK(back.info.seed == c.info.seed);
  CHECK(back.info.config == c.info.config);
  CHECK(back.info.epoch_totals.loss == 1.0 / 3);
  CHECK(back.info.record_totals.loss == 5e-324);
  CHECK(back.info.facts == c.info.facts);
}

TEST_CASE("the file of a training is the same for any number of threads") {
  const test::TempDir dir;
  for (const int threads : {1, 2}) {
    set_num_threads(threads);
    test::TinyTraining().fit(test::TinyTraining::options(dir / std::to_string(threads)));
  }
  CHECK(test::read_file(dir / "1/ckpt/last.safetensors") == test::read_file(dir / "2/ckpt/last.safetensors"));
}

TEST_CASE("the file has the names that users of PyTorch expect, and the network can be taken out alone") {
  const test::TempDir dir;
  save_checkpoint(dir / "c.safetensors", sample());
  std::vector<std::string> names;
  for (const NamedTensor& t : read_safetensors(dir / "c.safetensors").tensors) names.push_back(t.name);
  CHECK(names == std::vector<std::string>{"block1.conv1.weight", "block1.bn.running_mean", "head.weight",
                                          "head.bias", "optimizer.block1.conv1.weight.momentum_buffer",
                                          "optimizer.head.weight.momentum_buffer"});
  const auto network = load_network(dir / "c.safetensors");
  REQUIRE(network.size() == 2);
  CHECK(network[1].name == "block1.bn.running_mean");
}

TEST_CASE("every cut of a checkpoint and every flipped byte of its header is found") {
  const std::string whole = bytes_of(sample());
  REQUIRE(error_of(whole) == "no error");
  std::uint64_t header = 0;
  std::memcpy(&header, whole.data(), 8);
  int missed = 0;
  for (std::size_t at = 0; at < 8 + header; ++at) {
    missed += error_of(whole.substr(0, at)) == "no error" ? 1 : 0;
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x20);
    missed += error_of(flipped) == "no error" ? 1 : 0;
  }
  CHECK(missed == 0);
}

TEST_CASE("ten thousand random flips of a checkpoint are found") {
  const std::string whole = bytes_of(sample());
  Rng rng(11, Use::test);
  int missed = 0;
  for (int i = 0; i < 10000; ++i) {
    std::string bytes = whole;
    const std::size_t at = rng.below(static_cast<std::uint32_t>(bytes.size()));
    bytes[at] = static_cast<char>(bytes[at] ^ (1 + rng.below(255)));
    missed += error_of(bytes) == "no error" ? 1 : 0;
  }
  CHECK(missed == 0);
}

TEST_CASE("what is no checkpoint is refused with file and reason") {
  const auto holds = [](const std::string& text, const char* part) {
    CAPTURE(text);
    CAPTURE(part);
    CHECK(text.starts_with("c.safetensors: "));
    CHECK(text.find(part) != std::string::npos);
  };
  holds(error_with("checkpoint", "none"), "is not a checkpoint of a training");
  holds(error_with("checkpoint", "2"), "has the checkpoint format \"2\", and this program reads 1");
  holds(error_with("epoch", "none"), "lack \"epoch\"");
  holds(error_with("epoch", "x"), "which is not a number");
  holds(error_with("epoch", "-1"), "which is negative");
  holds(error_with("epoch", "1.5"), "which is not a number");
  holds(error_with("epoch", ""), "which is not a number");
  holds(error_with("epoch", "99999999999999999999"), "which is not a number");
  holds(error_with("step", "391"), "step 391 of 390");
  holds(error_with("epoch", "4294967296"), "say epoch 4294967296, which is above 4294967295");
  holds(error_with("epoch", "4611686018427387904"), "which is above 4294967295");
  holds(error_with("steps_per_epoch", "9223372036854775807"),
        "the steps of its epochs: 3 * 9223372036854775807");
  holds(error_with("steps_per_epoch", "3074457345618258602"), "the steps of its epochs: ");
  holds(error_with("epoch_totals.loss", "1e"), "which is not a number");
  holds(error_of(""), "too few for a safetensors file");
}

TEST_CASE("a ring keeps the last two checkpoints and nothing else") {
  const test::TempDir dir;
  const CheckpointRing ring(dir.path());
  CHECK_FALSE(ring.load(ignore).has_value());
  for (std::int64_t epoch = 1; epoch <= 3; ++epoch) ring.save(sample(epoch));
  CHECK(load_checkpoint(ring.last()).info.epoch == 3);
  CHECK(load_checkpoint(ring.previous()).info.epoch == 2);
  CHECK(ring.load(ignore)->info.epoch == 3);
  CHECK(std::distance(fs::directory_iterator(dir.path()), {}) == 2);
}

TEST_CASE("a damaged checkpoint gives way to the one before it, with a reason, and does not come back") {
  const test::TempDir dir;
  const CheckpointRing ring(dir.path());
  ring.save(sample(1));
  ring.save(sample(2));
  std::string bytes = test::read_file(ring.last());
  test::write_file(ring.last(), bytes.substr(0, bytes.size() / 2));
  std::string reason;
  CHECK(ring.load([&](std::string_view text) { reason = text; })->info.epoch == 1);
  CHECK(reason.find("last.safetensors: not a safetensors file") != std::string::npos);
  CHECK(reason.find("going on from the checkpoint before it") != std::string::npos);
  CHECK(ring.load(ignore)->info.epoch == 1);
  ring.save(sample(5));
  CHECK(load_checkpoint(ring.last()).info.epoch == 5);

  test::write_file(ring.last(), "");
  test::write_file(ring.previous(), "");
  CHECK_THROWS_WITH_AS(ring.load(ignore), doctest::Contains("; and the one before it: "), Error);
  fs::remove(ring.previous());
  CHECK_THROWS_WITH_AS(ring.load(ignore), doctest::Contains("there is no older checkpoint beside it"), Error);
}

TEST_CASE("a save that is cut off at any byte leaves the checkpoint before it, and no torn file") {
  const test::TempDir dir;
  const CheckpointRing ring(dir.path());
  ring.save(sample(1));
  const auto size = static_cast<rlim_t>(fs::file_size(ring.last()));
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto old = ::signal(SIGXFSZ, SIG_IGN);
  int failed = 0, whole = 0, rest = 0;
  // A disk that is full after so many bytes; in the header every one, then every hundredth.
  for (rlim_t limit = 0; limit < size; limit += limit < 64 ? 1 : 101) {
    rlimit tight = before;
    tight.rlim_cur = limit;
    ::setrlimit(RLIMIT_FSIZE, &tight);
    try {
      ring.save(sample(2));
    } catch (const Error& error) {
      failed +=
          std::string(error.what()).find("cannot be written: File too large") != std::string::npos ? 1 : 0;
    }
    ::setrlimit(RLIMIT_FSIZE, &before);
    whole += load_checkpoint(ring.last()).info.epoch == 1 ? 1 : 0;
    rest += static_cast<int>(std::distance(fs::directory_iterator(dir.path()), {})) - 1;
  }
  ::signal(SIGXFSZ, old);
  CHECK(failed > 64);
  CHECK(whole == failed);
  CHECK(rest == 0);
  ring.save(sample(2));
  CHECK(load_checkpoint(ring.last()).info.epoch == 2);
}

TEST_CASE("a save that ends between its two renames, or in the second, loses nothing") {
  const test::TempDir dir;
  const CheckpointRing ring(dir.path());
  ring.save(sample(1));
  ring.save(sample(2));
  fs::rename(ring.last(), ring.previous());
  std::string reason;
  CHECK(ring.load([&](std::string_view text) { reason = text; })->info.epoch == 2);
  CHECK(reason.find("last.safetensors: is missing; going on") != std::string::npos);

  // Nothing can be renamed onto a folder that is not empty.
  fs::create_directories(ring.last() / "in the way");
  CHECK_THROWS_WITH_AS(ring.save(sample(3)), doctest::Contains("cannot be renamed into place"), Error);
  CHECK(ring.load(ignore)->info.epoch == 2);
}
