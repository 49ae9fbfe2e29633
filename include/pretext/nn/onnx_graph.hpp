// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "pretext/core/config.hpp"
#include "pretext/core/error.hpp"
#include "pretext/core/protobuf.hpp"
#include "pretext/tensor/shape.hpp"

namespace pretext::nn {

/// A graph of ONNX operators under construction. Field numbers are those of onnx.proto.
class OnnxGraph {
 public:
  static constexpr std::int64_t opset = 13, ir_version = 7;
  enum class Element : std::uint8_t { float32 = 1, int64 = 7 };
  using Names = std::vector<std::string>;

  /// One attribute of a node.
  class Attribute {
   public:
    Attribute(const char* name, std::int64_t value) { begin(name, 2).integer(3, value); }
    Attribute(const char* name, double value) { begin(name, 1).real(2, static_cast<float>(value)); }
    Attribute(const char* name, const char* value) { begin(name, 3).text(4, value); }
    Attribute(const char* name, const std::vector<std::int64_t>& values) {
      begin(name, 7);
      for (const std::int64_t value : values) message.integer(8, value);
    }
    ProtobufMessage message;

   private:
    ProtobufMessage& begin(const char* name, int type) { return message.text(1, name).integer(20, type); }
  };

  /// A value that the graph is given: [batch, ...], of which the shape has the rest.
  void input(const std::string& name, const Shape& shape) {
    take(name);
    graph_.message(11, value(name, shape));
  }

  /// Names a value as one that the graph gives back; throws where another one has the name.
  void output(const std::string& name, const std::string& of, const Shape& shape) {
    take(name);
    add_node("Identity", {of}, name, {});
    graph_.message(12, value(name, shape));
  }

  /// A tensor that belongs to the graph.
  std::string constant(const Shape& shape, Span<const float> values) {
    return tensor(Element::float32, shape.dims(), bytes_of(values.data(), values.size()));
  }
  std::string constant(const std::vector<std::int64_t>& values) {
    const std::int64_t count = std::ssize(values);
    return tensor(Element::int64, {&count, 1}, bytes_of(values.data(), values.size()));
  }

  /// Adds a node with one result and returns its name.
  std::string node(const char* type, const Names& inputs, const std::vector<Attribute>& attributes = {}) {
    const std::string result = next_name();
    add_node(type, inputs, result, attributes);
    return result;
  }

  /// The whole model.
  std::string model(const std::map<std::string, std::string>& metadata) {
    graph_.text(2, "network");
    ProtobufMessage model;
    model.integer(1, ir_version).text(2, "pretext").text(3, PRETEXT_VERSION);
    model.message(8, ProtobufMessage().text(1, "").integer(2, opset));
    for (const auto& [key, text] : metadata) model.message(14, ProtobufMessage().text(1, key).text(2, text));
    model.message(7, graph_);
    return model.bytes();
  }

 private:
  void take(const std::string& name) {
    require(names_.insert(name).second, "onnx: two values of the graph are named '", name, "'");
  }

  // No tap has a slash in its name.
  std::string next_name() { return "/" + std::to_string(++count_); }

  void add_node(const char* type, const Names& inputs, const std::string& output,
                const std::vector<Attribute>& attributes) {
    ProtobufMessage node;
    for (const std::string& name : inputs) node.text(1, name);
    node.text(2, output).text(3, output).text(4, type);
    for (const Attribute& attribute : attributes) node.message(5, attribute.message);
    graph_.message(1, node);
  }

  std::string tensor(Element element, Span<const std::int64_t> dims, Span<const std::uint8_t> bytes) {
    const std::string name = next_name();
    ProtobufMessage tensor;
    for (const std::int64_t dim : dims) tensor.integer(1, dim);
    tensor.integer(2, static_cast<std::int64_t>(element)).text(8, name);
    tensor.text(9, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    graph_.message(5, tensor);
    return name;
  }

  static ProtobufMessage value(const std::string& name, const Shape& shape) {
    ProtobufMessage dims;
    for (int axis = 0; axis < shape.rank(); ++axis)
      dims.message(
          1, axis == 0 ? ProtobufMessage().text(2, "batch") : ProtobufMessage().integer(1, shape[axis]));
    const auto tensor =
        ProtobufMessage().integer(1, static_cast<std::int64_t>(Element::float32)).message(2, dims);
    return ProtobufMessage().text(1, name).message(2, ProtobufMessage().message(1, tensor));
  }

  ProtobufMessage graph_;
  std::set<std::string> names_;  // of inputs and outputs
  int count_ = 0;
};

}  // namespace pretext::nn
