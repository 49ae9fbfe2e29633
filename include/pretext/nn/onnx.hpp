// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/autograd/pending.hpp"
#include "pretext/core/file.hpp"
#include "pretext/nn/onnx_graph.hpp"
#include "pretext/ops/concat.hpp"
#include "pretext/ops/l2_normalize.hpp"
#include "pretext/ops/linear.hpp"
#include "pretext/ops/local_response_norm.hpp"
#include "pretext/ops/pad_channels.hpp"
#include "pretext/ops/pool.hpp"
#include "pretext/ops/reshape.hpp"
#include "pretext/ops/upsample.hpp"

namespace pretext::nn {

namespace detail {

/// Writes the steps of a trace down as ONNX operators. Maps are [N, H, W, C] here and [N, C, H, W] there.
class OnnxWriter {
 public:
  OnnxGraph graph;

  explicit OnnxWriter(const Trace& trace) : trace_(trace) {
    for (const TraceStep& step : trace_.steps())
      values_.push_back(step.name.empty() ? input(step) : translate(step));
  }

  /// The result of a step becomes one of the graph's.
  void output(const std::string& name, int step) {
    const auto i = static_cast<std::size_t>(step);
    const Shape& shape = trace_.steps()[i].shape;
    require(shape.rank() >= 1 && shape[0] == 1, "onnx: of one picture, ", name, " has ", shape,
            "; it cannot be told from those of others");
    graph.output(name, values_[i], channels_first(shape));
  }

 private:
  using Floats = Tensor<float, Cpu>;

  static bool is_map(const Shape& shape) { return shape.rank() == 4; }
  static Shape channels_first(const Shape& s) { return is_map(s) ? Shape{s[0], s[3], s[1], s[2]} : s; }

  std::string input(const TraceStep& step) {
    graph.input("input", channels_first(step.shape));
    return "input";
  }

  std::string translate(const TraceStep& s) {
    if (const auto* op = std::any_cast<ops::Conv2d>(&s.op)) return convolution(*op, s);
    if (const auto* op = std::any_cast<ops::BatchNormInference>(&s.op)) return batch_norm(*op, s);
    if (const auto* op = std::any_cast<ops::MaxPool2d>(&s.op)) return max_pool(*op, s);
    if (const auto* op = std::any_cast<ops::AvgPool2d>(&s.op)) return average_pool(*op, s);
    if (const auto* op = std::any_cast<ops::LocalResponseNorm>(&s.op)) return response_norm(*op, s);
    if (const auto* op = std::any_cast<ops::PadChannels>(&s.op)) return pad_channels(*op, s);
    if (const auto* op = std::any_cast<ops::Concat>(&s.op)) return concat(*op, s);
    if (const auto* op = std::any_cast<ops::Upsample>(&s.op)) return upsample(*op, s);
    if (const auto* op = std::any_cast<ops::L2Normalize>(&s.op)) return normalize(*op, s);
    if (const auto* op = std::any_cast<ops::Scale>(&s.op))
      return graph.node("Mul", {value(s, 0), scalar(op->f.factor)});
    if (const auto* op = std::any_cast<ops::Add>(&s.op)) {
      const std::string sum = graph.node("Add", {value(s, 0), value(s, 1)});
      return op->relu ? graph.node("Relu", {sum}) : sum;
    }
    if (s.name == ops::Relu::name) return graph.node("Relu", {value(s, 0)});
    if (s.name == ops::Tanh::name) return graph.node("Tanh", {value(s, 0)});
    if (s.name == ops::Linear::name) return linear(s);
    if (s.name == ops::Flatten::name) return flatten(s);
    if (s.name == ops::GlobalAvgPool::name)
      return graph.node("Flatten", {graph.node("GlobalAveragePool", {value(s, 0)})},
                        {{"axis", std::int64_t{1}}});
    fail("onnx: the op ", s.name, " cannot be written");
  }

  /// An argument that the network computes.
  const std::string& value(const TraceStep& s, std::size_t argument) const {
    const int step = s.arguments[argument].step;
    require(step >= 0, "onnx: argument ", argument, " of ", s.name,
            " is a constant where a value was expected");
    return values_[static_cast<std::size_t>(step)];
  }
  const Shape& shape_of(const TraceStep& s, std::size_t argument) const {
    return trace_.steps()[static_cast<std::size_t>(s.arguments[argument].step)].shape;
  }

  /// An argument that is the same for all inputs; undefined where there is none.
  static Floats parameter(const TraceStep& s, std::size_t argument) {
    const auto* tensor = std::any_cast<Floats>(&s.arguments[argument].constant);
    require(tensor != nullptr, "onnx: argument ", argument, " of ", s.name, " is no tensor of floats");
    return *tensor;
  }
  std::string constant(const Floats& x) { return graph.constant(x.shape(), x.span()); }
  std::string scalar(double value) {
    const auto number = static_cast<float>(value);
    return graph.constant({}, {&number, 1});
  }

