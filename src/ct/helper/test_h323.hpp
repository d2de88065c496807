// For tests of the H.323 helpers: PER written by hand, and messages drawn at random along the reader's own tables.
//
// The drawn ones are sound messages with all that the tables describe, wanted or not, so that a table that differs
// from the standard shows: what follows the wrong field is no longer found.
#pragma once

#include <bit>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "ct/helper/h323_per.hpp"

namespace keepstate::ct::test {

/// Bits from the top of each byte.
class PerWriter {
  public:
    PerWriter& bits(std::uint32_t value, unsigned count) {
        for (unsigned i = count; i-- > 0;) bit((value >> i & 1U) != 0);
        return *this;
    }
    PerWriter& align() {
        used_ = 0;
        return *this;
    }
    PerWriter& byte(std::uint32_t value) { return align().bits(value, 8); }
    PerWriter& word(std::uint32_t value) { return align().bits(value, 16); }
    PerWriter& bytes(const std::vector<std::uint8_t>& values) {
        align();
        for (const std::uint8_t value : values) bits(value, 8);
        return *this;
    }
    PerWriter& length(std::size_t size) {
        if (size < 128) return byte(static_cast<std::uint32_t>(size));
        return word(static_cast<std::uint32_t>(0x8000U | size));
    }
    /// An open type: its length and it.
    PerWriter& open(const PerWriter& inner) {
        return length(inner.out().size()).bytes(inner.out());
    }
    /// Bits as they are, without aligning.
    PerWriter& append(const PerWriter& other) {
        const std::size_t last = other.used_ == 0 ? 8 : other.used_;
        for (std::size_t i = 0; i < other.out_.size(); ++i) {
            const std::size_t count = i + 1 == other.out_.size() ? last : 8;
            bits(other.out_[i] >> (8 - count), static_cast<unsigned>(count));
        }
        return *this;
    }
    const std::vector<std::uint8_t>& out() const { return out_; }

  private:
    void bit(bool value) {
        if (used_ == 0) out_.push_back(0);
        if (value) out_.back() = static_cast<std::uint8_t>(out_.back() | 0x80U >> used_);
        used_ = (used_ + 1) % 8;
    }

    std::vector<std::uint8_t> out_;
    unsigned used_ = 0;  ///< bits of the last byte; 0: all
};

inline std::vector<std::uint8_t> make_tpkt(const std::vector<std::uint8_t>& message) {
    const std::size_t size = message.size() + 4;
    std::vector<std::uint8_t> bytes{3, 0, static_cast<std::uint8_t>(size >> 8),
                                    static_cast<std::uint8_t>(size)};
    bytes.insert(bytes.end(), message.begin(), message.end());
    return bytes;
}

/// A Q.931 message with a User-user element; `elements` stand before it.
inline std::vector<std::uint8_t> make_q931(const std::vector<std::uint8_t>& information,
                                           const std::vector<std::uint8_t>& elements = {}) {
    const std::size_t size = information.size() + 1;
    std::vector<std::uint8_t> bytes{8, 2, 0x12, 0x34, 5};
    bytes.insert(bytes.end(), elements.begin(), elements.end());
    for (const std::size_t byte : {std::size_t{0x7e}, size >> 8, size, std::size_t{5}}) {
        bytes.push_back(static_cast<std::uint8_t>(byte));
    }
    bytes.insert(bytes.end(), information.begin(), information.end());
    return bytes;
}

/// Draws a message. `below(n)` is a number from 0 to n - 1; `address_of(found)` gives the four or sixteen bytes and the
/// port to stand for what is noted so.
class H323Draw {
  public:
    struct Place {
        std::vector<std::uint8_t> address;
        std::uint16_t port = 0;
    };
    std::function<std::uint32_t(std::uint32_t)> below;
    std::function<Place(h323::Found)> place_of;
    /// The numbers of the choices to make where something is wanted, outermost first; then they are drawn.
    std::vector<unsigned> choices;

    PerWriter make(const h323::Type& type, h323::Found found) {
        PerWriter out;
        write(out, type, true, found);
        return out;
    }

  private:
    using Field = h323::Field;
    using Found = h323::Found;
    using Kind = h323::Kind;
    using Size = h323::Size;
    using Type = h323::Type;

    bool percent(std::uint32_t chance) { return below(100) < chance; }
    static bool is_address(Found found) {
        return found != Found::nothing && found < Found::message;
    }
    static Found found_of(const Field& field, Found found) {
        return field.found == Found::nothing ? found : field.found;
    }
    /// Whether an address of so many bytes is wanted in it.
    static bool has_octets(const Type& type, std::size_t size) {
        if (type.kind == Kind::octets) return type.size == Size::fixed && type.least == size;
        for (const Field& field : type.all()) {
            if (field.is_wanted && has_octets(*field.type, size)) return true;
        }
        return false;
    }

