// See h323_per.hpp.
#include "ct/helper/h323_per.hpp"

#include <algorithm>

namespace keepstate::ct::h323 {

namespace {

enum class Outcome : std::uint8_t { done, stopped, fault };

constexpr std::uint32_t kTopBit = 0x80000000U;

/// The place in the bytes and the ways to go on from it. `at_` may pass the end only until lacks() has been asked.
class Reader {
  public:
    Reader(base::ByteView bytes, std::size_t from, Notes& notes)
        : bytes_(bytes), at_(from), notes_(notes) {}

    Outcome read(const Type& type, bool is_wanted, Found found);

  private:
    /// Whether so much is not there any more. The bits of a begun byte count as a byte.
    bool lacks(std::size_t bytes, std::size_t bits) const {
        return at_ + bytes + (bit_ + bits + 7) / 8 > bytes_.size();
    }
    Outcome done_unless_past_end() const { return lacks(0, 0) ? Outcome::fault : Outcome::done; }

    std::uint32_t byte(std::size_t at) const { return at < bytes_.size() ? bytes_.u8(at) : 0U; }
    void align() {
        if (bit_ != 0) ++at_;
        bit_ = 0;
    }
    void skip_bits(std::size_t bits) {
        at_ += (bit_ + bits) / 8;
        bit_ = (bit_ + bits) % 8;
    }
    /// At most eight.
    std::uint32_t take_bits(unsigned bits) {
        const std::uint32_t two = byte(at_) << 8 | byte(at_ + 1);
        const std::uint32_t value = (two << bit_ & 0xffffU) >> (16 - bits);
        skip_bits(bits);
        return value;
    }
    std::uint32_t take_byte() { return byte(at_++); }
    std::uint32_t take_length() {
        const std::uint32_t first = take_byte();
        return (first & 0x80U) == 0 ? first : (first & 0x3fU) << 8 | take_byte();
    }
    std::uint32_t take_presence(unsigned bits);
    bool take_string_length(const Type& type, std::size_t& length);

    Outcome read_number(const Type& type, bool is_wanted, Found found);
    Outcome read_octets(const Type& type, bool is_wanted, Found found);
    Outcome read_bit_string(const Type& type);
    Outcome read_string(const Type& type);
    Outcome read_sequence(const Type& type, bool is_wanted, Found found);
    Outcome read_extensions(const Type& type, bool is_wanted, Found found);
    Outcome read_list(const Type& type, bool is_wanted, Found found);
    Outcome read_choice(const Type& type, bool is_wanted, Found found);
    Outcome read_field(const Field& field, bool is_wanted, Found found);
    Outcome read_open(const Field* field, bool is_wanted, bool is_noted, Found found);

    void note(Found found, std::uint32_t value, std::uint8_t address_bytes = 0) {
        if (found != Found::nothing) notes_.add({found, address_bytes, value});
    }

