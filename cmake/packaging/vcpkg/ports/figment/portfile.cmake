set(VCPKG_BUILD_TYPE release)  # header-only

# To fill in for a release: the repository, and the sum that vcpkg prints when it meets the 0.
vcpkg_from_github(
    OUT_SOURCE_PATH SOURCE_PATH
    REPO figment/figment
    REF "v${VERSION}"
    SHA512 0
    HEAD_REF main
)

vcpkg_check_features(
    OUT_FEATURE_OPTIONS FEATURE_OPTIONS
    FEATURES
        io FIGMENT_DATA_AND_IO
    INVERTED_FEATURES
        gif CMAKE_DISABLE_FIND_PACKAGE_GIF
)

vcpkg_cmake_configure(
    SOURCE_PATH "${SOURCE_PATH}"
    OPTIONS
        ${FEATURE_OPTIONS}
        -DFIGMENT_BUILD_TESTS=OFF
        -DFIGMENT_BUILD_EXAMPLES=OFF
        -DFIGMENT_INSTALL=ON
    MAYBE_UNUSED_VARIABLES
        CMAKE_DISABLE_FIND_PACKAGE_GIF
)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH lib/cmake/figment)
vcpkg_fixup_pkgconfig()

file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/lib" "${CURRENT_PACKAGES_DIR}/share/licenses")
file(INSTALL "${CMAKE_CURRENT_LIST_DIR}/usage" DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