    std::vector<std::uint8_t> some_bytes(std::size_t count) {
        std::vector<std::uint8_t> bytes(count);
        for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(below(256));
        return bytes;
    }
    PerWriter some_open() { return PerWriter{}.bytes(some_bytes(1 + below(6))); }

    void write_leaf(PerWriter& out, const Type& type, bool is_wanted);
    void write_length(PerWriter& out, const Type& type, std::size_t more);
    void write_open(PerWriter& out, const Field* field, bool is_wanted, Found found);
    void write_sequence(PerWriter& out, const Type& type, bool is_wanted, Found found);
    void write_extensions(PerWriter& out, const Type& type, bool is_wanted, Found found,
                          unsigned count);
    void write_list(PerWriter& out, const Type& type, bool is_wanted, Found found);
    void write_choice(PerWriter& out, const Type& type, bool is_wanted, Found found);
    unsigned draw_choice(const Type& type, bool is_wanted, Found found);
    void write(PerWriter& out, const Type& type, bool is_wanted, Found found);

    std::size_t chosen_ = 0;
    std::optional<Place> place_;         ///< of the address that is being written
    std::optional<std::uint16_t> port_;  ///< that has to follow the address just written
};

/// `more`: what is added to the least length there may be.
inline void H323Draw::write_length(PerWriter& out, const Type& type, std::size_t more) {
    const auto value = static_cast<std::uint32_t>(more);
    switch (type.size) {
        case Size::bits: out.bits(value, type.bits).align(); break;
        case Size::byte: out.byte(value); break;
        case Size::word: out.word(value); break;
        case Size::counted:
        case Size::semi: out.length(value + type.least); break;
        case Size::fixed: break;
    }
}

inline void H323Draw::write_leaf(PerWriter& out, const Type& type, bool is_wanted) {
    const std::uint32_t more = type.kind == Kind::octets && type.size == Size::fixed ? 0 : below(8);
    const std::size_t length = more + type.least;
    switch (type.kind) {
        case Kind::boolean: out.bits(below(2), 1); return;
        case Kind::identifier: out.byte(more).bytes(some_bytes(more)); return;
        case Kind::bit_string:
            write_length(out, type, more * 3);
            out.bits(below(0x1000000), more * 3);
            return;
        case Kind::digits:
            write_length(out, type, more);
            for (std::size_t i = 0; i < length; ++i) out.bits(below(16), 4);
            return;
        case Kind::wide_text:
            write_length(out, type, more);
            out.bytes(some_bytes(length * 2));
            return;
        case Kind::octets: break;
        default: return;
    }
    if (is_wanted && place_ && place_->address.size() == type.least) {
        out.bytes(place_->address);
        port_ = place_->port;
        return;
    }
    write_length(out, type, more);
    if (type.size == Size::fixed && type.least <= 2) {
        for (std::size_t i = 0; i < length; ++i) out.bits(below(256), 8);
        return;
    }
    out.bytes(some_bytes(length));
}

inline void H323Draw::write_open(PerWriter& out, const Field* field, bool is_wanted, Found found) {
    if (!field || !field->is_wanted || field->stops) {
        out.open(some_open());
        return;
    }
    PerWriter inner;
    write(inner, *field->type, is_wanted, found_of(*field, found));
    out.open(inner);
}

inline void H323Draw::write_sequence(PerWriter& out, const Type& type, bool is_wanted,
                                     Found found) {
    unsigned extensions = 0;
    if (type.is_extensible) {
        for (unsigned i = type.roots; is_wanted && i < type.written; ++i) {
            if (type.fields[i].is_wanted && percent(50)) extensions = i - type.roots + 1;
        }
        if (percent(10)) extensions += below(4);
        if (percent(3)) extensions = 1 + below(40);
        out.bits(extensions != 0, 1);
    }
    std::vector<bool> present;
    for (unsigned i = 0; i < type.roots && i < type.written; ++i) {
        const Field& field = type.fields[i];
        if (field.is_optional) present.push_back(percent(field.is_wanted ? 60 : 15));
    }
    present.resize(type.bits);
    for (const bool is_there : present) out.bits(is_there, 1);
    std::size_t at = 0;
    for (unsigned i = 0; i < type.roots && i < type.written; ++i) {
        const Field& field = type.fields[i];
        if (field.stops) {
            if (percent(50)) out.bytes(some_bytes(below(6)));
            return;
        }
        if (field.is_optional && !present[at++]) continue;
        if (field.is_open) {
            write_open(out, &field, is_wanted, found);
        } else {
            write(out, *field.type, is_wanted && field.is_wanted, found_of(field, found));
        }
    }
    if (extensions != 0) write_extensions(out, type, is_wanted, found, extensions);
}

inline void H323Draw::write_extensions(PerWriter& out, const Type& type, bool is_wanted,
                                       Found found, unsigned count) {
    std::vector<bool> present;
    out.bits(count - 1, 7);
    for (unsigned i = 0; i < count; ++i) {
        const unsigned index = type.roots + i;
        const bool wants = is_wanted && index < type.written && type.fields[index].is_wanted;
        present.push_back(percent(wants ? 80 : 20));
        out.bits(present.back(), 1);
    }
    out.align();
    for (unsigned i = 0; i < count; ++i) {
        const unsigned index = type.roots + i;
        if (!present[i]) continue;
        write_open(out, index < type.written ? &type.fields[index] : nullptr, is_wanted, found);
    }
}

inline void H323Draw::write_list(PerWriter& out, const Type& type, bool is_wanted, Found found) {
    std::uint32_t count = percent(70) ? 1 : below(4);
    if (is_wanted && percent(2)) count = type.known + below(3);
    out.length(count);
    const Field& item = type.fields[0];
    for (std::uint32_t i = 0; i < count; ++i) {
        if (item.is_open) {
            write_open(out, &item, is_wanted, found);
        } else {
            write(out, *item.type, is_wanted && item.is_wanted, found_of(item, found));
        }
    }
}

inline unsigned H323Draw::draw_choice(const Type& type, bool is_wanted, Found found) {
    constexpr unsigned kSeparateLanStack = 10;
    if (is_wanted && !place_ && chosen_ < choices.size()) return choices[chosen_++];
    if (is_wanted && found == Found::t120_protocol && percent(70)) return kSeparateLanStack;
    if (is_wanted && found == Found::facility_reason && percent(40)) return 1;
    std::vector<unsigned> wanted;
    for (unsigned i = 0; is_wanted && i < type.written; ++i) {
        const Field& field = type.fields[i];
        const std::size_t size = place_ ? place_->address.size() : 0;
        if (field.is_wanted && (!place_ || has_octets(*field.type, size))) wanted.push_back(i);
    }
    if (!wanted.empty() && percent(place_ ? 93 : 75)) {
        return wanted[below(static_cast<std::uint32_t>(wanted.size()))];
    }
    return below(type.is_extensible && percent(10) ? type.roots + 20U : type.roots);
}

inline void H323Draw::write_choice(PerWriter& out, const Type& type, bool is_wanted, Found found) {
    const unsigned index = draw_choice(type, is_wanted, found);
    const Field* field = index < type.written ? &type.fields[index] : nullptr;
    const bool is_extension = index >= type.roots;
    if (type.is_extensible) out.bits(is_extension, 1);
    out.bits(is_extension ? index - type.roots : index, is_extension ? 7 : type.bits);
    if (is_extension) {
        write_open(out, is_wanted ? field : nullptr, is_wanted, found);
    } else if (field->stops) {
        out.bytes(some_bytes(below(8)));
    } else {
        write(out, *field->type, is_wanted && field->is_wanted, found_of(*field, found));
    }
}

inline void H323Draw::write(PerWriter& out, const Type& type, bool is_wanted, Found found) {
    const bool begins_address = is_wanted && is_address(found) && !place_ &&
                                type.kind == Kind::choice && has_octets(type, 4);
    if (begins_address) place_ = place_of(found);
    switch (type.kind) {
        case Kind::null: break;
        case Kind::number:
            if (type.size == Size::byte) out.byte(below(256));
            if (type.size == Size::bits) out.bits(below(1U << type.bits), type.bits);
            if (type.size == Size::word) {
                out.word(port_ ? *port_ : below(65536));
                port_.reset();
            }
            if (type.size == Size::semi) out.open(some_open());
            if (type.size == Size::counted) {
                // A time of a few seconds, or of more than 99 days, ends the flow while it is looked at.
                const bool is_time = is_wanted && found == Found::time_to_live;
                const std::uint32_t size = percent(70) ? 1 : 1 + below(is_time ? 2 : 4);
                std::vector<std::uint8_t> bytes = some_bytes(size);
                if (is_time) bytes[0] |= 0x10;
                out.bits(size - 1, 2).bytes(bytes);
            }
            break;
        case Kind::sequence: write_sequence(out, type, is_wanted, found); break;
        case Kind::list: write_list(out, type, is_wanted, found); break;
        case Kind::choice: write_choice(out, type, is_wanted, found); break;
        default: write_leaf(out, type, is_wanted); break;
    }
    if (begins_address) {
        place_.reset();
        port_.reset();
    }
}

}  // namespace keepstate::ct::test
