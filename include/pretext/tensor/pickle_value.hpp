// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>

#include "pretext/tensor/named_tensor.hpp"

// A pickle is a program for a machine with a stack, and Python's own reader calls whatever the program names.
// This one makes values alone: it knows the names below, calls none of them, and refuses every other.
namespace pretext::detail::pickle {

/// What a state dict may name.
enum class Global : std::uint8_t { ordered_dict, size, tensor, parameter, storage };

struct KnownGlobal {
  std::string_view module, name;
  Global what;
  std::string_view element{};  ///< of a storage, as errors call it
  Dtype dtype{};
  bool readable = true;  ///< a Dtype stands for the elements
};

inline constexpr KnownGlobal known_globals[] = {
    {"collections", "OrderedDict", Global::ordered_dict},
    {"torch", "Size", Global::size},
    {"torch._utils", "_rebuild_tensor_v2", Global::tensor},
    {"torch._utils", "_rebuild_parameter", Global::parameter},
    {"torch", "FloatStorage", Global::storage, "float32", Dtype::f32},
    {"torch", "DoubleStorage", Global::storage, "float64", Dtype::f64},
    {"torch", "HalfStorage", Global::storage, "float16", Dtype::f16},
    {"torch", "BFloat16Storage", Global::storage, "bfloat16", Dtype::bf16},
    {"torch", "LongStorage", Global::storage, "int64", Dtype::i64},
    {"torch", "IntStorage", Global::storage, "int32", Dtype::i32},
    {"torch", "ByteStorage", Global::storage, "uint8", Dtype::u8},
    {"torch", "ShortStorage", Global::storage, "int16", {}, false},
    {"torch", "CharStorage", Global::storage, "int8", {}, false},
    {"torch", "BoolStorage", Global::storage, "bool", {}, false},
    {"torch", "ComplexFloatStorage", Global::storage, "complex64", {}, false},
    {"torch", "ComplexDoubleStorage", Global::storage, "complex128", {}, false},
};

enum class Kind : std::uint8_t {
  mark,
  none,
  boolean,
  integer,
  real,
  text,
  global,  ///< number: its place in known_globals
  tuple,   ///< from here on, number: the place of its items
  list,
  dict,     ///< keys and values in turn
  storage,  ///< the items of what torch calls a persistent id
  tensor    ///< storage, offset, size, strides, ...
};

/// A value; texts are views of the pickle.
struct Value {
  Kind kind = Kind::none;
  std::uint32_t length = 0;  // of a text
  union {
    std::int64_t number = 0;
    double real;
    const char* text;
  };

  static Value of(Kind kind, std::int64_t number = 0) {
    Value value;
    value.kind = kind;
    value.number = number;
    return value;
  }
  std::string_view view() const { return kind == Kind::text ? std::string_view(text, length) : ""; }
  const KnownGlobal* global() const { return kind == Kind::global ? &known_globals[number] : nullptr; }
  bool is(Global what) const { return kind == Kind::global && global()->what == what; }
};

}  // namespace pretext::detail::pickle
