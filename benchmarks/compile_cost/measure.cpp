// Runs a command and prints its user and system seconds and its largest resident set in MB, its children's
// included: measure COMMAND [ARGUMENT…]. GNU time does the same but is seldom installed.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

int main(int, char** argv) {
  const pid_t child = fork();
  if (child == 0) {
    execvp(argv[1], argv + 1);
    std::perror(argv[1]);
    _exit(127);
  }
  int status = 0;
  rusage used{};
  if (child < 0 || wait4(child, &status, 0, &used) < 0 || status != 0) return 1;
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
#ifdef __APPLE__
  const double unit = 1 << 20;  // bytes
#else
  const double unit = 1 << 10;  // kilobytes
#endif
  std::printf("%.3f %.0f\n", seconds(used.ru_utime) + seconds(used.ru_stime),
              static_cast<double>(used.ru_maxrss) / unit);
}
