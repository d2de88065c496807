// Fingerprints of operating systems in the live kernel, for -m osf.
//
// The kernel has one list for all namespaces. Whoever loads some waits until nobody else among the tests has any, and
// takes them out again at the end; `-m osf` rules of tests that load none must not depend on the list.
// Tested by: tests/scenarios, log_lines_test.cpp.
#pragma once

#include <string>

#include "netns.hpp"

namespace keepstate::kernel {

class KernelFingerprints {
  public:
    /// Loads the text, in the form of pf.os, by nfnl_osf. Waits up to a minute for others.
    static Result<KernelFingerprints> load(const std::string& text);
    ~KernelFingerprints();
    KernelFingerprints(KernelFingerprints&&) noexcept = default;
    KernelFingerprints& operator=(KernelFingerprints&&) = delete;

  private:
    KernelFingerprints(Fd lock, std::string text)
        : lock_(std::move(lock)), text_(std::move(text)) {}

    Fd lock_;  // released, and with it the turn, when it closes
    std::string text_;
};

}  // namespace keepstate::kernel
