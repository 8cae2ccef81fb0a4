# Headers of others, which change only with Debian, are read once instead of in every file: a third of a
# compiler's time went into that. Our own are not among them, and every file still includes what it uses: the
# preset `debug` builds without this and says when one does not.
option(CIRCULA_PRECOMPILED "Precompile the headers of the standard library and of dependencies" ON)

set(circula_headers
    <algorithm> <array> <cstdint> <functional> <map> <memory> <optional> <set> <span> <string> <string_view>
    <variant> <vector>
    <boost/system/result.hpp>
    <google/protobuf/generated_message_reflection.h> <google/protobuf/generated_message_util.h>
    <google/protobuf/io/coded_stream.h> <google/protobuf/message.h> <google/protobuf/repeated_field.h>
    <google/protobuf/unknown_field_set.h>)

# GCC 12's false alarms about std::string, which it keeps to itself only while it reads the header as text.
set(circula_precompiled_options -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread)

# circula_headers(NAME CODE headers...): the target whose precompiled headers others use; their flags must be
# the same. CODE is -fPIC for libraries and -fPIE for executables.
function(circula_headers name code)
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/${name}.cpp CONTENT "")
  add_library(${name} OBJECT ${CMAKE_BINARY_DIR}/${name}.cpp)
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(${name} PRIVATE ${code})
  target_link_libraries(${name} PRIVATE circula_flags protobuf::libprotobuf)
  target_precompile_headers(${name} PRIVATE ${ARGN})
endfunction()

# circula_precompile(TARGET): for a library, or for a test.
function(circula_precompile target)
  if(NOT CIRCULA_PRECOMPILED)
    return()
  endif()
  get_target_property(type ${target} TYPE)
  set(headers circula_headers)
  if(type STREQUAL EXECUTABLE)
    set(headers circula_test_headers)
  endif()
  target_precompile_headers(${target} REUSE_FROM ${headers})
  target_compile_options(${target} PRIVATE ${circula_precompiled_options})
endfunction()

if(CIRCULA_PRECOMPILED)
  circula_headers(circula_headers -fPIC ${circula_headers})
  if(CIRCULA_TESTS)
    circula_headers(circula_test_headers -fPIE ${circula_headers} <gtest/gtest.h>)
    target_link_libraries(circula_test_headers PRIVATE GTest::gtest)
    target_compile_options(circula_test_headers PRIVATE $<$<CONFIG:Release>:-O1>)
  endif()
endif()
