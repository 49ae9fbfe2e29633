// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <tuple>

#include "pretext/cuda/device.hpp"
#include "pretext/tensor/tensor.hpp"

namespace pretext::cuda {

/// Throws an Error where a call of cuBLASLt failed.
inline void check(cublasStatus_t status, std::string_view what) {
  if (status != CUBLAS_STATUS_SUCCESS) [[unlikely]]
    fail("cublas: ", what, ": ", cublasLtGetStatusString(status));
}

/// d[m, n] = a[m, k] * b[k, n], columns first in memory, without gaps; a or b may be stored transposed.
/// Products are summed in float, never by TF32.
struct GemmProblem {
  cudaDataType_t input, output;
  std::int64_t m, n, k;
  bool transposed_a = false, transposed_b = false;

  auto key() const { return std::tuple(input, output, m, n, k, transposed_a, transposed_b); }
  friend std::string to_string(const GemmProblem& p) {
    return message("gemm of ", p.m, " x ", p.n, " x ", p.k, p.input == CUDA_R_32F ? " in float" : " in bf16");
  }
};

/// How cuBLASLt computes one problem: its heuristics' first algorithm.
class Gemm {
 public:
  explicit Gemm(const GemmProblem& p)
      : operation_(describe(p)),
        a_(layout(p.input, p.m, p.k, p.transposed_a)),
        b_(layout(p.input, p.k, p.n, p.transposed_b)),
        d_(layout(p.output, p.m, p.n, false)),
        chosen_(choose(p)) {}

  /// The data begins at multiples of 16 bytes.
  void run(const void* a, const void* b, void* d) const {
    Tensor<std::byte, Cuda> workspace({static_cast<std::int64_t>(chosen_.workspaceSize)});
    const float one = 1, zero = 0;
    check(cublasLtMatmul(cublas(), operation_.get(), &one, a, a_.get(), b, b_.get(), &zero, d, d_.get(), d,
                         d_.get(), &chosen_.algo, workspace.data(), chosen_.workspaceSize, stream()),
          "a product");
  }

 private:
  struct Destroy {
    void operator()(cublasLtMatmulDesc_t d) const { cublasLtMatmulDescDestroy(d); }
    void operator()(cublasLtMatrixLayout_t l) const { cublasLtMatrixLayoutDestroy(l); }
    void operator()(cublasLtMatmulPreference_t p) const { cublasLtMatmulPreferenceDestroy(p); }
  };
  template <class Pointer>
  using Owned = std::unique_ptr<std::remove_pointer_t<Pointer>, Destroy>;

  static void set(cublasLtMatmulDesc_t of, cublasLtMatmulDescAttributes_t name, const auto& value) {
    check(cublasLtMatmulDescSetAttribute(of, name, &value, sizeof value), "an attribute of a product");
  }
  static void set(cublasLtMatmulPreference_t of, cublasLtMatmulPreferenceAttributes_t name,
                  const auto& value) {
    check(cublasLtMatmulPreferenceSetAttribute(of, name, &value, sizeof value), "a preference");
  }

  static Owned<cublasLtMatmulDesc_t> describe(const GemmProblem& p) {
    cublasLtMatmulDesc_t made = nullptr;
    check(cublasLtMatmulDescCreate(&made, CUBLAS_COMPUTE_32F, CUDA_R_32F), "describing a product");
    Owned<cublasLtMatmulDesc_t> operation(made);
    set(made, CUBLASLT_MATMUL_DESC_TRANSA, p.transposed_a ? CUBLAS_OP_T : CUBLAS_OP_N);
    set(made, CUBLASLT_MATMUL_DESC_TRANSB, p.transposed_b ? CUBLAS_OP_T : CUBLAS_OP_N);
    return operation;
  }

  static Owned<cublasLtMatrixLayout_t> layout(cudaDataType_t type, std::int64_t rows, std::int64_t columns,
                                              bool transposed) {
    if (transposed) std::swap(rows, columns);
    cublasLtMatrixLayout_t made = nullptr;
    check(cublasLtMatrixLayoutCreate(&made, type, static_cast<std::uint64_t>(rows),
                                     static_cast<std::uint64_t>(columns), rows),
          "describing a matrix");
    return Owned<cublasLtMatrixLayout_t>(made);
  }

  cublasLtMatmulHeuristicResult_t choose(const GemmProblem& p) const {
    cublasLtMatmulPreference_t made = nullptr;
    check(cublasLtMatmulPreferenceCreate(&made), "a preference");
    const Owned<cublasLtMatmulPreference_t> preference(made);
    set(made, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, std::uint64_t{32} << 20);
    // Parts of a sum are added in float, not in the type of the result.
    set(made, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
        std::uint32_t{CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE});
    for (const auto name :
         {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
          CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES})
      set(made, name, std::uint32_t{16});
    cublasLtMatmulHeuristicResult_t result{};
    int found = 0;
    const cublasStatus_t status = cublasLtMatmulAlgoGetHeuristic(
        cublas(), operation_.get(), a_.get(), b_.get(), d_.get(), d_.get(), made, 1, &result, &found);
    require(status == CUBLAS_STATUS_SUCCESS && found == 1, "cublas: there is no algorithm for a ", p, ": ",
            cublasLtGetStatusString(status));
    return result;
  }

  Owned<cublasLtMatmulDesc_t> operation_;
  Owned<cublasLtMatrixLayout_t> a_, b_, d_;
  cublasLtMatmulHeuristicResult_t chosen_;
};

/// Computes a problem; what it needs to know of it is found out at the first time.
inline void gemm(const GemmProblem& p, const void* a, const void* b, void* d) {
  static auto* const mutex = new std::mutex;
  static auto* const known = new std::map<decltype(p.key()), Gemm>;  // cuBLAS may be gone before it
  std::lock_guard lock(*mutex);
  known->try_emplace(p.key(), p).first->second.run(a, b, d);
}

}  // namespace pretext::cuda
