# cmake --install: the libraries with their headers, for find_package(p2rec), and the program. A header has the
# same name as in the repository: include/p2rec/autograd/tensor.h is "autograd/tensor.h".
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

foreach(layer ${LIBRARIES})
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR} ${layer}/*.h ${layer}/*.inc)
  list(FILTER headers EXCLUDE REGEX "^p2rec/cli/")
  foreach(header ${headers})
    get_filename_component(folder ${header} DIRECTORY)
    install(FILES ${header} DESTINATION include/p2rec/${folder})
  endforeach()
endforeach()

list(TRANSFORM LIBRARIES PREPEND p2rec_ OUTPUT_VARIABLE targets)
install(TARGETS ${targets} p2rec_f64 EXPORT p2rec-targets)
if(TARGET p2rec_cuda)
  install(FILES $<TARGET_FILE:p2rec_cuda> DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()
if(TARGET p2rec)
  install(TARGETS p2rec)
endif()

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/p2rec)
install(EXPORT p2rec-targets NAMESPACE p2rec:: DESTINATION ${package})
configure_file(cmake/p2rec-config.cmake.in p2rec-config.cmake @ONLY)
write_basic_package_version_file(p2rec-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/p2rec-config.cmake ${PROJECT_BINARY_DIR}/p2rec-config-version.cmake
        DESTINATION ${package})
