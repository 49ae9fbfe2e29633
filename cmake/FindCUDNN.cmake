# SPDX-License-Identifier: MIT
# cuDNN 9: the target CUDNN::cudnn and CUDNN_VERSION. Searched are CUDNN_ROOT (CMake or environment), CUDNN_PATH, the CUDA
# Toolkit, the distribution's folders, and the pip wheel nvidia-cudnn, which holds libcudnn.so.9 alone.
set(cudnn_hints ${CUDNN_ROOT} $ENV{CUDNN_ROOT} $ENV{CUDNN_PATH} ${CUDAToolkit_TARGET_DIR})
find_path(CUDNN_INCLUDE_DIR cudnn_version.h HINTS ${cudnn_hints} /usr/local/cuda PATH_SUFFIXES include)
find_library(CUDNN_LIBRARY NAMES cudnn libcudnn.so.9 NAMES_PER_DIR HINTS ${cudnn_hints} /usr/local/cuda PATH_SUFFIXES lib64 lib)

if(NOT CUDNN_INCLUDE_DIR OR NOT CUDNN_LIBRARY)
  find_program(PRETEXT_PYTHON NAMES python3 python)
  mark_as_advanced(PRETEXT_PYTHON)
  if(PRETEXT_PYTHON)
    execute_process(COMMAND ${PRETEXT_PYTHON} -c "import nvidia.cudnn as wheel; print(list(wheel.__path__)[0])"
                    OUTPUT_VARIABLE cudnn_wheel OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE cudnn_no_wheel)
    if(NOT cudnn_no_wheel)
      find_path(CUDNN_INCLUDE_DIR cudnn_version.h PATHS ${cudnn_wheel} PATH_SUFFIXES include NO_DEFAULT_PATH)
      find_library(CUDNN_LIBRARY NAMES libcudnn.so.9 PATHS ${cudnn_wheel} PATH_SUFFIXES lib NO_DEFAULT_PATH)
    endif()
  endif()
endif()
mark_as_advanced(CUDNN_INCLUDE_DIR CUDNN_LIBRARY)

if(CUDNN_INCLUDE_DIR)
  foreach(part MAJOR MINOR PATCHLEVEL)
    file(STRINGS ${CUDNN_INCLUDE_DIR}/cudnn_version.h line LIMIT_COUNT 1 REGEX "^#define CUDNN_${part} +[0-9]+")
    string(REGEX REPLACE "^#define CUDNN_${part} +([0-9]+).*" "\\1" cudnn_${part} "${line}")
  endforeach()
  set(CUDNN_VERSION ${cudnn_MAJOR}.${cudnn_MINOR}.${cudnn_PATCHLEVEL})
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(CUDNN REQUIRED_VARS CUDNN_LIBRARY CUDNN_INCLUDE_DIR VERSION_VAR CUDNN_VERSION)
if(CUDNN_FOUND AND NOT TARGET CUDNN::cudnn)
  # A small library that opens its parts at run time: it is linked alone.
  add_library(CUDNN::cudnn UNKNOWN IMPORTED)
  set_target_properties(CUDNN::cudnn PROPERTIES IMPORTED_LOCATION ${CUDNN_LIBRARY}
                                                INTERFACE_INCLUDE_DIRECTORIES ${CUDNN_INCLUDE_DIR})
endif()
