// `kernel_differ capture`: captures through keepstate and the kernel.  Tested by: differ_test.cpp.
#pragma once

namespace keepstate::kernel {

/// The arguments are those of main, argv[1] being "capture". Returns the exit status: 0 no difference, 1 a
/// difference, 2 wrong call, 3 a file or the kernel side refused.
int run_capture(int argc, char** argv);

}  // namespace keepstate::kernel
