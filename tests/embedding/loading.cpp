// A program that loads a shared library, trains with it and unloads it, 30 times: memory must not grow.
#include <dlfcn.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

namespace {

double resident_megabytes() {
  long pages = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
}

}  // namespace

int main(int, char** arguments) {
  double before = 0;
  for (int load = 0; load < 30; ++load) {
    void* library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
    auto* train = library ? reinterpret_cast<float (*)()>(dlsym(library, "plugin_train")) : nullptr;
    if (!train) {
      std::printf("%s\n", dlerror());
      return 1;
    }
    if (!(train() > 0)) return 1;
    dlclose(library);
    if (load == 4) before = resident_megabytes();
  }
  const double grown = resident_megabytes() - before;
  void* const still = dlopen(arguments[1], RTLD_NOW | RTLD_NOLOAD);
  std::printf("grown by %.1f MB in 25 loads; %s\n", grown, still ? "never unloaded" : "unloaded each time");
  return grown < 2 ? 0 : 1;  // one step's tensors are 5 MB
}
