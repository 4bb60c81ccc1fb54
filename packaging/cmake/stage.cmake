# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0

# Runs on what cpack has staged. A deb's libraries are where the system's linker looks, so its
# programs need no search path of their own; an archive's do.
if(NOT CPACK_GENERATOR STREQUAL "DEB")
    return()
endif()
file(GLOB_RECURSE binaries LIST_DIRECTORIES false
    "${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*/usr/bin/*"
    "${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*/usr/lib/*.so"
    "${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*/usr/lib/*.so.*")
foreach(binary IN LISTS binaries)
    if(NOT IS_SYMLINK "${binary}")
        file(RPATH_REMOVE FILE "${binary}")
    endif()
endforeach()