  /// The weight as [Co, Ci, KH, KW].
  static Floats kernel(const Floats& w) {
    const std::int64_t taps = w.dim(0) * w.dim(1), in = w.dim(2), out = w.dim(3);
    Floats result({out, in, w.dim(0), w.dim(1)});
    for (std::int64_t tap = 0; tap < taps; ++tap)
      for (std::int64_t ci = 0; ci < in; ++ci)
        for (std::int64_t co = 0; co < out; ++co)
          result.data()[(co * in + ci) * taps + tap] = w.data()[(tap * in + ci) * out + co];
    return result;
  }

  std::string convolution(const ops::Conv2d& op, const TraceStep& s) {
    const Floats weight = parameter(s, 1), bias = parameter(s, 2);
    OnnxGraph::Names inputs{value(s, 0), constant(kernel(weight))};
    if (bias.defined()) inputs.push_back(constant(bias));
    const auto& [stride, padding, dilation] = op.window;
    return graph.node("Conv", inputs,
                      {{"kernel_shape", std::vector{weight.dim(0), weight.dim(1)}},
                       {"strides", std::vector{stride, stride}},
                       {"pads", std::vector{padding, padding, padding, padding}},
                       {"dilations", std::vector{dilation, dilation}},
                       {"group", op.groups}});
  }

  std::string batch_norm(const ops::BatchNormInference& op, const TraceStep& s) {
    Floats parts[4];
    const Floats mean = parameter(s, 3);
    for (std::size_t i = 0; i < 4; ++i) parts[i] = parameter(s, i + 1);
    if (!parts[0].defined()) parts[0] = Floats::full(mean.shape(), 1);
    if (!parts[1].defined()) parts[1] = Floats::zeros(mean.shape());
    OnnxGraph::Names inputs{value(s, 0)};
    for (const Floats& part : parts) inputs.push_back(constant(part));
    return graph.node("BatchNormalization", inputs, {{"epsilon", op.epsilon}});
  }

  std::string linear(const TraceStep& s) {
    const Floats bias = parameter(s, 2);
    OnnxGraph::Names inputs{value(s, 0), constant(parameter(s, 1))};
    if (bias.defined()) inputs.push_back(constant(bias));
    return graph.node("Gemm", inputs, {{"transB", std::int64_t{1}}});
  }

  /// The border behind an axis that makes as many windows as there are here; so rounding up needs no word.
  static std::int64_t end_border(std::int64_t in, std::int64_t out, std::int64_t kernel,
                                 const ops::Window& w) {
    return std::max<std::int64_t>(0, (out - 1) * w.stride + (kernel - 1) * w.dilation + 1 - in - w.padding);
  }
  std::vector<std::int64_t> borders(const TraceStep& s, std::int64_t kernel, const ops::Window& w) const {
    const Shape& x = shape_of(s, 0);
    return {w.padding, w.padding, end_border(x[1], s.shape[1], kernel, w),
            end_border(x[2], s.shape[2], kernel, w)};
  }

  std::string max_pool(const ops::MaxPool2d& op, const TraceStep& s) {
    const auto& [stride, padding, dilation] = op.window;
    return graph.node("MaxPool", {value(s, 0)},
                      {{"kernel_shape", std::vector{op.kernel, op.kernel}},
                       {"strides", std::vector{stride, stride}},
                       {"pads", borders(s, op.kernel, op.window)},
                       {"dilations", std::vector{dilation, dilation}}});
  }

  /// A border that counts is made of zeros first, as what hangs over it never counts.
  std::string average_pool(const ops::AvgPool2d& op, const TraceStep& s) {
    const std::int64_t border = op.window.padding, stride = op.window.stride;
    std::vector<std::int64_t> pads = borders(s, op.kernel, op.window);
    std::string x = value(s, 0);
    if (op.count_padding && border > 0) {
      x = graph.node("Pad", {x, graph.constant({0, 0, border, border, 0, 0, border, border})});
      pads = {0, 0, std::max<std::int64_t>(0, pads[2] - border), std::max<std::int64_t>(0, pads[3] - border)};
    }
    return graph.node("AveragePool", {x},
                      {{"kernel_shape", std::vector{op.kernel, op.kernel}},
                       {"strides", std::vector{stride, stride}},
                       {"pads", pads}});
  }

  std::string response_norm(const ops::LocalResponseNorm& op, const TraceStep& s) {
    require(op.size % 2 == 1, "onnx: a local response norm over ", op.size,
            " channels cannot be written; the number must be odd");
    return graph.node("LRN", {value(s, 0)},
                      {{"size", op.size}, {"alpha", op.alpha}, {"beta", op.beta}, {"bias", op.k}});
  }

