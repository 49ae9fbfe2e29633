# SPDX-License-Identifier: MIT
# Flags for the programs of this repository. Nothing here reaches a consumer: neither target is exported.

# Clang reports sign conversions under -Wconversion, GCC does not: both shall mean the same. GCC 12 vectorises only the
# cheapest loops at -O2, and at -O3 it warns of faults in the standard library that are not there: so -O2, and the
# vectoriser of -O3.
add_library(pretext_portable_flags INTERFACE)
target_compile_options(
  pretext_portable_flags
  INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wconversion;-Werror>
            $<$<COMPILE_LANG_AND_ID:CXX,Clang,AppleClang>:-Wno-sign-conversion>
            $<$<AND:$<CONFIG:Release>,$<COMPILE_LANGUAGE:CXX>>:-O2>
            $<$<AND:$<CONFIG:Release>,$<COMPILE_LANG_AND_ID:CXX,GNU>>:-fvect-cost-model=dynamic>
            $<$<COMPILE_LANGUAGE:CUDA>:-Werror=all-warnings;-Xcompiler=-Wall,-Wextra>)

# x86-64-v3 (Haswell and later) wherever this machine runs it: the same bits on all of them.
if(NOT DEFINED PRETEXT_ARCH AND NOT CMAKE_CROSSCOMPILING)
  include(CheckCXXSourceRuns)
  check_cxx_source_runs(
    "int main() { return __builtin_cpu_supports(\"avx2\") && __builtin_cpu_supports(\"fma\") && __builtin_cpu_supports(\"bmi2\") ? 0 : 1; }"
    PRETEXT_RUNS_X86_64_V3)
  if(PRETEXT_RUNS_X86_64_V3)
    set(default_arch x86-64-v3)
  endif()
endif()
set(PRETEXT_ARCH "${default_arch}" CACHE STRING "-march of the programs built here; 'native' is allowed, empty leaves it out")

option(PRETEXT_THIS_CPU "Build the programs here for this CPU alone, whatever PRETEXT_ARCH says: there is less to build" OFF)
if(PRETEXT_THIS_CPU)
  set(PRETEXT_ARCH native)
endif()

add_library(pretext_build_flags INTERFACE)
target_link_libraries(pretext_build_flags INTERFACE pretext_portable_flags)
target_compile_definitions(pretext_build_flags INTERFACE $<$<BOOL:${PRETEXT_THIS_CPU}>:PRETEXT_ONE_ISA>)
if(PRETEXT_ARCH)
  target_compile_options(pretext_build_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-march=${PRETEXT_ARCH}>
                                                       $<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-march=${PRETEXT_ARCH}>)
endif()

set(PRETEXT_SANITIZE "" CACHE STRING "Sanitizers for everything built here: 'address,undefined', 'thread', or empty")
if(PRETEXT_SANITIZE)
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fsanitize=${PRETEXT_SANITIZE}>
                      $<$<COMPILE_LANGUAGE:CXX>:-fno-sanitize-recover=all> $<$<COMPILE_LANGUAGE:CXX>:-fno-omit-frame-pointer>)
  add_link_options(-fsanitize=${PRETEXT_SANITIZE})
endif()
