# SPDX-License-Identifier: MIT
# The stb headers: Stb_INCLUDE_DIR and Stb_VERSION (of stb_image.h). PRETEXT_STB_DIR, where set, is the only place searched.
# A distribution's prebuilt libstb is never linked: it was built without our limits on formats, size and memory.
if(PRETEXT_STB_DIR)
  set(Stb_INCLUDE_DIR ${PRETEXT_STB_DIR})
  if(NOT EXISTS ${Stb_INCLUDE_DIR}/stb_image.h OR NOT EXISTS ${Stb_INCLUDE_DIR}/stb_image_write.h)
    message(FATAL_ERROR "PRETEXT_STB_DIR=${PRETEXT_STB_DIR} must hold stb_image.h and stb_image_write.h")
  endif()
else()
  find_path(PRETEXT_SYSTEM_STB_DIR stb_image_write.h PATH_SUFFIXES stb)
  mark_as_advanced(PRETEXT_SYSTEM_STB_DIR)
  set(Stb_INCLUDE_DIR ${PRETEXT_SYSTEM_STB_DIR})
endif()

if(EXISTS "${Stb_INCLUDE_DIR}/stb_image.h")
  file(STRINGS ${Stb_INCLUDE_DIR}/stb_image.h Stb_VERSION LIMIT_COUNT 1 REGEX "stb_image - v[0-9.]+")
  string(REGEX REPLACE ".*stb_image - v([0-9.]+).*" "\\1" Stb_VERSION "${Stb_VERSION}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Stb REQUIRED_VARS Stb_INCLUDE_DIR VERSION_VAR Stb_VERSION)
