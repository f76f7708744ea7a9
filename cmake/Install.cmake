# Two components: `program` is what CPack puts into packages, `library` is for people who build on qwenfit.
include(CMakePackageConfigHelpers)

install(TARGETS qwenfit_program RUNTIME COMPONENT program)
# Manual page and shell completions, once the build has made them.
install(DIRECTORY ${PROJECT_BINARY_DIR}/share/ DESTINATION ${CMAKE_INSTALL_DATADIR} COMPONENT program OPTIONAL)
install(FILES ${PROJECT_SOURCE_DIR}/CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program RENAME copyright)

install(TARGETS qwenfit EXPORT qwenfit-targets ARCHIVE COMPONENT library)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/qwenfit DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT library)
set(QWENFIT_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/qwenfit)
install(EXPORT qwenfit-targets NAMESPACE qwenfit:: DESTINATION ${QWENFIT_CMAKE_DIR} COMPONENT library)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/qwenfit-config.cmake.in ${PROJECT_BINARY_DIR}/qwenfit-config.cmake
                              INSTALL_DESTINATION ${QWENFIT_CMAKE_DIR})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/qwenfit-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/qwenfit-config.cmake ${PROJECT_BINARY_DIR}/qwenfit-config-version.cmake
        DESTINATION ${QWENFIT_CMAKE_DIR} COMPONENT library)

# `cpack --config build/release/CPackConfig.cmake` makes a .tar.gz and, on Debian, a .deb.
set(CPACK_PACKAGE_VENDOR "qwenfit")
# The field wants an address; there is none, and .invalid (RFC 2606) says so.
set(CPACK_PACKAGE_CONTACT "qwenfit maintainers <noreply@qwenfit.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY ${PROJECT_DESCRIPTION})
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_PACKAGE_FILE_NAME ${PROJECT_NAME}-${PROJECT_VERSION}-${CMAKE_SYSTEM_NAME}-${CMAKE_SYSTEM_PROCESSOR})
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_CMAKE_PROJECTS "${PROJECT_BINARY_DIR};${PROJECT_NAME};program;/")
set(CPACK_GENERATOR TGZ)
find_program(QWENFIT_DPKG dpkg)
if(QWENFIT_DPKG)
  list(APPEND CPACK_GENERATOR DEB)
  set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
  set(CPACK_DEBIAN_PACKAGE_SECTION utils)
  # CPack puts the summary before it.
  set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "Estimates the memory, the fit and the speed of Qwen models on graphics cards,
Macs, processors and servers, with the engines that run them, and tells what
each figure follows from. It reads model files, looks at this machine, checks
deployment files, and needs neither network nor files of its own.")
  if(NOT QWENFIT_STATIC_PROGRAM)
    set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
  endif()
endif()
include(CPack)
