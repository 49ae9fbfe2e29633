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
    set(PRETEXT_CUDA_FOUND ${CUDAToolkit_FOUND})
  endif()
  if(PRETEXT_CUDA STREQUAL "ON" AND NOT PRETEXT_CUDA_FOUND)
    message(FATAL_ERROR "PRETEXT_CUDA=ON, but nvcc or the CUDA Toolkit (12.8 or later) was not found. Set CUDA_HOME or "
                        "CMAKE_CUDA_COMPILER, or take -DPRETEXT_CUDA=AUTO")
  endif()
endif()

if(PRETEXT_CUDA_FOUND)
  # Under nvcc, Eigen would lose its vectorisation and with it the layout of its types: see docs/decisions.md.
  add_library(pretext_cuda INTERFACE)
  add_library(pretext::cuda ALIAS pretext_cuda)
  target_link_libraries(pretext_cuda INTERFACE pretext CUDA::cudart_static)
  target_compile_definitions(pretext_cuda INTERFACE $<$<COMPILE_LANGUAGE:CUDA>:EIGEN_NO_CUDA>)
  message(STATUS "pretext: CUDA ${CUDAToolkit_VERSION} for ${CMAKE_CUDA_ARCHITECTURES}")
else()
  message(STATUS "pretext: no CUDA")
endif()
