include(GoogleTest)

# circula_layer(NAME [LINK targets...]): the static library circula_NAME from every .cpp of the current
# folder (not of its subfolders). LINK is the whole list of what the layer may see.
function(circula_layer name)
  cmake_parse_arguments(LAYER "" "" "LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  if(NOT sources)
    add_library(circula_${name} INTERFACE)
    target_link_libraries(circula_${name} INTERFACE circula_flags ${LAYER_LINK})
    return()
  endif()
  add_library(circula_${name} STATIC ${sources})
  target_link_libraries(circula_${name} PUBLIC circula_flags ${LAYER_LINK})
  circula_precompile(circula_${name})
endfunction()

# circula_proto(NAME files...): the generated messages of .proto files as circula_NAME. Paths are relative
# to the top of the tree, in `import` as in `#include "ledger/proto/envelope.pb.h"`. Generated headers are
# system headers: warnings are for our own code.
function(circula_proto name)
  set(out ${CMAKE_BINARY_DIR}/proto)
  file(MAKE_DIRECTORY ${out})
  file(GLOB_RECURSE imports CONFIGURE_DEPENDS *.proto)
  set(generated)
  foreach(file ${ARGN})
    get_filename_component(absolute ${file} ABSOLUTE)
    file(RELATIVE_PATH relative ${CMAKE_SOURCE_DIR} ${absolute})
    string(REGEX REPLACE "\\.proto$" "" stem ${relative})
    add_custom_command(OUTPUT ${out}/${stem}.pb.cc ${out}/${stem}.pb.h
                       COMMAND protobuf::protoc --cpp_out ${out} -I ${CMAKE_SOURCE_DIR} ${relative}
                       WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
                       DEPENDS ${imports} protobuf::protoc VERBATIM)
    list(APPEND generated ${out}/${stem}.pb.cc ${out}/${stem}.pb.h)
  endforeach()
  add_library(circula_${name} STATIC ${generated})
  target_link_libraries(circula_${name} PUBLIC protobuf::libprotobuf)
  target_include_directories(circula_${name} SYSTEM PUBLIC ${out})
  circula_precompile(circula_${name})
endfunction()

# What a test spends its time in is the layers; its own code is compiled once for each time that it runs.
function(circula_compile_fast target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
endfunction()

# circula_test(NAME [FILES files...] [LINK targets...] [LABELS labels...] [TIMEOUT s] [FILTER cases]): one
# GoogleTest executable from these files, or from every .cpp of the current folder; each case (of those that
# the filter takes) becomes a ctest case.
function(circula_test name)
  cmake_parse_arguments(TEST "" "TIMEOUT;FILTER" "FILES;LINK;LABELS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  if(TEST_FILES)
    set(sources ${TEST_FILES})
  endif()
  if(NOT sources)
    return()
  endif()
  if(NOT TEST_TIMEOUT)
    set(TEST_TIMEOUT 120)
  endif()
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE ${TEST_LINK} circula_test_paths circula_flags
                        GTest::gtest GTest::gmock GTest::gtest_main)
  circula_precompile(${name})
  circula_compile_fast(${name})
  gtest_discover_tests(${name} TEST_PREFIX "${name}." TEST_FILTER "${TEST_FILTER}" DISCOVERY_TIMEOUT 60
                       PROPERTIES TIMEOUT ${TEST_TIMEOUT} LABELS "${TEST_LABELS}")
endfunction()
