# SPDX-License-Identifier: MIT
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/pretext)

install(DIRECTORY include/pretext DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT devel
        FILES_MATCHING PATTERN *.hpp PATTERN *.cuh PATTERN *.cu)
install(TARGETS pretext EXPORT pretextHeaders)
install(TARGETS pretext_codecs EXPORT pretextCodecs ARCHIVE COMPONENT devel)
install(EXPORT pretextHeaders NAMESPACE pretext:: DESTINATION ${config_dir} COMPONENT devel)
install(EXPORT pretextCodecs NAMESPACE pretext:: DESTINATION ${config_dir} COMPONENT devel)

set(codecs_with_turbojpeg ${TurboJPEG_FOUND})
configure_package_config_file(cmake/pretextConfig.cmake.in pretextConfig.cmake INSTALL_DESTINATION ${config_dir})
write_basic_package_version_file(pretextConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/pretextConfig.cmake ${PROJECT_BINARY_DIR}/pretextConfigVersion.cmake
              cmake/FindTurboJPEG.cmake cmake/pretextBuildType.cmake DESTINATION ${config_dir} COMPONENT devel)

if(TurboJPEG_FOUND)
  set(pc_turbojpeg " -lturbojpeg")
endif()
file(RELATIVE_PATH pc_up /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(cmake/pretext.pc.in pretext.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/pretext.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT devel)
