# Libraries: the system's when it has them, else fetched at a pinned commit (a git commit is a hash of
# its content).
include(CheckCXXSourceCompiles)
include(FetchContent)
set(FETCHCONTENT_QUIET ON)

function(qwenfit_fetch name version repository commit)
  message(STATUS "qwenfit: ${name} is not installed, fetching ${version} from ${repository}")
  set(CMAKE_POLICY_VERSION_MINIMUM 3.5)  # some ask for an older CMake than CMake 4 admits to be
  set(system "")
  if(CMAKE_VERSION VERSION_GREATER_EQUAL 3.25)
    set(system SYSTEM)
  endif()
  FetchContent_Declare(${name}
    DOWNLOAD_COMMAND ${CMAKE_COMMAND} -DREPOSITORY=${repository} -DCOMMIT=${commit} -DFOLDER=<SOURCE_DIR>
                     -P ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/FetchCommit.cmake
    ${system})
  FetchContent_MakeAvailable(${name})
endfunction()

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

find_package(nlohmann_json 3.10 QUIET)
if(NOT nlohmann_json_FOUND)
  set(JSON_BuildTests OFF CACHE INTERNAL "")
  qwenfit_fetch(nlohmann_json 3.11.3 https://github.com/nlohmann/json.git 9cca280a4d0ccf0c08f47a99aa71d1b0e52f8d03)
endif()

find_package(CLI11 2.1 QUIET)
if(NOT CLI11_FOUND)
  qwenfit_fetch(CLI11 2.4.2 https://github.com/CLIUtils/CLI11.git 6c7b07a878ad834957b98d0f9ce1dbe0cb204fc9)
endif()

# Distributions ship fmt as headers and a shared library. The program is to be one file, and with the bodies
# in every source file each takes two seconds longer to compile: so fmt.cpp compiles them once.
find_package(fmt 9 QUIET)
if(NOT fmt_FOUND)
  qwenfit_fetch(fmt 11.0.2 https://github.com/fmtlib/fmt.git 0c9fce2ffefecfdce794e1859584e25877b7b592)
endif()
add_library(qwenfit_fmt INTERFACE)
if(fmt_FOUND AND fmt_VERSION VERSION_GREATER_EQUAL 13)
  target_link_libraries(qwenfit_fmt INTERFACE fmt::fmt-header-only)
else()
  get_target_property(QWENFIT_FMT_INCLUDE fmt::fmt-header-only INTERFACE_INCLUDE_DIRECTORIES)
  target_include_directories(qwenfit_fmt SYSTEM INTERFACE ${QWENFIT_FMT_INCLUDE})
  set(QWENFIT_FMT_SOURCE ${CMAKE_CURRENT_LIST_DIR}/fmt.cpp)
endif()

find_package(yaml-cpp 0.7 QUIET)
if(NOT yaml-cpp_FOUND)
  set(YAML_CPP_BUILD_TOOLS OFF CACHE INTERNAL "")
  set(YAML_CPP_INSTALL ${PROJECT_IS_TOP_LEVEL} CACHE INTERNAL "")  # our archive needs it
  qwenfit_fetch(yaml-cpp 0.9.0 https://github.com/jbeder/yaml-cpp.git 56e3bb550c91fd7005566f19c079cb7a503223cf)
endif()

# One file that runs anywhere, wherever the system has archives to link.
set(QWENFIT_STATIC_PROGRAM OFF)
if(QWENFIT_STATIC AND NOT APPLE AND NOT QWENFIT_SANITIZE)
  set(CMAKE_REQUIRED_LINK_OPTIONS -static)
  check_cxx_source_compiles("#include <string>\nint main(int argc, char**) { return std::to_string(argc).empty(); }"
                            QWENFIT_LINKS_STATICALLY)
  unset(CMAKE_REQUIRED_LINK_OPTIONS)
  find_library(QWENFIT_YAML_ARCHIVE libyaml-cpp.a)
  if(QWENFIT_LINKS_STATICALLY AND (QWENFIT_YAML_ARCHIVE OR NOT yaml-cpp_FOUND))
    set(QWENFIT_STATIC_PROGRAM ON)
  else()
    message(STATUS "qwenfit: no static libraries here, so the program will need shared ones")
  endif()
endif()
add_library(qwenfit_yaml INTERFACE)
if(QWENFIT_STATIC_PROGRAM AND yaml-cpp_FOUND)
  target_link_libraries(qwenfit_yaml INTERFACE ${QWENFIT_YAML_ARCHIVE})
  target_include_directories(qwenfit_yaml SYSTEM INTERFACE ${YAML_CPP_INCLUDE_DIR})
else()
  target_link_libraries(qwenfit_yaml INTERFACE yaml-cpp)
endif()

if(QWENFIT_BUILD_TESTS)
  # Catch2 3.x from newer systems, 2.13 from Debian 12: tests/catch.hpp hides the difference.
  find_package(Catch2 QUIET)
  if(NOT Catch2_FOUND)
    qwenfit_fetch(Catch2 3.7.1 https://github.com/catchorg/Catch2.git fa43b77429ba76c462b1898d6cd2f2d7a9416b14)
  endif()

  # RapidJSON reads the JSON Schemas; master of February 2025, as its last release is of 2016.
  find_path(QWENFIT_RAPIDJSON rapidjson/schema.h)
  if(NOT QWENFIT_RAPIDJSON)
    foreach(part DOC EXAMPLES TESTS)
      set(RAPIDJSON_BUILD_${part} OFF CACHE INTERNAL "")
    endforeach()
    qwenfit_fetch(rapidjson 2025-02 https://github.com/Tencent/rapidjson.git 24b5e7a8b27f42fa16b96fc70aade9106cf7102f)
    set(QWENFIT_RAPIDJSON ${rapidjson_SOURCE_DIR}/include)
  endif()
endif()
