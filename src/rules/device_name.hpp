// A device of a Context by its name.
#pragma once

#include <cstring>
#include <string_view>

namespace keepstate::rules {

/// Without the padding; empty if the device is absent.
inline std::string_view device_name(const char* device) {
    constexpr std::size_t kBytes = 16;
    return device == nullptr ? std::string_view{}
                             : std::string_view(device, strnlen(device, kBytes));
}

}  // namespace keepstate::rules
