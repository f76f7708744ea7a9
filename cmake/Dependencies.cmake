# Libraries: the system's when it has them, else fetched at a pinned commit (a git commit is a hash of
# its content).
include(FetchContent)
set(FETCHCONTENT_QUIET ON)

function(qwenfit_fetch name repository commit)
  message(STATUS "qwenfit: ${name} is not installed, fetching ${repository} at ${commit}")
  FetchContent_Declare(${name} GIT_REPOSITORY ${repository} GIT_TAG ${commit} SYSTEM)
  FetchContent_MakeAvailable(${name})
endfunction()

# nlohmann_json 3.11.3
find_package(nlohmann_json 3.10 QUIET)
if(NOT nlohmann_json_FOUND)
  set(JSON_BuildTests OFF CACHE INTERNAL "")
  qwenfit_fetch(nlohmann_json https://github.com/nlohmann/json.git 9cca280a4d0ccf0c08f47a99aa71d1b0e52f8d03)
endif()

# CLI11 2.4.2
find_package(CLI11 2.1 QUIET)
if(NOT CLI11_FOUND)
  set(CLI11_BUILD_TESTS OFF CACHE INTERNAL "")
  set(CLI11_BUILD_EXAMPLES OFF CACHE INTERNAL "")
  qwenfit_fetch(CLI11 https://github.com/CLIUtils/CLI11.git 6c7b07a878ad834957b98d0f9ce1dbe0cb204fc9)
endif()

# fmt 11.0.2. Distributions ship it as a shared library; compiled in from its headers, the program stays
# one file.
find_package(fmt 9 QUIET)
if(NOT fmt_FOUND)
  qwenfit_fetch(fmt https://github.com/fmtlib/fmt.git 0c9fce2ffefecfdce794e1859584e25877b7b592)
endif()

# yaml-cpp 0.8.0
find_package(yaml-cpp 0.7 QUIET)
if(NOT yaml-cpp_FOUND)
  set(YAML_CPP_BUILD_TESTS OFF CACHE INTERNAL "")
  set(YAML_CPP_BUILD_TOOLS OFF CACHE INTERNAL "")
  qwenfit_fetch(yaml-cpp https://github.com/jbeder/yaml-cpp.git f7320141120f720aecc4c32be25586e7da9eb978)
endif()

# The static archive where one is installed beside the shared library: the program is one file.
find_library(QWENFIT_YAML_ARCHIVE libyaml-cpp.a)
if(QWENFIT_STATIC AND yaml-cpp_FOUND AND QWENFIT_YAML_ARCHIVE)
  add_library(qwenfit_yaml INTERFACE)
  target_link_libraries(qwenfit_yaml INTERFACE ${QWENFIT_YAML_ARCHIVE})
  target_include_directories(qwenfit_yaml SYSTEM INTERFACE ${YAML_CPP_INCLUDE_DIR})
else()
  add_library(qwenfit_yaml INTERFACE)
  target_link_libraries(qwenfit_yaml INTERFACE yaml-cpp)
endif()

if(QWENFIT_BUILD_TESTS)
  # Catch2 3.x from newer systems, 2.13 from Debian 12: tests/catch.hpp hides the difference.
  find_package(Catch2 QUIET)
  if(NOT Catch2_FOUND)
    qwenfit_fetch(Catch2 https://github.com/catchorg/Catch2.git 2b60af89e23d28eefc081bc930831ee9d45ea58b)
  endif()
endif()
