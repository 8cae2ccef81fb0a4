# Every dependency is a Debian 12 package; scripts/setup installs them.
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_package(OpenSSL 3.0 REQUIRED)
find_package(Protobuf 3.21 REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(tomlplusplus REQUIRED IMPORTED_TARGET tomlplusplus)

find_path(LEVELDB_INCLUDE_DIR leveldb/db.h REQUIRED)
find_library(LEVELDB_LIBRARY leveldb REQUIRED)
add_library(leveldb INTERFACE)
target_include_directories(leveldb SYSTEM INTERFACE ${LEVELDB_INCLUDE_DIR})
target_link_libraries(leveldb INTERFACE ${LEVELDB_LIBRARY})

# Only the registry and the text serialiser: the pull part brings a second web server.
find_path(PROMETHEUS_INCLUDE_DIR prometheus/registry.h REQUIRED)
find_library(PROMETHEUS_CORE_LIBRARY prometheus-cpp-core REQUIRED)
add_library(prometheus_core INTERFACE)
target_include_directories(prometheus_core SYSTEM INTERFACE ${PROMETHEUS_INCLUDE_DIR})
target_link_libraries(prometheus_core INTERFACE ${PROMETHEUS_CORE_LIBRARY})

if(CIRCULA_TESTS)
  find_package(GTest REQUIRED)
endif()
