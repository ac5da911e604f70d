// A library that a test preloads into the program (LD_PRELOAD) to stop it at an exact moment. Only file
// operations change the disk, so tests that kill the program at each of them cover every moment that matters.
//
// It counts all writes to files, renames, removals, syncs and new folders, from 1.
//   P2REC_KILL_AT=n     operation n is not executed (of a write, only the first half), and the program is
//                       killed, as by kill -9. The operation is printed to standard error
//   P2REC_KILL_AFTER=n  the program is killed after n milliseconds, as by kill -9
//   P2REC_FULL_AT=n     the disk is full from operation n on: that write takes its first half, later ones
//                       none
//   P2REC_COUNT=FILE    at the end, the number of operations is written to FILE
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace {

template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

long number_from(const char* variable) {
  const char* text = std::getenv(variable);
  return text ? std::strtol(text, nullptr, 10) : 0;
}

const long kill_at = number_from("P2REC_KILL_AT"), kill_after = number_from("P2REC_KILL_AFTER"),
           full_at = number_from("P2REC_FULL_AT");
std::atomic<long> count{0};

[[noreturn]] void die(const char* operation, const char* what) {
  dprintf(STDERR_FILENO, "killed at operation %ld: %s %s\n", kill_at, operation, what);
  raise(SIGKILL);
  _exit(1);
}

void step(const char* operation, const char* what) {
  if (++count == kill_at) die(operation, what);
}

// False for standard output and standard error, which are not counted.
bool is_file(int fd) {
  struct stat found {};
  return fd > STDERR_FILENO && fstat(fd, &found) == 0 && S_ISREG(found.st_mode);
}

// The part of a write that is executed.
enum class Write { Whole, Half, Nothing };
Write counted_write() {
  const long now = ++count;
  if (now == kill_at || now == full_at) return Write::Half;
  return full_at > 0 && now > full_at ? Write::Nothing : Write::Whole;
}

// A timer of the kernel kills the process, so a parent that waits for it resumes only after its files are
// closed and its locks are released.
struct Timer {
  Timer() {
    if (kill_after <= 0) return;
    sigevent event{};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGKILL;
    itimerspec when{};
    when.it_value = {kill_after / 1000, kill_after % 1000 * 1'000'000};
    timer_t timer;
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 || timer_settime(timer, 0, &when, nullptr) != 0) {
      std::perror("P2REC_KILL_AFTER");
      _exit(1);
    }
  }
};
const Timer timer;

struct Report {
  ~Report() {
    const char* file = std::getenv("P2REC_COUNT");
    if (!file) return;
    if (FILE* out = std::fopen(file, "w")) {
      std::fprintf(out, "%ld\n", count.load());
      std::fclose(out);
    }
  }
};
const Report report;

}  // namespace

extern "C" {

ssize_t write(int fd, const void* bytes, size_t size) {
  static auto* const real = next<ssize_t(int, const void*, size_t)>("write");
  if (!is_file(fd)) return real(fd, bytes, size);
  switch (counted_write()) {
    case Write::Whole:
      return real(fd, bytes, size);
    case Write::Half: {
      const ssize_t half = size > 1 ? real(fd, bytes, size / 2) : 0;
      if (count >= kill_at && kill_at > 0) die("write", "the second half");
      if (half > 0) return half;
      break;
    }
    case Write::Nothing:
      break;
  }
  errno = ENOSPC;
  return -1;
}

// Calls write(), which counts, for each part.
ssize_t writev(int fd, const iovec* parts, int number) {
  static auto* const real = next<ssize_t(int, const iovec*, int)>("writev");
  if (!is_file(fd)) return real(fd, parts, number);
  ssize_t total = 0;
  for (int i = 0; i < number; ++i) {
    if (parts[i].iov_len == 0) continue;
    const ssize_t written = write(fd, parts[i].iov_base, parts[i].iov_len);
    if (written < 0) return total > 0 ? total : written;
    total += written;
    if (static_cast<size_t>(written) < parts[i].iov_len) return total;
  }
  return total;
}

int rename(const char* from, const char* to) noexcept {
  static auto* const real = next<int(const char*, const char*)>("rename");
  step("rename", to);
  return real(from, to);
}

int remove(const char* path) noexcept {
  static auto* const real = next<int(const char*)>("remove");
  step("remove", path);
  return real(path);
}

int unlink(const char* path) noexcept {
  static auto* const real = next<int(const char*)>("unlink");
  step("unlink", path);
  return real(path);
}

int mkdir(const char* path, mode_t mode) noexcept {
  static auto* const real = next<int(const char*, mode_t)>("mkdir");
  step("mkdir", path);
  return real(path, mode);
}

int fsync(int fd) {
  static auto* const real = next<int(int)>("fsync");
  step("fsync", "");
  return real(fd);
}
}
