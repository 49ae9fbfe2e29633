// SPDX-License-Identifier: MIT
#include "pretext/tensor/pth.hpp"

#include <limits>

#include "peers.hpp"
#include "tensor/pth_maker.hpp"

namespace test::pth {
namespace {

using namespace pretext;

const std::string six = values<float>({1, 2, 3, 4, 5, 6});

TensorFile read(const std::string& bytes, const ReadOptions& options = {}) {
  return parse_pth(bytes_of(bytes), "weights.pth", options);
}

std::string error_of(const std::string& bytes, const ReadOptions& options = {}) {
  try {
    read(bytes, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

void check_error(const std::string& bytes, const std::string& part, const ReadOptions& options = {}) {
  const std::string error = error_of(bytes, options);
  CAPTURE(error);
  CHECK(error.starts_with("weights.pth: not a .pth file that can be read: "));
  CHECK(error.find(part) != std::string::npos);
}

/// The error of a pickle beside one storage of six floats.
void check_pickle(const std::string& value, const std::string& part) {
  check_error(file(value, {six}), part);
}

std::vector<float> floats(const TensorForm& form, const std::string& storage = six) {
  const TensorFile file = read(pth::file(dict({{"a", tensor(form)}}), {storage}));
  REQUIRE(file.tensors.size() == 1);
  CHECK(file.tensors[0].shape == Shape(form.shape));
  return file.tensors[0].as<float>();
}

std::vector<std::string> names_of(const TensorFile& file) {
  std::vector<std::string> names;
  for (const NamedTensor& t : file.tensors) names.push_back(t.name);
  return names;
}

using Names = std::vector<std::string>;
using Floats = std::vector<float>;

}  // namespace

TEST_CASE("a .pth file gives the tensors of its state dict in order, with names, types, shapes and values") {
  const std::string ordered = global("collections", "OrderedDict") + ")R";
  const std::string entries =
      "(" + text("conv.weight") + tensor({}) + text("bn.num_batches_tracked") +
      tensor({.key = "1", .elements = 1, .shape = {}, .strides = {}, .type = "LongStorage"}) + text("mask") +
      tensor({.key = "2", .elements = 3, .shape = {3}, .strides = {1}, .type = "ByteStorage"}) + "u";
  const std::string versions = "}(" + text("_metadata") + dict({{"version", integer(2)}}) + "ub";
  const TensorFile file = read(pth::file(
      ordered + entries + versions, {six, values<std::int64_t>({-7}), values<std::uint8_t>({0, 1, 255})}));
  CHECK(names_of(file) == Names{"conv.weight", "bn.num_batches_tracked", "mask"});
  CHECK(file.tensors[0].shape == Shape{2, 3});
  CHECK(file.tensors[0].as<float>() == Floats{1, 2, 3, 4, 5, 6});
  CHECK(file.tensors[1].as<std::int64_t>() == std::vector<std::int64_t>{-7});
  CHECK(file.tensors[1].shape == Shape{});
  CHECK(file.tensors[2].as<std::uint8_t>() == std::vector<std::uint8_t>{0, 1, 255});
}

TEST_CASE("strides, offsets and shared storages are followed") {
  CHECK(floats({.shape = {3, 2}, .strides = {1, 3}}) == Floats{1, 4, 2, 5, 3, 6});
  CHECK(floats({.shape = {2, 2}, .strides = {3, 1}, .offset = 1}) == Floats{2, 3, 5, 6});
  CHECK(floats({.shape = {2}, .strides = {5}}) == Floats{1, 6});
  CHECK(floats({.shape = {2, 2}, .strides = {0, 1}, .offset = 4}) == Floats{5, 6, 5, 6});
  CHECK(floats({.shape = {1, 6}, .strides = {99, 1}}) == Floats{1, 2, 3, 4, 5, 6});
  CHECK(floats({.shape = {}, .strides = {}, .offset = 5}) == Floats{6});
  CHECK(floats({.shape = {2, 1, 3}, .strides = {1, 7, 2}}) == Floats{1, 3, 5, 2, 4, 6});
  constexpr auto any = std::numeric_limits<std::int64_t>::max();
  CHECK(floats({.shape = {2, 1}, .strides = {3, any}}) == Floats{1, 4});
  CHECK(floats({.shape = {1, 2}, .strides = {any, 3}}) == Floats{1, 4});
  CHECK(floats({.shape = {0, 5}, .strides = {5, 1}, .offset = 6}).empty());
  CHECK(floats({.elements = 0, .shape = {0}, .strides = {1}}, "").empty());
  const TensorFile tied =
      read(file(dict({{"a", tensor({})}, {"b", tensor({.shape = {6}, .strides = {1}})}}), {six}));
  CHECK(tied.tensors[0].as<float>() == tied.tensors[1].as<float>());
}

TEST_CASE("f16 and bf16 widen to floats exactly") {
  const std::vector<std::uint16_t> f16{0x3C00, 0xC000, 0x0001, 0x83FF, 0x7BFF,
                                       0x7C00, 0x3555, 0x0400, 0x8000};
  const std::vector<float> expected{1,
                                    -2,
                                    5.9604644775390625e-8F,
                                    -6.097555160522461e-5F,
                                    65504,
                                    std::numeric_limits<float>::infinity(),
                                    0.333251953125F,
                                    6.103515625e-5F,
                                    -0.0F};
  const TensorForm form{.elements = 9, .shape = {9}, .strides = {1}, .type = "HalfStorage"};
  const TensorFile file = read(pth::file(dict({{"a", tensor(form)}}), {values(f16)}));
  CHECK(file.tensors[0].dtype == Dtype::f16);
  CHECK(widened(file.tensors[0]).as<float>() == expected);
  CHECK(std::isnan(from_f16(0x7E00)));
  const TensorForm upper{.elements = 2, .shape = {2}, .strides = {1}, .type = "BFloat16Storage"};
  const TensorFile bf16s =
      read(pth::file(dict({{"a", tensor(upper)}}), {values<std::uint16_t>({0x3F80, 0xC000})}));
  CHECK(widened(bf16s.tensors[0]).as<float>() == Floats{1, -2});
  CHECK_THROWS_AS(widened(NamedTensor::of<float>("a", {1}, Floats{1})), Error);
}

TEST_CASE("parameters are the tensors in them, and what is no tensor is left out") {
  const std::string parameter = global("torch._utils", "_rebuild_parameter") +
                                tuple({tensor({}), "\x88", global("collections", "OrderedDict") + ")R"}) +
                                "R";
  const std::string sized = global("torch", "Size") + tuple({integers({2})}) + "R";
  const TensorFile found = read(file(dict({{"w", parameter},
                                           {"epoch", integer(3)},
                                           {"lr", "G\x3F\xB9\x99\x99\x99\x99\x99\x9A"},
                                           {"long", integer(std::int64_t{1} << 40)},
                                           {"none", "N"},
                                           {"list", "](K\1M\1\1eK\2a"},
                                           {"sized", sized},
                                           {"extra", dict({})}}),
                                     {six}));
  CHECK(names_of(found) == Names{"w"});
}

TEST_CASE("of nested dicts the one with tensors is read, and of several the one that is named") {
  const std::string a = dict({{"a", tensor({})}}), b = dict({{"b", tensor({})}}),
                    numbers = dict({{"lr", "N"}});
  CHECK(names_of(read(file(dict({{"epoch", integer(1)}, {"state_dict", a}, {"args", numbers}}), {six}))) ==
        Names{"a"});
  CHECK(names_of(read(file(dict({{"x", dict({{"model", a}})}}), {six}))) == Names{"a"});
  // Tensors at the top come before those further in.
  CHECK(names_of(read(file(dict({{"t", tensor({})}, {"model", a}}), {six}))) == Names{"t"});
  const std::string two = file(dict({{"model", a}, {"ema", dict({{"model", b}})}}), {six});
  check_error(two, "several dicts of tensors; say which is meant:\n  \"model\"\n  \"ema/model\"");
  CHECK(names_of(read(two, {.dict = "model"})) == Names{"a"});
  CHECK(names_of(read(two, {.dict = "ema/model"})) == Names{"b"});
  check_error(two, "no dict of tensors is at \"ema\"; there are\n  \"model\"", {.dict = "ema"});
  // One dict under two keys is one dict.
  const std::string shared =
      "}(" + text("x") + a + "q" + number<std::uint8_t>(0) + text("y") + "h" + number<std::uint8_t>(0) + "u";
  CHECK(names_of(read(file(shared, {six}))) == Names{"a"});
  check_pickle(numbers, "no dict in it holds tensors");
  check_pickle(tensor({}), "but a single tensor");
  check_pickle("K\1", "but something else");
}

TEST_CASE("a dict that holds itself is a dict like any other") {
  const std::string loop = "}q" + number<std::uint8_t>(0) + "(" + text("self") + "h" +
                           number<std::uint8_t>(0) + text("a") + tensor({}) + "u";
  CHECK(names_of(read(file(loop, {six}))) == Names{"a"});
}

TEST_CASE("archives may have comments, 64-bit sizes and no checksums") {
  const std::string value = dict({{"a", tensor({})}});
  for (const ZipForm& form : {ZipForm{.zip64 = true}, {.sums = false}, {.comment = "PK\5\6 by hand"}})
    CHECK(read(file(value, {six}, form)).tensors.at(0).as<float>() == Floats{1, 2, 3, 4, 5, 6});
}

TEST_CASE("whatever a pickle would execute is refused by name, with its place") {
  check_pickle(
      global("os", "system") + tuple({text("touch executed")}) + "R",
      "at byte 2 of its pickle: it asks for \"os\" \"system\", which no tensor needs; nothing was executed");
  for (const auto& [module, name] : {std::pair{"builtins", "eval"},
                                     {"posix", "system"},
                                     {"torch", "load"},
                                     {"collections", "Counter"},
                                     {"torch._utils", "_rebuild_tensor_v3"},
                                     {"os\nsystem", "x"},
                                     {"", ""}})
    check_pickle(global(module, name), "which no tensor needs");
  check_pickle("}" + global("argparse", "Namespace") + ")\x81", "it asks for \"argparse\" \"Namespace\"");
  check_pickle("ios\nsystem\n", "at byte 2 of its pickle: the opcode 105 INST has no place in a state dict");
  check_pickle("X\2\0\0\0osX\6\0\0\0system\x93"s, "the opcode 147 STACK_GLOBAL");
  check_pickle("N\x81", "the opcode 129 NEWOBJ");
  check_pickle("(o", "the opcode 111 OBJ");
  check_pickle("\x82\1", "the opcode 130 EXT1");
  check_pickle("P0\n", "the opcode 80 PERSID");
  check_pickle("\xFE", "the opcode 254 has no place");
  check_pickle("\x80\x04N", "it has the protocol 4");
  CHECK(!std::filesystem::exists("executed"));
}

TEST_CASE("programs that do not hold together are refused") {
  const std::string no_value = "a value is missing";
  for (const char* code : {"\x85", "N\x86", "R", "NR", "a", "s", "Q", "b", "(NR", "(\x85"})
    check_pickle(code, no_value);
  check_pickle("t", "no mark was set");
  check_pickle("NN", "it leaves 2 values instead of one");
  check_pickle("Ne", "no mark was set");
  check_pickle("N(Ne", "only lists and dicts can take values");
  check_pickle("](NNu", "only lists and dicts can take values");
  check_pickle("}(Nu", "a key has no value");
  check_pickle("h\7", "value 7 was never remembered");
  check_pickle("Nr\xFF\xFF\xFF\xFF", "value 4294967295 is remembered before value 0");
  check_pickle("(q"s + '\0', "there is nothing to remember");
  check_pickle("}Ns", "only lists and dicts can take values");
  check_pickle("NNb", "only dicts may have attributes");
  check_pickle("}b", "only dicts may have attributes");
  check_pickle("\x8A\x09" + std::string(9, '\1'), "a whole number of 9 bytes is too large");
  check_pickle("X\xFF\xFF\xFF\xFFx", "it is cut off");
  check_pickle("cos", "a name is cut off");
  check_pickle("N)R", "only known names make values");
  check_pickle(global("torch", "FloatStorage") + ")R", "not the arguments of FloatStorage");
  check_pickle(global("torch._utils", "_rebuild_tensor_v2") + ")R",
               "not the arguments of _rebuild_tensor_v2");
  check_pickle(global("torch._utils", "_rebuild_parameter") + tuple({"N"}) + "R",
               "not the arguments of _rebuild_parameter");
  check_pickle(global("collections", "OrderedDict") + tuple({"N"}) + "R", "not the arguments of OrderedDict");
  check_pickle(text("0") + "Q", "a storage is described by other things");
  check_pickle(
      tuple({text("module"), global("torch", "FloatStorage"), text("0"), text("cpu"), integer(6)}) + "Q",
      "a storage is described by other things");
  check_error(zip({{"archive/data.pkl", ""}}), "it is cut off");
}

TEST_CASE("nesting and repetition are bounded by the size of the file") {
  // As deep as it may be: nothing here is recursive.
  std::string deep = "N";
  for (int i = 0; i < 30000; ++i) deep += "\x85";
  check_pickle(deep, "but something else");
  check_pickle(std::string(200000, ']'), "values, too many for a file of this size");
  std::string memo = "N";
  for (std::uint32_t i = 0; i < 100000; ++i) memo += "r" + number(i);
  check_pickle(memo, "values, too many for a file of this size");
  // Each tuple holds the one before twice: 2^64 leaves, of which none is ever walked.
  std::string doubling = "N";
  for (int i = 0; i < 64; ++i)
    doubling +=
        "q" + number(static_cast<std::uint8_t>(i)) + "h" + number(static_cast<std::uint8_t>(i)) + "\x86";
  check_pickle(doubling, "but something else");
}

TEST_CASE("tensors that lie elsewhere than in their storage are refused") {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const auto check = [](const TensorForm& form, const std::string& part) {
    check_pickle(dict({{"a", tensor(form)}}), "tensor \"a\": ");
    check_pickle(dict({{"a", tensor(form)}}), part);
  };
  check({.offset = 1}, "shape [2, 3] from element 1 ends at element 7 of a storage of 6");
  check({.offset = -1}, "from element -1");
  check({.strides = {4, 1}}, "ends at element 7 of a storage of 6");
  check({.strides = {-3, 1}, .offset = 3}, "stride -3 is negative");
  check({.strides = {3}}, "shape [2, 3] has 1 strides");
  check({.shape = {-2, 3}}, "negative extent");
  check({.shape = {1, 1, 1, 1, 1, 1, 1}, .strides = {1, 1, 1, 1, 1, 1, 1}}, "at most 6 axes");
  check({.shape = {most, most}}, "is too large");
  check({.shape = {2, 3}, .strides = {most, most}}, "is too large");
  check({.shape = {1, 1}, .offset = most}, "is too large");
  check({.elements = most}, "is too large");
  check({.elements = 7}, "the storage \"0\" holds 24 bytes, but should hold 28");
  check({.elements = -6}, "but should hold -24");
  check({.key = "9"}, "the storage \"9\" is not in the archive");
  check({.key = "../data.pkl"}, "is not in the archive");
  // One element, repeated: more than the file's bytes could ever be.
  check({.shape = {std::int64_t{1} << 40}, .strides = {0}},
        "repeats what a storage of 6 elements holds once");
  std::vector<std::pair<std::string, std::string>> many;
  for (int i = 0; i < 100; ++i) many.emplace_back(std::to_string(i), "h"s + '\0');
  const std::string large(1 << 16, 'x');
  const TensorForm form{.elements = 1 << 14, .shape = {1 << 14}, .strides = {1}};
  const std::string repeated = file(dict({{"0", tensor(form) + "q"s + '\0'}, {"many", dict(many)}}), {large});
  CHECK(error_of(repeated) == "no error");
  check_error(repeated, "all tensors take over four times", {.dict = "many"});
}

TEST_CASE("types that cannot be read are listed all at once, and names may not repeat") {
  const TensorForm flags{.elements = 24, .shape = {24}, .strides = {1}, .type = "BoolStorage"};
  const TensorForm complex{.elements = 3, .shape = {3}, .strides = {1}, .type = "ComplexFloatStorage"};
  check_pickle(dict({{"w", tensor({})}, {"mask", tensor(flags)}, {"f", tensor(complex)}}),
               "a type that cannot be read:\n  \"mask\" of bool\n  \"f\" of complex64");
  check_pickle(dict({{"w", tensor({})}, {"w", tensor({})}}), "two tensors are named \"w\"");
}

TEST_CASE("archives that are damaged or packed otherwise are refused") {
  const std::string good = file(dict({{"a", tensor({})}}), {six});
  for (std::size_t size = 0; size < good.size(); ++size) CHECK(error_of(good.substr(0, size)) != "no error");
  const std::string program = pickle(dict({{"a", tensor({})}}));
  const auto with = [&](const Member& storage) { return zip({{"archive/data.pkl", program}, storage}); };
  check_error(with({.name = "archive/data/0", .bytes = six, .method = 8}), "is compressed or encrypted");
  check_error(with({.name = "archive/data/0", .bytes = six, .flags = 1}), "is compressed or encrypted");
  check_error(with({.name = "archive/data/0", .bytes = six, .local_name = "archive/data/1"}),
              "another name where it lies");
  check_error(with({.name = "archive/data/0", .bytes = six, .claimed = 1000}), "claims 1024 bytes");
  check_error(with({.name = "archive/data/0", .bytes = six, .crc_error = 1}), "the file is damaged");
  check_error(zip({{"archive/data.pkl", program}, {"archive/data/0", six}, {"archive/data/0", six}}),
              "two members are named \"archive/data/0\"");
  check_error(zip({{"archive/data.pkl", program, 0, 0, "", 100}, {"archive/data/0", six}}), "overlap");
  check_error(zip({{"data.pkl", program}}), "a zip archive without a data.pkl");
  check_error(zip({{"a/b/data.pkl", program}}), "a zip archive without a data.pkl");
  check_error(zip({{"a/data.pkl", program}, {"b/data.pkl", program}}),
              "it has two objects, in \"a/\" and \"b/data.pkl\"");
  check_error(zip({{"a/data.pkl", program}, {"a/constants.pkl", ""}}), "it is a TorchScript program");
  check_error(zip({{"a/data.pkl", program}, {"a/byteorder", "big"}}), "the byte order \"big\"");
  check_error("", "too few for a zip archive");
  check_error(std::string(100, 'x'), "no list of members at its end");
}

TEST_CASE("fields of an archive that claim too much are refused") {
  const std::string good = file(dict({{"a", tensor({})}}), {six}, {.zip64 = true});
  const std::size_t end64 = good.find("PK\6\6"), list = good.find("PK\1\2"), end = good.find("PK\6\7");
  for (const std::size_t at : {end64 + 32, end64 + 40, end64 + 48, end + 8, list + 46 + 16 + 4,
                               list + 46 + 16 + 12, list + 46 + 16 + 20})
    for (const std::uint64_t value :
         {~std::uint64_t{0}, std::uint64_t{1} << 63, std::uint64_t{good.size()}}) {
      std::string bytes = good;
      bytes.replace(at, 8, number(value));
      CAPTURE(at);
      CHECK(error_of(bytes) != "no error");
    }
}

TEST_CASE("the format of old PyTorch is refused with the way to convert it") {
  const std::string legacy = "\x80\x02\x8A\x0A\x6C\xFC\x9C\x46\xF9\x20\x6A\xA8\x50\x19.";
  check_error(legacy, "torch.save(torch.load(file, weights_only=True), file)");
}

TEST_CASE("the first bytes of a file say how it is read") {
  const TempDir dir;
  write_file(dir / "a.pth", file(dict({{"a", tensor({})}}), {six}));
  write_file(dir / "b.pth", "neither");
  write_safetensors(dir / "a.safetensors",
                    {{NamedTensor::of<float>("a", {2, 3}, Floats{1, 2, 3, 4, 5, 6})}, {}});
  CHECK(hash_of(read_tensors(dir / "a.pth").tensors) == hash_of(read_tensors(dir / "a.safetensors").tensors));
  CHECK_THROWS_WITH_AS(read_tensors(dir / "b.pth"),
                       doctest::Contains("is neither a safetensors nor a .pth file by its first bytes, of 7"),
                       Error);
  CHECK_THROWS_WITH_AS(read_tensors(dir / "a.safetensors", {.dict = "model"}),
                       doctest::Contains("only a .pth file has dicts to choose from"), Error);
  CHECK_THROWS_WITH_AS(read_tensors(dir / "none.pth"), doctest::Contains("cannot be opened"), Error);
}

TEST_CASE("what PyTorch writes is read as safetensors writes it, and what it would execute is refused") {
  if (!has_python_modules("torch, safetensors")) return;
  const TempDir folder;
  REQUIRE(run_peer("pth_files.py", "'" + folder.path().string() + "' 2> /dev/null"));
  for (const std::string name : {"state", "views", "checkpoint", "no_sums"}) {
    CAPTURE(name);
    std::map<std::string, NamedTensor> expected;
    for (const NamedTensor& t : read_tensors(folder / (name + ".safetensors")).tensors) expected[t.name] = t;
    const TensorFile file = read_tensors(folder / (name + ".pth"));
    CHECK(file.tensors.size() == expected.size());
    for (const NamedTensor& t : file.tensors) {
      CAPTURE(t.name);
      CHECK(hash_of(Span(&t, 1)) == hash_of(Span(&expected[t.name], 1)));
    }
  }
  for (const auto& [name, part] :
       {std::pair{"module", "it asks for \"torch.nn.modules.container\" \"Sequential\""},
        {"legacy", "the format that torch.save wrote before version 1.6"},
        {"protocol", "it has the protocol 4"},
        {"attack", "it asks for \"posix\" \"system\", which no tensor needs; nothing was executed"},
        {"script", "it is a TorchScript program"}})
    CHECK_THROWS_WITH_AS(read_tensors(folder / ("refused_" + std::string(name) + ".pth")),
                         doctest::Contains(part), Error);
  CHECK(!std::filesystem::exists(folder / "executed"));
}

}  // namespace test::pth
