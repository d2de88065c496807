// A network namespace of one's own, and programs run inside it.
//
// The kernel tests need a network stack that nobody else uses and that they may fill with rules and
// devices at will. A NetNamespace is made by letting the calling thread leave its namespace, keeping
// a descriptor of the new one, and going back at once: sockets and TUN devices opened while the thread
// was inside stay inside for ever, so the test itself never has to live there.
//
//     thread:   home ──unshare──> new ──open sockets, ioctl TUN, spawn ip/iptables──> home
//                                  └── kept alive by NetNamespace::fd_ and by those sockets
//
// /proc/sys/net and /proc/thread-self/net belong to the *reading* thread's namespace, which is why
// files are read inside an Inside guard as well.
//
// Limits: needs CAP_SYS_ADMIN and CAP_NET_ADMIN. nf_conntrack_max, _buckets and _expect_max cannot be
// written in any namespace but the first (seen: 6.18).
// Threads: each thread switches only itself.  Tested by: kernel_run_test.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "keepstate/result.hpp"

namespace keepstate::kernel {

/// A file descriptor that closes itself. -1 is none.
class Fd {
  public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(other.release()) {}
    Fd& operator=(Fd&& other) noexcept;
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    ~Fd();

    int get() const { return fd_; }
    bool is_open() const { return fd_ >= 0; }
    int release();

  private:
    int fd_ = -1;
};

/// An Error of kind system: words, then what errno says.
Unexpected system_error(std::string_view words);

/// A fresh namespace, empty but for `lo` (down).
class NetNamespace {
  public:
    static Result<NetNamespace> make();
    int fd() const { return fd_.get(); }

  private:
    explicit NetNamespace(Fd fd) : fd_(std::move(fd)) {}
    Fd fd_;
};

/// The calling thread is inside the namespace as long as this lives. Aborts if the kernel refuses,
/// because a test that goes on outside would change the machine's own firewall.
class Inside {
  public:
    explicit Inside(const NetNamespace& there);
    ~Inside();
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

  private:
    Fd home_;
};

struct ProgramOutput {
    int status = 0;  ///< exit status; 128 + signal if it was killed
    std::string out;
    std::string err;
};

/// Runs a program (found by PATH) in the calling thread's namespace and waits for it.
Result<ProgramOutput> run_program(const std::vector<std::string>& words, std::string_view input);

/// Like run_program, but a status other than 0 is an error that shows what the program said.
Result<std::string> run_program_ok(const std::vector<std::string>& words, std::string_view input);

/// The whole text of a file (also of /proc files, whose size is not known before).
Result<std::string> read_file(const std::string& path);

/// Writes text to an existing file, a sysctl for instance.
Result<void> write_file(const std::string& path, std::string_view text);

/// `net.netfilter.nf_conntrack_acct` -> /proc/sys/net/netfilter/nf_conntrack_acct; set in the
/// calling thread's namespace. Slashes stay as they are, so a device name may hold a dot if slashes
/// are used between the parts.
Result<void> set_sysctl(const std::string& name, const std::string& value);

}  // namespace keepstate::kernel
