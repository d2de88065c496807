// See tun.hpp.
#include "tun.hpp"

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

// <net/if.h> and <linux/if.h> do not go together with every libc; this is all we need of the former.
extern "C" unsigned if_nametoindex(const char* name) noexcept;

namespace keepstate::kernel {

namespace {
constexpr std::size_t kLargestPacket = 65600;
constexpr std::size_t kEthernetHeader = 14;
// Destination and source, both made up locally; the type follows.
constexpr std::array<std::uint8_t, kEthernetHeader> kFarAndNear{0x02, 0x6b, 0, 0, 0, 2,
                                                                0x02, 0x6b, 0, 0, 0, 1};
}  // namespace

Result<Tun> Tun::make(const std::string& name) { return make(name, false); }

Result<Tun> Tun::make_tap(const std::string& name) { return make(name, true); }

Result<Tun> Tun::make(const std::string& name, bool is_tap) {
    Fd fd(open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
    if (!fd.is_open()) return system_error("open /dev/net/tun");
    ifreq request{};
    if (name.empty() || name.size() >= sizeof request.ifr_name) {
        errno = EINVAL;
        return system_error("device name '" + name + "'");
    }
    std::memcpy(request.ifr_name, name.c_str(), name.size());
    request.ifr_flags = static_cast<short>((is_tap ? IFF_TAP : IFF_TUN) | IFF_NO_PI);
    if (ioctl(fd.get(), TUNSETIFF, &request) != 0) return system_error("make TUN device " + name);
    // A device that outlives its descriptor goes with its namespace, which the kernel clears away on its
    // own time: closing would wait for it, 25 ms a device (seen: 6.18).
    if (ioctl(fd.get(), TUNSETPERSIST, 1) != 0) return system_error("keep TUN device " + name);
    return Tun(std::move(fd), name, if_nametoindex(name.c_str()), is_tap);
}

int Tun::write_packet(std::span<const std::uint8_t> bytes, std::uint16_t ethernet_type) {
    std::array<std::uint8_t, kEthernetHeader> header = kFarAndNear;
    header[kEthernetHeader - 2] = static_cast<std::uint8_t>(ethernet_type >> 8U);
    header[kEthernetHeader - 1] = static_cast<std::uint8_t>(ethernet_type);
    std::array<iovec, 2> parts{};
    parts[0] = {header.data(), is_tap_ ? header.size() : 0};
    parts[1] = {const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
    return writev(fd_.get(), parts.data(), parts.size()) < 0 ? errno : 0;
}

bool Tun::read_packet(std::vector<std::uint8_t>& bytes) {
    std::uint8_t buffer[kLargestPacket];
    const ssize_t got = read(fd_.get(), buffer, sizeof buffer);
    if (got <= 0) return false;
    bytes.assign(buffer, buffer + got);
    return true;
}

}  // namespace keepstate::kernel
