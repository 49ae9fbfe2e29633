// SPDX-License-Identifier: MIT
// Runs a command and prints the processor time and the memory that it took; fails over a limit of memory.
// usage: measure megabytes command arguments...
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: measure megabytes command arguments...\n");
    return 2;
  }
  const pid_t child = fork();
  if (child == 0) {
    execvp(argv[2], argv + 2);
    std::perror(argv[2]);
    _exit(127);
  }
  int status = 0;
  rusage use{};
  if (child < 0 || wait4(child, &status, 0, &use) != child) {
    std::perror("measure");
    return 2;
  }
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  const double megabytes = static_cast<double>(use.ru_maxrss) / 1024, limit = std::atof(argv[1]);
  std::printf("%.2f s of processor time, %.0f MB (limit %.0f MB)\n",
              seconds(use.ru_utime) + seconds(use.ru_stime), megabytes, limit);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return 1;
  return megabytes <= limit ? 0 : 1;
}
