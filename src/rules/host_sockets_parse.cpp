// The text that states sockets; see keepstate/host_socket.hpp.
#include <fmt/format.h>

#include <algorithm>

#include "keepstate/host_socket.hpp"
#include "rules/names.hpp"
#include "rules/nearest.hpp"
#include "rules/values.hpp"

namespace keepstate {

namespace {

constexpr std::uint64_t kMost32 = 0xffffffffU;
constexpr std::string_view kBlanks = " \t\r";

struct Word {
    std::string_view text;
    int column = 0;  ///< from 1
};

std::vector<Word> split(std::string_view line) {
    std::vector<Word> words;
    for (std::size_t at = 0;;) {
        at = line.find_first_not_of(kBlanks, at);
        if (at == std::string_view::npos || line[at] == '#') return words;
        const std::size_t end = std::min(line.find_first_of(kBlanks, at), line.size());
        words.push_back({line.substr(at, end - at), static_cast<int>(at) + 1});
        at = end;
    }
}

/// One line. Reads word after word; the first fault ends it.
class SocketLine {
  public:
    explicit SocketLine(const std::vector<Word>& words) : words_(words) {}

    bool read(HostSocket& socket) {
        const auto protocol = rules::find_protocol(next().text);
        if (!protocol || *protocol == 0) return fail("a protocol should stand here");
        socket.protocol = *protocol;
        if (!has_more()) return fail("the socket's own end is missing: ADDRESS[:PORT]");
        if (!read_end(socket.local, socket.local_port)) return false;
        if (has_more() && parse_end(peek())) {
            socket.remote.emplace();
            if (!read_end(*socket.remote, socket.remote_port)) return false;
            if (socket.remote->family != socket.local.family) {
                return fail("both ends should be of one family");
            }
        }
        while (has_more()) {
            if (!read_property(socket)) return false;
        }
        return true;
    }
    const std::string& fault() const { return fault_; }
    int column() const { return column_; }

  private:
    struct End {
        Address address;
        std::uint16_t port = 0;
    };

    bool has_more() const { return at_ < words_.size(); }
    std::string_view peek() const { return words_[at_].text; }
    const Word& next() {
        column_ = words_[at_].column;
        return words_[at_++];
    }
    bool fail(std::string words) {
        fault_ = std::move(words);
        return false;
    }

    /// "10.0.0.1", "10.0.0.1:22", "2001:db8::1", "[2001:db8::1]:22".
    static std::optional<End> parse_end(std::string_view words) {
        std::string_view address = words, port;
        if (words.starts_with('[')) {
            const std::size_t close = words.find(']');
            if (close == std::string_view::npos) return std::nullopt;
            address = words.substr(1, close - 1);
            port = words.substr(close + 1);
            if (!port.empty() && port.front() != ':') return std::nullopt;
        } else if (std::count(words.begin(), words.end(), ':') == 1) {
            address = words.substr(0, words.find(':'));
            port = words.substr(address.size());
        }
        const std::optional<Address> read = parse_address(address);
        if (!read) return std::nullopt;
        End end{*read, 0};
        if (port.empty()) return end;
        const auto number = rules::parse_number(port.substr(1), 0, 65535);
        if (!number) return std::nullopt;
        end.port = static_cast<std::uint16_t>(*number);
        return end;
    }
    bool read_end(Address& address, std::uint16_t& port) {
        const Word& word = next();
        const std::optional<End> end = parse_end(word.text);
        if (!end) {
            return fail(fmt::format("`{}' is no end of a socket: ADDRESS[:PORT] or [ADDRESS]:PORT",
                                    word.text));
        }
        address = end->address;
        port = end->port;
        return true;
    }
    bool read_number(std::string_view what, std::uint32_t& number) {
        if (!has_more()) return fail(fmt::format("`{}' wants a number", what));
        const Word& word = next();
        const auto read = rules::parse_number(word.text, 0, kMost32);
        if (!read) return fail(fmt::format("`{}' is no number", word.text));
        number = static_cast<std::uint32_t>(*read);
        return true;
    }
    bool read_groups(std::vector<std::uint32_t>& groups) {
        if (!has_more()) return fail("`groups' wants numbers: N[,N...]");
        std::string_view rest = next().text;
        for (;;) {
            const std::size_t comma = rest.find(',');
            const auto read = rules::parse_number(rest.substr(0, comma), 0, kMost32);
            if (!read) return fail(fmt::format("`{}' is no number", rest.substr(0, comma)));
            groups.push_back(static_cast<std::uint32_t>(*read));
            if (comma == std::string_view::npos) return true;
            rest.remove_prefix(comma + 1);
        }
    }
    bool read_property(HostSocket& socket) {
        const std::string_view name = next().text;
        if (name == "uid") return read_number(name, socket.user);
        if (name == "gid") return read_number(name, socket.group);
        if (name == "class") return read_number(name, socket.class_id);
        if (name == "mark") return read_number(name, socket.mark);
        if (name == "groups") return read_groups(socket.other_groups);
        if (name == "transparent") {
            socket.is_transparent = true;
            return true;
        }
        if (name == "cgroup") {
            if (!has_more() || peek().front() != '/') return fail("`cgroup' wants a path: /a/b");
            socket.cgroup = next().text;
            return true;
        }
        return fail(fmt::format("`{}' says nothing of a socket{}", name,
                                rules::did_you_mean(name, {"uid", "gid", "groups", "cgroup",
                                                           "class", "mark", "transparent"})));
    }

    const std::vector<Word>& words_;
    std::size_t at_ = 0;
    int column_ = 1;
    std::string fault_;
};

}  // namespace

Result<std::vector<HostSocket>> parse_host_sockets(std::string_view text, const std::string& file) {
    std::vector<HostSocket> sockets;
    Error error;
    for (int number = 1; !text.empty(); ++number) {
        const std::string_view whole = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(whole.size() + 1, text.size()));
        const std::vector<Word> words = split(whole);
        if (words.empty()) continue;
        SocketLine line{words};
        HostSocket socket;
        if (line.read(socket)) {
            sockets.push_back(std::move(socket));
        } else {
            error.faults.push_back({file, number, line.column(), line.fault(), std::string(whole)});
        }
    }
    if (!error.faults.empty()) return Unexpected(std::move(error));
    return sockets;
}

}  // namespace keepstate
