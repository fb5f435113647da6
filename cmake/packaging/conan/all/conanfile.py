import os

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.files import copy, get
from conan.tools.layout import basic_layout

required_conan_version = ">=2.0"


class FigmentConan(ConanFile):
    name = "figment"
    description = "Header-only C++20 library for generative models: tensors, autodiff, layers, VAEs and GANs"
    license = "MIT"
    url = "https://github.com/conan-io/conan-center-index"
    homepage = "https://github.com/figment/figment"
    topics = ("deep-learning", "autodiff", "vae", "gan", "header-only")
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"with_io": [True, False], "with_gif": [True, False]}
    default_options = {"with_io": True, "with_gif": False}
    no_copy_source = True

    def configure(self):
        if not self.options.with_io:
            self.options.rm_safe("with_gif")  # figment::gif is built on figment::io

    def layout(self):
        basic_layout(self, src_folder="src")

    def requirements(self):
        self.requires("eigen/3.4.0", transitive_headers=True)
        if self.options.with_io:
            self.requires("zlib/[>=1.2.11 <2]", transitive_headers=True)
            self.requires("stb/cci.20240531", transitive_headers=True)
            self.requires("nlohmann_json/3.11.3", transitive_headers=True)
        if self.options.get_safe("with_gif"):
            self.requires("giflib/[>=5.2.1 <6]", transitive_headers=True)

    def package_id(self):
        self.info.settings.clear()

    def validate(self):
        check_min_cppstd(self, 20)

    def source(self):
        get(self, **self.conan_data["sources"][self.version], strip_root=True)

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        include = os.path.join(self.source_folder, "include")
        copy(self, "*", include, os.path.join(self.package_folder, "include"))

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "figment")
        self._component("figment", "figment", ["eigen::eigen"])
        if self.settings.os in ("Linux", "FreeBSD"):
            self.cpp_info.components["figment"].system_libs = ["pthread"]
        if self.options.with_io:
            self._component("data", "figment-data", ["figment", "zlib::zlib"])
            self._component("io", "figment-io", ["data", "stb::stb", "nlohmann_json::nlohmann_json"])
        if self.options.get_safe("with_gif"):
            self._component("gif", "figment-gif", ["io", "giflib::giflib"])

    def _component(self, name, pkg_config_name, requires):
        component = self.cpp_info.components[name]
        component.set_property("cmake_target_name", f"figment::{name}")
        component.set_property("pkg_config_name", pkg_config_name)
        component.requires = requires
        component.bindirs = []
        component.libdirs = []
