# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0

# Where everything goes, by component. All of it is relative to the prefix, and the programs find the
# SDK and the plugins relative to themselves, so that a tree works wherever it is put.

include(CMakePackageConfigHelpers)

get_target_property(FAIRLEAD_ABI fairlead_sdk SOVERSION)
set(FAIRLEAD_PLUGIN_INSTALL_DIR "${CMAKE_INSTALL_LIBDIR}/${FAIRLEAD_PLUGIN_SUBDIR}")

# SDK: the library by itself, and what a plugin author needs.
install(TARGETS fairlead_sdk EXPORT FairleadTargets
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT runtime NAMELINK_COMPONENT sdk)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/sdk/include/fairlead"
    DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT sdk FILES_MATCHING PATTERN "*.h")
install(FILES "${PROJECT_BINARY_DIR}/sdk/include/fairlead/export.h"
    DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/fairlead" COMPONENT sdk)
set(FAIRLEAD_CMAKE_INSTALL_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/Fairlead")
configure_package_config_file(
    "${CMAKE_CURRENT_LIST_DIR}/FairleadConfig.cmake.in"
    "${CMAKE_CURRENT_BINARY_DIR}/FairleadConfig.cmake"
    INSTALL_DESTINATION "${FAIRLEAD_CMAKE_INSTALL_DIR}"
    PATH_VARS FAIRLEAD_PLUGIN_INSTALL_DIR)
write_basic_package_version_file(
    "${CMAKE_CURRENT_BINARY_DIR}/FairleadConfigVersion.cmake" COMPATIBILITY SameMajorVersion)
install(EXPORT FairleadTargets NAMESPACE Fairlead::
    DESTINATION "${FAIRLEAD_CMAKE_INSTALL_DIR}" COMPONENT sdk)
install(FILES
    "${CMAKE_CURRENT_BINARY_DIR}/FairleadConfig.cmake"
    "${CMAKE_CURRENT_BINARY_DIR}/FairleadConfigVersion.cmake"
    "${PROJECT_SOURCE_DIR}/sdk/cmake/FairleadPlugin.cmake"
    "${PROJECT_SOURCE_DIR}/sdk/cmake/FairleadPluginJson.cmake"
    DESTINATION "${FAIRLEAD_CMAKE_INSTALL_DIR}" COMPONENT sdk)

# Programs.
foreach(program IN ITEMS fairleadd fairlead)
    if(TARGET ${program})
        set_target_properties(${program} PROPERTIES
            INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
        install(TARGETS ${program}
            RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT daemon)
    endif()
endforeach()

# The plugins' own install rule is fairlead_add_plugin()'s.
foreach(plugin IN ITEMS mqtt loopback ship tcp)
    if(TARGET fairlead_plugin_${plugin})
        set_target_properties(fairlead_plugin_${plugin} PROPERTIES INSTALL_RPATH "$ORIGIN/../..")
    endif()
endforeach()

# Service. /etc belongs to a system-wide prefix; every other prefix keeps its own.
configure_file("${CMAKE_CURRENT_SOURCE_DIR}/systemd/fairleadd.service.in"
               "${CMAKE_CURRENT_BINARY_DIR}/fairleadd.service" @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/fairleadd.service"
    DESTINATION lib/systemd/system COMPONENT daemon)
install(FILES "${CMAKE_CURRENT_SOURCE_DIR}/systemd/sysusers.conf"
    DESTINATION lib/sysusers.d RENAME fairlead.conf COMPONENT daemon)
install(FILES "${CMAKE_CURRENT_SOURCE_DIR}/systemd/tmpfiles.conf"
    DESTINATION lib/tmpfiles.d RENAME fairlead.conf COMPONENT daemon)
install(CODE "
    if(CMAKE_INSTALL_PREFIX STREQUAL \"/usr\")
        set(fairlead_etc /etc)
    else()
        set(fairlead_etc \"\${CMAKE_INSTALL_PREFIX}/etc\")
    endif()
    file(INSTALL DESTINATION \"\${fairlead_etc}/fairlead\" TYPE FILE
         FILES \"${CMAKE_CURRENT_SOURCE_DIR}/config/fairlead.toml\")
    file(INSTALL DESTINATION \"\${fairlead_etc}/fairlead/conf.d\" TYPE FILE
         FILES \"${CMAKE_CURRENT_SOURCE_DIR}/config/conf.d/README\")"
    COMPONENT daemon)

# Manual pages and completion.
find_program(FAIRLEAD_GZIP gzip REQUIRED)
function(fairlead_install_compressed source name destination component)
    set(output "${CMAKE_CURRENT_BINARY_DIR}/${component}-${name}.gz")
    add_custom_command(OUTPUT "${output}"
        COMMAND "${FAIRLEAD_GZIP}" -9nc "${source}" > "${output}"
        DEPENDS "${source}" VERBATIM)
    set_property(GLOBAL APPEND PROPERTY FAIRLEAD_COMPRESSED "${output}")
    install(FILES "${output}" DESTINATION "${destination}" RENAME "${name}.gz"
        COMPONENT ${component})
endfunction()

foreach(page IN ITEMS fairleadd.8 fairlead.1 fairlead.toml.5)
    string(REGEX REPLACE ".*\\." "" section "${page}")
    fairlead_install_compressed("${CMAKE_CURRENT_SOURCE_DIR}/man/${page}" ${page}
        "${CMAKE_INSTALL_MANDIR}/man${section}" daemon)
endforeach()
install(FILES completions/fairlead completions/fairleadd
    DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions" COMPONENT daemon)
