# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0

# One archive with everything, and one deb for each component.

set(FAIRLEAD_PACKAGE_runtime libfairlead-sdk${FAIRLEAD_ABI})
set(FAIRLEAD_PACKAGE_sdk libfairlead-dev)
set(FAIRLEAD_PACKAGE_daemon fairleadd)
set(FAIRLEAD_PACKAGE_plugin-mqtt fairlead-plugin-mqtt)
set(FAIRLEAD_PACKAGE_plugin-loopback fairlead-plugin-loopback)
set(FAIRLEAD_PACKAGE_plugin-ship fairlead-plugin-ship)
set(FAIRLEAD_PACKAGE_plugin-tcp fairlead-plugin-tcp)

set(FAIRLEAD_COMPONENTS runtime sdk)
if(TARGET fairleadd)
    list(APPEND FAIRLEAD_COMPONENTS daemon)
endif()
foreach(plugin IN ITEMS mqtt loopback ship tcp)
    if(TARGET fairlead_plugin_${plugin})
        list(APPEND FAIRLEAD_COMPONENTS plugin-${plugin})
    endif()
endforeach()

# Every deb carries its licence and its history.
foreach(component IN LISTS FAIRLEAD_COMPONENTS)
    set(doc "${CMAKE_INSTALL_DATADIR}/doc/${FAIRLEAD_PACKAGE_${component}}")
    install(FILES debian/copyright DESTINATION "${doc}" COMPONENT ${component})
    fairlead_install_compressed("${CMAKE_CURRENT_SOURCE_DIR}/debian/changelog" changelog.Debian
        "${doc}" ${component})
endforeach()
get_property(compressed GLOBAL PROPERTY FAIRLEAD_COMPRESSED)
add_custom_target(fairlead_compressed ALL DEPENDS ${compressed})
add_dependencies(fairlead_shipped fairlead_compressed)

set(CPACK_PACKAGE_NAME fairlead)
set(CPACK_PACKAGE_VENDOR "The Fairlead authors")
set(CPACK_PACKAGE_CONTACT "The Fairlead authors <maintainers@fairlead.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
set(CPACK_PACKAGE_FILE_NAME "fairlead-${PROJECT_VERSION}-${CMAKE_SYSTEM_NAME}-${CMAKE_SYSTEM_PROCESSOR}")
set(CPACK_PACKAGE_DIRECTORY "${PROJECT_BINARY_DIR}/packages")
set(CPACK_RESOURCE_FILE_LICENSE "${PROJECT_SOURCE_DIR}/LICENSE")
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_COMPONENTS_ALL ${FAIRLEAD_COMPONENTS})
set(CPACK_GENERATOR TGZ DEB)
set(CPACK_PRE_BUILD_SCRIPTS "${CMAKE_CURRENT_LIST_DIR}/stage.cmake")

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "${CPACK_PACKAGE_CONTACT}")
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS "${CMAKE_LIBRARY_OUTPUT_DIRECTORY}")
# The control scripts name the paths that the build chose.
foreach(file IN ITEMS postinst prerm postrm triggers)
    configure_file(debian/fairleadd.${file}.in debian/daemon/${file} @ONLY
        FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
                         WORLD_READ WORLD_EXECUTE)
endforeach()
configure_file(debian/fairleadd.conffiles debian/daemon/conffiles COPYONLY)
configure_file(debian/runtime.triggers debian/runtime/triggers COPYONLY)

