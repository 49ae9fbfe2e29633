# SPDX-License-Identifier: MIT
# AUTO takes CUDA where nvcc and the toolkit are found, ON insists, OFF leaves it out. Sets PRETEXT_CUDA_FOUND and, where
# it is true, the target pretext::cuda for translation units of both compilers.
set(PRETEXT_CUDA AUTO CACHE STRING "The CUDA backend: AUTO, ON or OFF")
set_property(CACHE PRETEXT_CUDA PROPERTY STRINGS AUTO ON OFF)
set(PRETEXT_CUDA_FOUND OFF)

if(NOT PRETEXT_CUDA STREQUAL "OFF")
  if(NOT CMAKE_CUDA_COMPILER AND NOT DEFINED ENV{CUDACXX})
    find_program(PRETEXT_NVCC nvcc HINTS $ENV{CUDA_HOME}/bin $ENV{CUDA_PATH}/bin /usr/local/cuda/bin)
    mark_as_advanced(PRETEXT_NVCC)
    if(PRETEXT_NVCC)
      set(CMAKE_CUDA_COMPILER ${PRETEXT_NVCC})
    endif()
  endif()
  include(CheckLanguage)
  check_language(CUDA)
  if(CMAKE_CUDA_COMPILER)
    if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
      set(CMAKE_CUDA_ARCHITECTURES 80-real 90)  # before enable_language, or nvcc's own default wins
    endif()
    enable_language(CUDA)
    if(NOT DEFINED CMAKE_CUDA20_STANDARD_COMPILE_OPTION)  # CMake before 3.25.2 does not know that nvcc speaks C++20
      set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
      set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION -std=c++20)
    endif()
    find_package(CUDAToolkit 12.8 QUIET)
    find_package(CUDNN 9.8 QUIET)
    if(CUDAToolkit_FOUND AND CUDNN_FOUND)
      set(PRETEXT_CUDA_FOUND ON)
    endif()
  endif()
  if(PRETEXT_CUDA STREQUAL "ON" AND NOT PRETEXT_CUDA_FOUND)
    message(FATAL_ERROR "PRETEXT_CUDA=ON, but nvcc, the CUDA Toolkit (12.8 or later) or cuDNN (9.8 or later) was not "
                        "found. Set CUDA_HOME or CMAKE_CUDA_COMPILER, and CUDNN_ROOT, or take -DPRETEXT_CUDA=AUTO")
  endif()
endif()

if(PRETEXT_CUDA_FOUND)
  # The kernels are compiled by nvcc, once; all else is headers for the C++ compiler.
  file(GLOB kernels CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/pretext/*/*.cu)
  add_library(pretext_cuda_kernels STATIC EXCLUDE_FROM_ALL ${kernels})  # for who links it
  target_link_libraries(pretext_cuda_kernels PUBLIC pretext CUDA::cudart_static CUDA::cublasLt CUDNN::cudnn
                                             PRIVATE $<BUILD_INTERFACE:pretext_portable_flags>)
  target_compile_options(pretext_cuda_kernels PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:-O3>)
  set_target_properties(pretext_cuda_kernels PROPERTIES POSITION_INDEPENDENT_CODE ON)
  # Under nvcc, Eigen would lose its vectorisation and with it the layout of its types: see docs/decisions.md.
  add_library(pretext_cuda INTERFACE)
  add_library(pretext::cuda ALIAS pretext_cuda)
  target_link_libraries(pretext_cuda INTERFACE pretext_cuda_kernels)
  target_compile_definitions(pretext_cuda INTERFACE PRETEXT_WITH_CUDA=1 $<$<COMPILE_LANGUAGE:CUDA>:EIGEN_NO_CUDA>)
  message(STATUS "pretext: CUDA ${CUDAToolkit_VERSION} and cuDNN ${CUDNN_VERSION} for ${CMAKE_CUDA_ARCHITECTURES}")
else()
  message(STATUS "pretext: no CUDA")
endif()
