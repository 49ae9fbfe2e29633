// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cuda/step_state.hpp"
#include "pretext/image/view_program.hpp"

namespace pretext::cuda {

/// Of which pictures a batch is drawn, and where in which epoch; every pointer is to device memory.
struct DrawSource {
  const ImageView* pictures;            ///< of the whole data set
  const std::int32_t* labels;           ///< of them
  std::int64_t size;                    ///< how many they are
  const StepState* state;               ///< where in which epoch the batch begins
  bool shuffle = true;                  ///< in the order of data::plan_batch() for this seed, or as they lie
  std::uint64_t seed = 0;               ///< of that order
  const std::int64_t* order = nullptr;  ///< or the number of the picture at each position of the epoch
};

/// Runs a view program for the n pictures from the state's position on: views [n * program.views] and labels
/// [n * program.labels], as the host writes them, but that the source of a view is its picture's number in
/// the data set. A .cu file that includes view_program.cuh instantiates it for each program.
template <class Program>
void launch_views(const Program& program, const DrawSource& source, std::int64_t n, std::uint64_t seed,
                  bool training, View* views, std::int32_t* labels);

/// members [n * program.labels * Program::group] of a program whose answers are about several views, for the
/// labels [n * program.labels] of n pictures, in device memory all of them; so are tables of the program.
template <class Program>
void launch_members(const Program& program, const std::int32_t* labels, std::int64_t n,
                    std::int32_t* members);

/// A view program that reads a table [table_size()] of what may be copied as bytes.
template <class Program>
concept HasTable = requires(const Program& program) {
  program.table;
  program.table_size();
};

/// A view program as kernels take it: its table, where it has one, is copied into device memory.
template <class Program>
class DeviceProgram {
 public:
  explicit DeviceProgram(const Program& program) : program_(program) {
    if constexpr (HasTable<Program>) {
      const auto bytes = static_cast<std::size_t>(program.table_size()) * sizeof *program.table;
      const Span<const std::uint8_t> table(reinterpret_cast<const std::uint8_t*>(program.table), bytes);
      table_ = Tensor<std::uint8_t, Cuda>::from(Shape{std::ssize(table)}, table);
      program_.table = reinterpret_cast<decltype(program.table)>(table_.data());
    }
  }

  const Program& operator*() const { return program_; }

 private:
  Program program_;
  Tensor<std::uint8_t, Cuda> table_;
};

}  // namespace pretext::cuda
