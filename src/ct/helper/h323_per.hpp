// What H.323 messages are written in, aligned packed encoding rules (PER, ITU-T X.691), read as far as the kernel does.
//
// PER says nothing about itself: where a field stands follows from what was before it. So a message is read along a
// description of it (h323_types.cpp), and what tracking wants is noted on the way:
//
//     bytes -> decode_q931() -> Notes: h245_address at 57, open_channel, media at 90, ... -> h323_q931.cpp
//
// A reader that knows an older standard must be able to skip what is new, so PER gives extensions a length. The
// kernel skips by that length whatever it does not want, reads what it wants, and gives up a sequence (`stopped`) once
// nothing more is wanted of it. Where it then goes on is sometimes the wrong place; that is as it is there. A
// message with one fault counts as a whole as not understood: nothing of it is heard.
//
// Limits: 30 channels of a fast start, 4 tunnelled H.245 messages, 10 addresses; more are read and not noted. Lengths
// up to 16383. source: kernel:net/netfilter/nf_conntrack_h323_asn1.c, ITU-T X.691, seen:tests/kernel/differ.
// Tested by: ct/helper/h323_test.cpp, fuzz/helper_h323.cpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.hpp"

namespace keepstate::ct::h323 {

/// What is noted. Those before kMessage are addresses: `value` is the offset of the address in the bytes, behind it
/// stands the port. They are noted for IPv4 and IPv6 alone.
enum class Found : std::uint8_t {
    nothing,
    ras_address,          ///< GCF
    call_address,         ///< RRQ, ACF, LCF: where calls are to be signalled
    h245_address,         ///< Q.931
    alternative_address,  ///< Facility
    media,                ///< RTP or RTCP of a channel
    channel_stack,        ///< T.120, of an OpenLogicalChannel
    acknowledged_stack,   ///< T.120, of an OpenLogicalChannelAck
    message,              ///< RAS: value is the message's number
    time_to_live,         ///< value is seconds
    facility_reason,      ///< value is the reason's number
    open_channel,         ///< an OpenLogicalChannel begins
    acknowledgement,      ///< an OpenLogicalChannelAck begins
    t120_protocol,        ///< value is the number of the data protocol
    tunnelled,            ///< tunnelled H.245 begins
};

struct Note {
    Found found = Found::nothing;
    std::uint8_t address_bytes = 0;  ///< 4, 16; 0: not an address
    std::uint32_t value = 0;
};

/// In the order of the message.
class Notes {
  public:
    std::span<const Note> all() const { return {notes_.data(), count_}; }
    void add(const Note& note) {
        if (count_ < notes_.size()) notes_[count_++] = note;
    }

  private:
    // A channel has at most 7 notes: its beginning, the T.120 protocol, four media addresses and a stack.
    static constexpr std::size_t kMost = (30 + 4) * 7 + 16;
    std::array<Note, kMost> notes_;
    std::size_t count_ = 0;
};

/// Each reads one message; false if it is not understood. Offsets in the notes count from the bytes' beginning.
bool decode_ras(base::ByteView bytes, Notes& notes);
bool decode_h245(base::ByteView bytes, Notes& notes);
/// The User-user element of a Q.931 message. source: ITU-T Q.931 4.5, H.225.0 7.2.2.31.
bool decode_q931(base::ByteView bytes, Notes& notes);

// --- descriptions -----------------------------------------------------------------------------------------------

enum class Kind : std::uint8_t {
    null,
    boolean,
    identifier,  ///< OBJECT IDENTIFIER
    number,
    bit_string,
    digits,     ///< four bits each
    octets,     ///< and all strings of one byte a character
    wide_text,  ///< BMPString, two bytes a character
    sequence,
    list,  ///< SEQUENCE OF, a length without a bound
    choice,
};

/// How a number, or the length of a string, is written.
enum class Size : std::uint8_t {
    fixed,    ///< the length is `least`
    bits,     ///< in so many bits, `least` added
    byte,     ///< one aligned byte, `least` added
    word,     ///< two aligned bytes
    counted,  ///< two bits say how many bytes follow, aligned; numbers only
    semi,     ///< a length of one or two bytes, aligned; of a number: so many bytes follow
};

struct Type;

struct Field {
    const Type* type = nullptr;
    Found found = Found::nothing;
    bool is_optional = false;
    bool is_wanted = false;  ///< something within is noted
    bool is_open = false;    ///< an open type: has a length of its own
    bool stops = false;      ///< nothing of this sequence is wanted from here on

    constexpr Field optional() const {
        Field field = *this;
        field.is_optional = true;
        return field;
    }
    constexpr Field wanted(Found what = Found::nothing) const {
        Field field = *this;
        field.is_wanted = true;
        field.found = what;
        return field;
    }
    constexpr Field open() const {
        Field field = *this;
        field.is_open = true;
        return field;
    }
};

struct Type {
    Kind kind = Kind::null;
    Size size = Size::fixed;
    bool is_extensible = false;
    std::uint8_t bits =
        0;  ///< of a number or a length; how many optional fields; of a choice's number
    std::uint8_t least = 0;  ///< added to what is read; of a bit string: to bits
    std::uint8_t roots = 0;  ///< fields before the extension mark
    std::uint8_t known =
        0;  ///< sequence: fields with the known extensions; list: items that are noted
    const Field* fields = nullptr;
    /// How many fields are written out: extensions behind them are skipped.
    std::uint8_t written = 0;

    constexpr std::span<const Field> all() const { return {fields, written}; }
};

extern const Type kRasMessage;
extern const Type kUserInformation;
extern const Type kMultimediaSystemControlMessage;

}  // namespace keepstate::ct::h323
