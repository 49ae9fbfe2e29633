// SPDX-License-Identifier: MIT
#pragma once

#include <cudnn.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "pretext/core/error.hpp"

// cuDNN's backend interface (C, without its C++ front end): descriptors with attributes, which make a graph,
// which makes plans. Only what convolutions need.
namespace pretext::cuda {

/// What cuDNN says about its last failure.
inline std::string cudnn_message(cudnnStatus_t status) {
  char text[1024] = "";
  cudnnGetLastErrorString(text, sizeof text);
  return message(cudnnGetErrorString(status), text[0] == '\0' ? "" : ": ", text);
}

/// Throws an Error with cuDNN's words where a call failed.
inline void check(cudnnStatus_t status, std::string_view what) {
  if (status != CUDNN_STATUS_SUCCESS) [[unlikely]]
    fail("cudnn: ", what, ": ", cudnn_message(status));
}

/// One of cuDNN's descriptors: attributes are set, then it is finalised.
class Descriptor {
 public:
  using Name = cudnnBackendAttributeName_t;
  using Type = cudnnBackendAttributeType_t;

  explicit Descriptor(cudnnBackendDescriptorType_t type) {
    check(cudnnBackendCreateDescriptor(type, &descriptor_), "creating a descriptor");
  }
  Descriptor(Descriptor&& other) noexcept : descriptor_(std::exchange(other.descriptor_, nullptr)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~Descriptor() {
    if (descriptor_ != nullptr) cudnnBackendDestroyDescriptor(descriptor_);
  }

  cudnnBackendDescriptor_t raw() const { return descriptor_; }

  Descriptor& set(Name name, Type type, std::int64_t count, const void* values) {
    check(cudnnBackendSetAttribute(descriptor_, name, type, count, values), message("attribute ", int{name}));
    return *this;
  }
  Descriptor& set(Name name, Type type, const auto& value) { return set(name, type, 1, &value); }
  Descriptor& set(Name name, std::int64_t value) { return set(name, CUDNN_TYPE_INT64, value); }
  Descriptor& set(Name name, const std::vector<std::int64_t>& values) {
    return set(name, CUDNN_TYPE_INT64, static_cast<std::int64_t>(values.size()), values.data());
  }
  Descriptor& set(Name name, cudnnDataType_t value) { return set(name, CUDNN_TYPE_DATA_TYPE, value); }
  Descriptor& set(Name name, const Descriptor& value) {
    return set(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, value.descriptor_);
  }

  cudnnStatus_t try_finalize() { return cudnnBackendFinalize(descriptor_); }
  void finalize(std::string_view what) { check(try_finalize(), what); }

  /// The values of an attribute, at most so many.
  template <class T>
  std::vector<T> values(Name name, Type type, std::size_t most) const {
    std::vector<T> result(most);
    read(name, type, result);
    return result;
  }

  template <class T>
  T value(Name name, Type type) const {
    return values<T>(name, type, 1).at(0);
  }

  /// The descriptors that an attribute holds, at most so many, as copies of theirs.
  std::vector<Descriptor> descriptors(Name name, cudnnBackendDescriptorType_t type, std::size_t most) const {
    std::vector<Descriptor> result;
    std::vector<cudnnBackendDescriptor_t> raws;
    for (std::size_t i = 0; i < most; ++i) raws.push_back(result.emplace_back(type).raw());
    read(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, raws);
    while (result.size() > raws.size()) result.pop_back();
    return result;
  }

 private:
  template <class T>
  void read(Name name, Type type, std::vector<T>& into) const {
    std::int64_t count = 0;
    check(cudnnBackendGetAttribute(descriptor_, name, type, static_cast<std::int64_t>(into.size()), &count,
                                   into.data()),
          message("reading attribute ", int{name}));
    into.resize(std::min(into.size(), static_cast<std::size_t>(count)));
  }

  cudnnBackendDescriptor_t descriptor_ = nullptr;
};

/// What plans are made for: the GPU of a handle, or one of which there is only a description, so that a
/// machine without a GPU can tell whether another one has a plan.
class PlanTarget {
 public:
  explicit PlanTarget(cudnnHandle_t handle) : handle_(handle) {}

  /// The description is what device_description() returns on such a device.
  explicit PlanTarget(const std::string& description) {
    Descriptor& properties = properties_.emplace_back(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR);
    properties.set(CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, CUDNN_TYPE_CHAR,
                   static_cast<std::int64_t>(description.size()), description.data());
    properties.finalize("the description of a device");
  }

  /// Tells a descriptor that knows its graph's handle about the description, where there is one.
  void describe(Descriptor& of, Descriptor::Name properties) const {
    if (handle_ == nullptr) of.set(properties, properties_[0]);
  }
  /// Sets the attribute of a handle, or that of a description.
  void attach(Descriptor& to, Descriptor::Name handle, Descriptor::Name properties) const {
    if (handle_ != nullptr) to.set(handle, CUDNN_TYPE_HANDLE, handle_);
    describe(to, properties);
  }

  cudnnHandle_t handle() const { return handle_; }

 private:
  cudnnHandle_t handle_ = nullptr;
  std::vector<Descriptor> properties_;  // one, or none
};

/// The properties of a handle's GPU that choose plans, as JSON.
inline std::string device_description(cudnnHandle_t handle) {
  Descriptor properties(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR);
  properties.set(CUDNN_ATTR_DEVICEPROP_HANDLE, CUDNN_TYPE_HANDLE, handle);
  properties.finalize("the properties of a device");
  const auto text =
      properties.values<char>(CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, CUDNN_TYPE_CHAR, 1 << 16);
  const std::string json(text.begin(), text.end());
  return json.substr(0, json.find('\0'));
}

}  // namespace pretext::cuda
