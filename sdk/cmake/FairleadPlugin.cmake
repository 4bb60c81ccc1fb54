# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0

# fairlead_add_plugin(): one call builds a plugin as the host expects it.

include_guard(GLOBAL)
include(GNUInstallDirs)
include("${CMAKE_CURRENT_LIST_DIR}/FairleadPluginJson.cmake")

# The number in the shared library's name; raised when a plugin must be built again.
if(NOT DEFINED FAIRLEAD_ABI)
    set(FAIRLEAD_ABI 1)
endif()
if(NOT DEFINED FAIRLEAD_PLUGIN_SUBDIR)
    set(FAIRLEAD_PLUGIN_SUBDIR "fairlead/plugins")
endif()

# fairlead_add_plugin(<target> ID <id> JSON <plugin.json.in> SOURCES <file>... [LIBRARIES <lib>...]
#                     [OUTPUT <name>] [VERSION <x.y.z>] [MIN_SDK <x.y.z>]
#                     [OUTPUT_DIRECTORY <folder>] [NO_INSTALL])
#
# Builds the module <name>.so (default: fairlead_<last part of the id>) and puts it where an
# uninstalled host looks. The root object says
#     Q_PLUGIN_METADATA(IID FAIRLEAD_TRANSPORTFACTORY_IID FILE "plugin.json")
# and gets the file that is made here from <plugin.json.in>: "version", "sdk" and "build" are added,
# and whatever breaks schema/plugin-1.schema.json ends the configuration.
function(fairlead_add_plugin target)
    cmake_parse_arguments(arg "NO_INSTALL" "ID;JSON;OUTPUT;VERSION;MIN_SDK;OUTPUT_DIRECTORY"
                          "SOURCES;LIBRARIES" ${ARGN})
    if(arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "fairlead_add_plugin(${target}): unknown: ${arg_UNPARSED_ARGUMENTS}")
    endif()
    foreach(needed IN ITEMS ID JSON SOURCES)
        if(NOT arg_${needed})
            message(FATAL_ERROR "fairlead_add_plugin(${target}): ${needed} is missing")
        endif()
    endforeach()

    string(REGEX REPLACE "^.*\\." "" short "${arg_ID}")
    if(NOT arg_OUTPUT)
        set(arg_OUTPUT "fairlead_${short}")
    endif()
    if(NOT arg_VERSION)
        set(arg_VERSION "${PROJECT_VERSION}")
    endif()
    if(NOT arg_MIN_SDK)
        set(arg_MIN_SDK "${Fairlead_VERSION_MAJOR}.${Fairlead_VERSION_MINOR}.0")
    endif()
    if(NOT arg_OUTPUT_DIRECTORY)
        set(arg_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib/${FAIRLEAD_PLUGIN_SUBDIR}")
    endif()

    cmake_path(ABSOLUTE_PATH arg_JSON NORMALIZE OUTPUT_VARIABLE input)
    set(generated "${CMAKE_CURRENT_BINARY_DIR}/${target}_metadata")
    fairlead_generate_plugin_json("${input}" "${generated}/plugin.json" ID "${arg_ID}"
                                  VERSION "${arg_VERSION}" MIN_SDK "${arg_MIN_SDK}")

    add_library(${target} MODULE ${arg_SOURCES})
    set_target_properties(${target} PROPERTIES
        AUTOMOC ON
        PREFIX ""
        OUTPUT_NAME "${arg_OUTPUT}"
        LIBRARY_OUTPUT_DIRECTORY "${arg_OUTPUT_DIRECTORY}"
        CXX_VISIBILITY_PRESET hidden
        VISIBILITY_INLINES_HIDDEN ON
        POSITION_INDEPENDENT_CODE ON)
    target_include_directories(${target} PRIVATE "${generated}")
    # The metadata reaches the object file through moc's output, which no build rule tracks.
    set_property(SOURCE ${arg_SOURCES} APPEND PROPERTY OBJECT_DEPENDS "${generated}/plugin.json")
    target_link_libraries(${target} PRIVATE Fairlead::Sdk ${arg_LIBRARIES})
    # What a linked static library defines stays inside the module, like the module's own code.
    target_link_options(${target} PRIVATE "LINKER:--exclude-libs,ALL")
    # A missing symbol fails the link instead of the host. Clang leaves the sanitizers' symbols to
    # the program that loads the module.
    if(NOT (FAIRLEAD_SANITIZE AND CMAKE_CXX_COMPILER_ID MATCHES "Clang"))
        target_link_options(${target} PRIVATE "LINKER:--no-undefined")
    endif()
    if(TARGET fairlead_build_flags)
        target_link_libraries(${target} PRIVATE fairlead_build_flags)
    endif()

    if(NOT arg_NO_INSTALL)
        install(TARGETS ${target}
                LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}/${FAIRLEAD_PLUGIN_SUBDIR}"
                COMPONENT plugin-${short})
    endif()
endfunction()