set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME ${FAIRLEAD_PACKAGE_runtime})
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_PROVIDES "fairlead-plugin-abi-${FAIRLEAD_ABI}")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA "${CMAKE_CURRENT_BINARY_DIR}/debian/runtime/triggers")
set(CPACK_DEBIAN_RUNTIME_DESCRIPTION "shared library of the Fairlead broker host's plugins
 Fairlead is a broker host: many device protocols on one message bus, each
 protocol a plugin. This library is what the host and every plugin share.")

set(CPACK_DEBIAN_SDK_PACKAGE_NAME ${FAIRLEAD_PACKAGE_sdk})
set(CPACK_DEBIAN_SDK_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_SDK_PACKAGE_DEPENDS "qt6-base-dev (>= 6.4)")
set(CPACK_DEBIAN_SDK_DESCRIPTION "development files for plugins of the Fairlead broker host
 Headers and CMake files with which a transport plugin for Fairlead is built
 outside of Fairlead's own tree.")

set(CPACK_DEBIAN_DAEMON_PACKAGE_NAME ${FAIRLEAD_PACKAGE_daemon})
set(CPACK_DEBIAN_DAEMON_PACKAGE_SECTION net)
set(CPACK_DEBIAN_DAEMON_PACKAGE_DEPENDS
    "systemd | systemd-standalone-sysusers | systemd-sysusers")
set(CPACK_DEBIAN_DAEMON_PACKAGE_RECOMMENDS ${FAIRLEAD_PACKAGE_plugin-mqtt})
set(CPACK_DEBIAN_DAEMON_PACKAGE_CONTROL_EXTRA
    "${CMAKE_CURRENT_BINARY_DIR}/debian/daemon/postinst"
    "${CMAKE_CURRENT_BINARY_DIR}/debian/daemon/prerm"
    "${CMAKE_CURRENT_BINARY_DIR}/debian/daemon/postrm"
    "${CMAKE_CURRENT_BINARY_DIR}/debian/daemon/triggers"
    "${CMAKE_CURRENT_BINARY_DIR}/debian/daemon/conffiles")
set(CPACK_DEBIAN_DAEMON_DESCRIPTION "plugin-based broker host
 Fairlead puts many device protocols on one message bus: transport plugins
 speak the protocols, the host routes, retains and queues. This package holds
 the daemon, its hardened service and the command-line tool; the protocols are
 in the packages fairlead-plugin-*.")

set(CPACK_DEBIAN_PLUGIN-MQTT_PACKAGE_NAME ${FAIRLEAD_PACKAGE_plugin-mqtt})
set(CPACK_DEBIAN_PLUGIN-MQTT_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PLUGIN-MQTT_PACKAGE_DEPENDS "fairlead-plugin-abi-${FAIRLEAD_ABI}")
set(CPACK_DEBIAN_PLUGIN-MQTT_PACKAGE_ENHANCES ${FAIRLEAD_PACKAGE_daemon})
set(CPACK_DEBIAN_PLUGIN-MQTT_DESCRIPTION "MQTT 3.1.1 and 5.0 for the Fairlead broker host
 The transport plugin with which Fairlead serves MQTT clients: sessions, wills,
 retained messages, shared subscriptions and every quality of service.")

set(CPACK_DEBIAN_PLUGIN-LOOPBACK_PACKAGE_NAME ${FAIRLEAD_PACKAGE_plugin-loopback})
set(CPACK_DEBIAN_PLUGIN-LOOPBACK_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PLUGIN-LOOPBACK_PACKAGE_DEPENDS "fairlead-plugin-abi-${FAIRLEAD_ABI}")
set(CPACK_DEBIAN_PLUGIN-LOOPBACK_PACKAGE_ENHANCES ${FAIRLEAD_PACKAGE_daemon})
set(CPACK_DEBIAN_PLUGIN-LOOPBACK_DESCRIPTION "in-process peers for the Fairlead broker host
 The smallest complete transport plugin: its peers live in the host's own
 process. It serves tests and authors of other plugins.")

set(CPACK_DEBIAN_PLUGIN-SHIP_PACKAGE_NAME ${FAIRLEAD_PACKAGE_plugin-ship})
set(CPACK_DEBIAN_PLUGIN-SHIP_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PLUGIN-SHIP_PACKAGE_DEPENDS "fairlead-plugin-abi-${FAIRLEAD_ABI}")
set(CPACK_DEBIAN_PLUGIN-SHIP_PACKAGE_ENHANCES ${FAIRLEAD_PACKAGE_daemon})
set(CPACK_DEBIAN_PLUGIN-SHIP_DESCRIPTION "EEBUS devices for the Fairlead broker host
 Puts heat pumps, wallboxes, inverters and grid control boxes that speak SHIP on
 the bus: what a device says is a message, and what is published for it is sent
 to it.")

set(CPACK_DEBIAN_PLUGIN-TCP_PACKAGE_NAME ${FAIRLEAD_PACKAGE_plugin-tcp})
set(CPACK_DEBIAN_PLUGIN-TCP_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PLUGIN-TCP_PACKAGE_DEPENDS "fairlead-plugin-abi-${FAIRLEAD_ABI}")
set(CPACK_DEBIAN_PLUGIN-TCP_PACKAGE_ENHANCES ${FAIRLEAD_PACKAGE_daemon})
set(CPACK_DEBIAN_PLUGIN-TCP_DESCRIPTION "plain TCP equipment for the Fairlead broker host
 The transport plugin for scanners, meters, serial servers and other equipment
 that speaks plain TCP: each frame it sends is a message, and each message for
 it a frame, by line, length, delimiter, fixed size or idle gap.")

include(CPack)
cpack_add_component(runtime)
cpack_add_component(sdk DEPENDS runtime)
if(TARGET fairleadd)
    cpack_add_component(daemon DEPENDS runtime)
endif()
foreach(plugin IN ITEMS mqtt loopback ship tcp)
    if(TARGET fairlead_plugin_${plugin})
        cpack_add_component(plugin-${plugin} DEPENDS runtime)
    endif()
endforeach()