    base::ByteView bytes_;
    std::size_t at_;
    std::size_t bit_ = 0;  ///< of the byte at at_, from the top
    Notes& notes_;
};

constexpr bool is_address(Found found) { return found < Found::message; }

/// Which optional fields are there, the first one in the top bit. When the bits end where the fourth byte ends, the
/// kernel takes them from where the first byte begins.
std::uint32_t Reader::take_presence(unsigned bits) {
    if (bits == 0) return 0;
    std::uint64_t five = 0;
    for (std::size_t i = 0; i < 5; ++i) five = five << 8 | byte(at_ + i);
    const std::size_t skipped = bit_ + bits == 32 ? 0 : bit_;
    const auto value = static_cast<std::uint32_t>(five << skipped >> 8);
    skip_bits(bits);
    return value & ~static_cast<std::uint32_t>(0xffffffffULL >> bits);
}

/// False if there is none.
bool Reader::take_string_length(const Type& type, std::size_t& length) {
    switch (type.size) {
        case Size::fixed: length = type.least; return true;
        case Size::byte:
            align();
            if (lacks(1, 0)) return false;
            length = take_byte() + type.least;
            return true;
        case Size::word:
        case Size::counted:
            align();
            if (lacks(2, 0)) return false;
            length = take_byte() << 8;
            length += take_byte() + type.least;
            return true;
        case Size::semi:
            align();
            if (lacks(2, 0)) return false;
            length = take_length() + type.least;
            return true;
        case Size::bits:
            if (lacks(0, type.bits)) return false;
            length = take_bits(type.bits) + type.least;
            align();
            return true;
    }
    return false;
}

Outcome Reader::read_number(const Type& type, bool is_wanted, Found found) {
    switch (type.size) {
        case Size::byte:
            align();
            ++at_;
            break;
        case Size::word:
            align();
            at_ += 2;
            break;
        case Size::counted: {
            if (lacks(0, 2)) return Outcome::fault;
            const std::uint32_t length = take_bits(2) + 1;
            align();
            if (lacks(length, 0)) return Outcome::fault;
            if (is_wanted) {
                std::uint32_t value = 0;
                for (std::uint32_t i = 0; i < length; ++i) value = value << 8 | take_byte();
                note(found, value + type.least);
            }
            at_ += length;  // a second time if it was read: so a message may not end here
            break;
        }
        case Size::semi:
            align();
            if (lacks(2, 0)) return Outcome::fault;
            at_ += take_length();
            break;
        case Size::bits: skip_bits(type.bits); break;
        case Size::fixed: break;
    }
    return done_unless_past_end();
}

Outcome Reader::read_octets(const Type& type, bool is_wanted, Found found) {
    if (type.size == Size::fixed && type.least > 2) {
        align();
        if (is_wanted && found != Found::nothing) {
            note(found, static_cast<std::uint32_t>(at_), type.least);
        }
    }
    std::size_t length = 0;
    if (!take_string_length(type, length)) return Outcome::fault;
    at_ += length;
    return done_unless_past_end();
}

Outcome Reader::read_bit_string(const Type& type) {
    std::size_t length = 0;
    if (!take_string_length(type, length)) return Outcome::fault;
    skip_bits(length);
    return done_unless_past_end();
}

Outcome Reader::read_string(const Type& type) {
    std::size_t length = 0;
    if (!take_string_length(type, length)) return Outcome::fault;
    if (type.kind == Kind::digits) {
        skip_bits(length * 4);
    } else {
        at_ += length * 2;
    }
    return done_unless_past_end();
}

/// A field with a length of its own: read if something in it is wanted, and what follows begins behind the length.
/// Null: skipped. `is_noted`: a wanted one beyond the limit of its list is read all the same.
Outcome Reader::read_open(const Field* field, bool is_wanted, bool is_noted, Found found) {
    if (lacks(2, 0)) return Outcome::fault;
    const std::uint32_t length = take_length();
    if (lacks(length, 0)) return Outcome::fault;
    const std::size_t end = at_ + length;
    if (!field || !is_wanted || !field->is_wanted) {
        at_ = end;
        return Outcome::done;
    }
    if (read_field(*field, is_noted, found) == Outcome::fault) return Outcome::fault;
    at_ = end;
    bit_ = 0;
    return Outcome::done;
}

Outcome Reader::read_field(const Field& field, bool is_wanted, Found found) {
    return read(*field.type, is_wanted && field.is_wanted,
                field.found == Found::nothing ? found : field.found);
}

Outcome Reader::read_sequence(const Type& type, bool is_wanted, Found found) {
    if (lacks(0, 1)) return Outcome::fault;
    const bool is_extended = type.is_extensible && take_bits(1) != 0;
    if (lacks(0, type.bits)) return Outcome::fault;
    std::uint32_t present = take_presence(type.bits);
    if (is_wanted && !is_address(found)) {
        note(found, 0);
        found = Found::nothing;
    }
    for (const Field& field : type.all().first(std::min(type.roots, type.written))) {
        if (field.stops) return Outcome::stopped;
        if (field.is_optional) {
            const bool is_here = (present & kTopBit) != 0;
            present <<= 1;
            if (!is_here) continue;
        }
        const Outcome outcome = field.is_open ? read_open(&field, is_wanted, is_wanted, found)
                                              : read_field(field, is_wanted, found);
        if (outcome == Outcome::fault) return outcome;
    }
    return is_extended ? read_extensions(type, is_wanted, found) : Outcome::done;
}

/// Which of them are there is said in front. Those that this reader does not know at all are skipped whether they
/// are said to be there or not, as in the kernel.
Outcome Reader::read_extensions(const Type& type, bool is_wanted, Found found) {
    constexpr unsigned kMost = 32;
    if (lacks(0, 7)) return Outcome::fault;
    const unsigned count = take_bits(7) + 1;
    if (count > kMost || lacks(0, count)) return Outcome::fault;
    const std::uint32_t present = take_presence(count);
    align();
    for (unsigned i = 0; i < count; ++i) {
        const unsigned index = type.roots + i;
        const Field* field = index < type.written ? &type.fields[index] : nullptr;
        if (field && field->stops) return Outcome::stopped;
        if (index < type.known && (present & kTopBit >> i) == 0) continue;
        if (read_open(field, is_wanted, is_wanted, found) == Outcome::fault) return Outcome::fault;
    }
    return Outcome::done;
}

Outcome Reader::read_list(const Type& type, bool is_wanted, Found found) {
    align();
    if (lacks(2, 0)) return Outcome::fault;
    const std::uint32_t count = take_length();
    if (is_wanted && !is_address(found)) {
        note(found, count);
        found = Found::nothing;
    }
    const Field& item = type.fields[0];
    for (std::uint32_t i = 0; i < count; ++i) {
        const bool is_noted = is_wanted && i < type.known;
        if (item.is_open) align();
        const Outcome outcome = item.is_open ? read_open(&item, is_wanted, is_noted, found)
                                             : read_field(item, is_noted, found);
        if (outcome == Outcome::fault) return outcome;
    }
    return Outcome::done;
}

Outcome Reader::read_choice(const Type& type, bool is_wanted, Found found) {
    if (lacks(0, 1)) return Outcome::fault;
    const bool is_extension = type.is_extensible && take_bits(1) != 0;
    const unsigned bits = is_extension ? 7 : type.bits;
    if (lacks(0, bits)) return Outcome::fault;
    const std::uint32_t index = take_bits(bits) + (is_extension ? type.roots : 0U);
    if (!is_extension && index >= type.roots) return Outcome::fault;
    if (is_wanted && !is_address(found)) {
        note(found, index);
        found = Found::nothing;
    }
    const Field* field = index < type.written ? &type.fields[index] : nullptr;
    if (field && field->stops) return Outcome::stopped;
    if (!is_extension && !field) return Outcome::fault;
    if (is_extension) {
        align();
        return read_open(field, is_wanted, is_wanted, found);
    }
    // A sequence that stops within an alternative does not stop the one that the choice stands in.
    const Outcome outcome = read_field(*field, is_wanted, found);
    return outcome == Outcome::fault ? outcome : Outcome::done;
}

Outcome Reader::read(const Type& type, bool is_wanted, Found found) {
    switch (type.kind) {
        case Kind::null: return Outcome::done;
        case Kind::boolean: skip_bits(1); return done_unless_past_end();
        case Kind::identifier:
            align();
            if (lacks(1, 0)) return Outcome::fault;
            at_ += take_byte();
            return done_unless_past_end();
        case Kind::number: return read_number(type, is_wanted, found);
        case Kind::bit_string: return read_bit_string(type);
        case Kind::octets: return read_octets(type, is_wanted, found);
        case Kind::digits:
        case Kind::wide_text: return read_string(type);
        case Kind::sequence: return read_sequence(type, is_wanted, found);
        case Kind::list: return read_list(type, is_wanted, found);
        case Kind::choice: return read_choice(type, is_wanted, found);
    }
    return Outcome::fault;
}

bool decode(base::ByteView bytes, std::size_t from, const Type& type, Found found, Notes& notes) {
    return Reader{bytes, from, notes}.read(type, true, found) != Outcome::fault;
}

}  // namespace

bool decode_ras(base::ByteView bytes, Notes& notes) {
    return decode(bytes, 0, kRasMessage, Found::message, notes);
}

bool decode_h245(base::ByteView bytes, Notes& notes) {
    return decode(bytes, 0, kMultimediaSystemControlMessage, Found::nothing, notes);
}

/// 8, length and call reference, message type, elements. The kernel takes every element but the User-user one to
/// have a length of one byte, and a first byte behind the type with its top bit set to have none.
bool decode_q931(base::ByteView bytes, Notes& notes) {
    constexpr std::uint8_t kProtocol = 8, kUserUser = 0x7e;
    if (!bytes.has(0, 2) || bytes.u8(0) != kProtocol) return false;
    std::size_t at = 2U + bytes.u8(1);
    if (!bytes.has(at, 2)) return false;
    ++at;
    if ((bytes.u8(at) & 0x80U) != 0) ++at;
    while (bytes.has(at, 2)) {
        if (bytes.u8(at) == kUserUser) {
            if (!bytes.has(at, 3)) return false;
            const std::size_t length = bytes.be16(at + 1);
            at += 3;
            if (length < 2 || !bytes.has(at, length)) return false;
            return decode(bytes.sub(0, at + length), at + 1, kUserInformation, Found::nothing,
                          notes);
        }
        at += 2U + bytes.u8(at + 1);
    }
    return false;
}

}  // namespace keepstate::ct::h323
