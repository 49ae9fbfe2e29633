// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "pretext/cuda/cudnn.hpp"
#include "pretext/ops/conv2d.hpp"

namespace pretext::cuda {

enum class ConvPass { forward, grad_input, grad_weight };

inline const char* to_string(ConvPass pass) {
  return pass == ConvPass::forward ? "forward" : pass == ConvPass::grad_input ? "grad_input" : "grad_weight";
}

/// One pass of one convolution, as cuDNN knows it: x[n, h, w, ci], w[co, kh, kw, ci / groups] and
/// y[n, oh, ow, co], all of one type.
struct ConvProblem {
  ConvPass pass;
  cudnnDataType_t type;  ///< CUDNN_DATA_FLOAT or CUDNN_DATA_BFLOAT16
  ops::ConvShape shape;

  /// What tells two problems apart.
  std::array<std::int64_t, 13> key() const {
    const ops::ConvShape& s = shape;
    const ops::Window& w = s.window;
    return {static_cast<std::int64_t>(pass),
            type,
            s.n,
            s.h,
            s.w,
            s.ci,
            s.kh,
            s.kw,
            s.co,
            s.groups,
            w.stride,
            w.padding,
            w.dilation};
  }
};

inline std::string to_string(const ConvProblem& p) {
  const ops::ConvShape& s = p.shape;
  const auto [stride, padding, dilation] = s.window;
  return message("conv2d ", to_string(p.pass), " in ", p.type == CUDNN_DATA_FLOAT ? "float" : "bf16",
                 " of x ", Shape{s.n, s.h, s.w, s.ci}, " and weight ",
                 Shape{s.kh, s.kw, s.ci / s.groups, s.co}, ", stride ", stride, ", padding ", padding,
                 ", dilation ", dilation, ", groups ", s.groups);
}

/// The graph of one problem, in cuDNN's words.
class ConvGraph {
 public:
  ConvGraph(const ConvProblem& p, const PlanTarget& target)
      : x_(tensor(1, p.type, {p.shape.n, p.shape.ci, p.shape.h, p.shape.w})),
        weight_(tensor(2, p.type, {p.shape.co, p.shape.ci / p.shape.groups, p.shape.kh, p.shape.kw})),
        y_(tensor(3, p.type, {p.shape.n, p.shape.co, p.shape.oh, p.shape.ow})),
        convolution_(convolution(p.shape.window)),
        operation_(operation(p.pass)) {
    const cudnnBackendDescriptor_t operation = operation_.raw();
    graph_.set(CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR, operation);
    if (target.handle() != nullptr)
      graph_.set(CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, target.handle());
    graph_.finalize("a graph");
  }

  const Descriptor& descriptor() const { return graph_; }

 private:
  // Extents in cuDNN's order [N, C, H, W], with channels last in memory.
  static Descriptor tensor(std::int64_t name, cudnnDataType_t type, const std::vector<std::int64_t>& dims) {
    Descriptor t(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
    t.set(CUDNN_ATTR_TENSOR_UNIQUE_ID, name)
        .set(CUDNN_ATTR_TENSOR_DATA_TYPE, type)
        .set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, std::int64_t{16})
        .set(CUDNN_ATTR_TENSOR_DIMENSIONS, dims)
        .set(CUDNN_ATTR_TENSOR_STRIDES,
             std::vector{dims[1] * dims[2] * dims[3], std::int64_t{1}, dims[1] * dims[3], dims[1]});
    t.finalize("a tensor");
    return t;
  }

  static Descriptor convolution(const ops::Window& window) {
    const auto both = [](std::int64_t value) { return std::vector{value, value}; };
    Descriptor c(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
    c.set(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_DATA_FLOAT)
        .set(CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, CUDNN_CROSS_CORRELATION)
        .set(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, std::int64_t{2})
        .set(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, both(window.stride))
        .set(CUDNN_ATTR_CONVOLUTION_DILATIONS, both(window.dilation))
        .set(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, both(window.padding))
        .set(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, both(window.padding));
    c.finalize("a convolution");
    return c;
  }

  struct Names {
    cudnnBackendDescriptorType_t operation;
    Descriptor::Name x, weight, y, convolution, alpha, beta;
  };
  static Names names(ConvPass pass) {
    if (pass == ConvPass::forward)
      return {CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA};
    if (pass == ConvPass::grad_input)
      return {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA};
    return {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,
            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY,
            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA};
  }

  Descriptor operation(ConvPass pass) const {
    const Names n = names(pass);
    Descriptor o(n.operation);
    o.set(n.x, x_)
        .set(n.weight, weight_)
        .set(n.y, y_)
        .set(n.convolution, convolution_)
        .set(n.alpha, CUDNN_TYPE_FLOAT, 1.0f)
        .set(n.beta, CUDNN_TYPE_FLOAT, 0.0f);
    o.finalize("an operation");
    return o;
  }

  Descriptor x_, weight_, y_, convolution_, operation_;
  Descriptor graph_{CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR};
};

}  // namespace pretext::cuda
