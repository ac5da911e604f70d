# The packages of the bundle that others find by pkg-config. run.sh sets PACKAGES, their folder.
function(pkg_check_modules prefix)
  list(GET ARGN -1 package)
  add_library(PkgConfig::${prefix} INTERFACE IMPORTED GLOBAL)
  target_include_directories(PkgConfig::${prefix} INTERFACE ${PACKAGES}/include)
  if(NOT package STREQUAL tomlplusplus)  # has only headers here
    string(REGEX REPLACE "^lib" "" name ${package})
    target_link_libraries(PkgConfig::${prefix} INTERFACE ${PACKAGES}/lib/lib${name}.a)
  endif()
endfunction()
set(PkgConfig_FOUND ON)