  std::string pad_channels(const ops::PadChannels& op, const TraceStep& s) {
    std::string x = value(s, 0);
    if (op.before < 0 || op.after < 0)
      x = graph.node("Slice", {x, graph.constant({std::max<std::int64_t>(0, -op.before)}),
                               graph.constant({shape_of(s, 0)[-1] + std::min<std::int64_t>(0, op.after)}),
                               graph.constant({channels_axis(s.shape)})});
    if (op.before <= 0 && op.after <= 0) return x;
    std::vector<std::int64_t> pads(static_cast<std::size_t>(2 * s.shape.rank()));
    const auto axis = static_cast<std::size_t>(channels_axis(s.shape));
    pads[axis] = std::max<std::int64_t>(0, op.before);
    pads[axis + pads.size() / 2] = std::max<std::int64_t>(0, op.after);
    return graph.node("Pad", {x, graph.constant(pads)});
  }

  static std::int64_t channels_axis(const Shape& shape) { return is_map(shape) ? 1 : shape.rank() - 1; }

  std::string concat(const ops::Concat& op, const TraceStep& s) {
    const int rank = s.shape.rank(), axis = op.axis < 0 ? op.axis + rank : op.axis;
    const std::int64_t there =
        axis == rank - 1 ? channels_axis(s.shape) : axis + (is_map(s.shape) && axis > 0);
    return graph.node("Concat", {value(s, 0), value(s, 1)}, {{"axis", there}});
  }

  std::string upsample(const ops::Upsample& op, const TraceStep& s) {
    const auto factor = static_cast<float>(op.factor);
    const float scales[] = {1, 1, factor, factor};
    return graph.node(
        "Resize", {value(s, 0), "", graph.constant({4}, scales)},
        {{"mode", "nearest"}, {"coordinate_transformation_mode", "asymmetric"}, {"nearest_mode", "floor"}});
  }

  std::string normalize(const ops::L2Normalize& op, const TraceStep& s) {
    const std::string length =
        graph.node("ReduceL2", {value(s, 0)}, {{"axes", std::vector{channels_axis(s.shape)}}});
    return graph.node("Div", {value(s, 0), graph.node("Max", {length, scalar(op.epsilon)})});
  }

  /// Rows are in the order of memory here, pixel by pixel.
  std::string flatten(const TraceStep& s) {
    std::string x = value(s, 0);
    if (is_map(shape_of(s, 0)))
      x = graph.node("Transpose", {x}, {{"perm", std::vector<std::int64_t>{0, 2, 3, 1}}});
    return graph.node("Flatten", {x}, {{"axis", std::int64_t{1}}});
  }

  const Trace& trace_;
  std::vector<std::string> values_;
};

}  // namespace detail

/// What of a network is written to an ONNX model.
struct OnnxOptions {
  std::string output = "output";  ///< the name of its result
  bool taps = false;              ///< every tap is an output as well, under its name
  std::map<std::string, std::string> metadata{};
};

/// A frozen network as the bytes of an ONNX model (opset 13), found by tracing it: network(x, on_tap) is a
/// Sequential, or what calls one in turn. Its "input" is [batch, C, H, W] for an input[1, H, W, C] here; its
/// outputs have as many rows as that, maps the channels first. Throws for an op that cannot be written.
template <class Network>
std::string onnx_model(Network&& network, const Shape& input, const OnnxOptions& options = {}) {
  require(input.rank() == 4 && input[0] == 1, "onnx: the input must be [1, H, W, C], not ", input);
  Trace trace;
  std::vector<std::pair<std::string, int>> outputs;
  const auto step_of = [&](const Pending<float, Cpu>& value, const std::string& name) {
    require(value.trace() == &trace, "onnx: ", name, " was computed by other means than ops on the input");
    return value.step();
  };
  const Pending<float, Cpu> result = network(Pending<float, Cpu>(Tensor<float, Cpu>::zeros(input), trace),
                                             [&](const std::string& tap, const Pending<float, Cpu>& value) {
                                               if (options.taps)
                                                 outputs.emplace_back(tap, step_of(value, tap));
                                             });
  outputs.insert(outputs.begin(), {options.output, step_of(result, options.output)});
  detail::OnnxWriter writer(trace);
  for (const auto& [name, step] : outputs) writer.output(name, step);
  std::string bytes = writer.graph.model(options.metadata);
  require(bytes.size() <= INT32_MAX, "onnx: the model has ", bytes.size(), " bytes; a file may have 2 GB");
  return bytes;
}

/// Writes it to a file that appears under its name whole or not at all.
template <class Network>
void write_onnx(const std::filesystem::path& path, Network&& network, const Shape& input,
                const OnnxOptions& options = {}) {
  write_text(path, onnx_model(network, input, options));
}

}  // namespace pretext::nn
