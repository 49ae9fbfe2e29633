# SPDX-License-Identifier: MIT
# CMake's own default is no optimisation. A multi-config generator chooses later, and flags may hold -O already.
get_property(pretext_multi_config GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
if(NOT CMAKE_BUILD_TYPE AND NOT pretext_multi_config AND NOT CMAKE_CXX_FLAGS MATCHES "-O")
  message(WARNING "pretext: CMAKE_BUILD_TYPE is empty, and without optimisation everything is 30 times slower; "
                  "give -DCMAKE_BUILD_TYPE=Release")
endif()
