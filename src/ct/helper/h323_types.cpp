// table-file: the ASN.1 of H.225.0 and H.245, as far as tracking reads it.
//
// In the order of the standards: a type is made of those above it. Written out are all fields before an extension
// mark, for without knowing them one does not find what follows, and of the extensions those up to the last wanted
// one; `known` says how many more the kernel knows. kStop is where nothing more is wanted.
//
// Not read, since tracking of flows without translation does nothing on them: GRQ, ARQ, LRQ, IRR.
// source: ITU-T H.225.0 annex H, ITU-T H.245 annex A, ITU-T H.235 annex A (version 2); which extensions are known and
// where reading stops: kernel:net/netfilter/nf_conntrack_h323_types.c, seen:tests/kernel/differ.
// Tested by: ct/helper/h323_test.cpp.
#include <bit>

#include "ct/helper/h323_per.hpp"

namespace keepstate::ct::h323 {

namespace {

constexpr Type leaf(Kind kind, Size size, unsigned bits = 0, unsigned least = 0) {
    Type type;
    type.kind = kind;
    type.size = size;
    type.bits = static_cast<std::uint8_t>(bits);
    type.least = static_cast<std::uint8_t>(least);
    return type;
}

/// All fields there are.
template <std::size_t N>
constexpr Type sequence(const Field (&fields)[N]) {
    Type type;
    type.kind = Kind::sequence;
    type.roots = type.known = type.written = N;
    type.fields = fields;
    for (const Field& field : fields) {
        if (field.is_optional) ++type.bits;
    }
    return type;
}

/// With an extension mark behind `roots` fields; of the extensions `known - roots` are known.
template <std::size_t N>
constexpr Type open_sequence(const Field (&fields)[N], unsigned roots = N, unsigned known = N) {
    Type type = sequence(fields);
    type.is_extensible = true;
    type.roots = static_cast<std::uint8_t>(roots);
    type.known = static_cast<std::uint8_t>(known);
    type.bits = 0;
    for (std::size_t i = 0; i < N && i < roots; ++i) {
        if (fields[i].is_optional) ++type.bits;
    }
    return type;
}

/// One that is read up to kStop among its roots, so that the optional ones behind it have to be counted by hand.
template <std::size_t N>
constexpr Type begun_sequence(const Field (&fields)[N], unsigned optionals) {
    Type type = open_sequence(fields);
    type.bits = static_cast<std::uint8_t>(optionals);
    return type;
}

template <std::size_t N>
constexpr Type choice(const Field (&fields)[N]) {
    Type type = sequence(fields);
    type.kind = Kind::choice;
    type.bits = static_cast<std::uint8_t>(std::bit_width(N - 1));
    return type;
}

template <std::size_t N>
constexpr Type open_choice(const Field (&fields)[N], unsigned roots = N) {
    Type type = choice(fields);
    type.is_extensible = true;
    type.roots = static_cast<std::uint8_t>(roots);
    type.bits = static_cast<std::uint8_t>(std::bit_width(roots - 1));
    return type;
}

/// `most`: how many of them are noted.
constexpr Type list(const Field (&item)[1], unsigned most = 0) {
    Type type;
    type.kind = Kind::list;
    type.size = Size::semi;
    type.known = static_cast<std::uint8_t>(most);
    type.written = 1;
    type.fields = item;
    return type;
}

constexpr Field field(const Type& type) { return {&type}; }
constexpr Field maybe(const Type& type) { return field(type).optional(); }
constexpr Field want(const Type& type, Found found = Found::nothing) {
    return field(type).wanted(found);
}

constexpr Type kNull = leaf(Kind::null, Size::fixed);
constexpr Type kBoolean = leaf(Kind::boolean, Size::fixed);
constexpr Type kIdentifier = leaf(Kind::identifier, Size::byte);
constexpr Type kByte = leaf(Kind::number, Size::byte);              // 256 values
constexpr Type kWord = leaf(Kind::number, Size::word);              // up to 65536
constexpr Type kCounted = leaf(Kind::number, Size::counted, 0, 1);  // more; 1..
constexpr Type kAnyNumber = leaf(Kind::number, Size::semi);
constexpr Type kNumber2 = leaf(Kind::number, Size::bits, 2);
constexpr Type kNumber4 = leaf(Kind::number, Size::bits, 4);
constexpr Type kNumber5 = leaf(Kind::number, Size::bits, 5);
constexpr Type kNumber7 = leaf(Kind::number, Size::bits, 7);
constexpr Type kNumber8 = leaf(Kind::number, Size::bits, 8);
constexpr Type kOctets2 = leaf(Kind::octets, Size::fixed, 0, 2);
constexpr Type kOctets4 = leaf(Kind::octets, Size::fixed, 0, 4);
constexpr Type kOctets6 = leaf(Kind::octets, Size::fixed, 0, 6);
constexpr Type kOctets8 = leaf(Kind::octets, Size::fixed, 0, 8);
constexpr Type kOctets16 = leaf(Kind::octets, Size::fixed, 0, 16);
constexpr Type kOctetsTo20 = leaf(Kind::octets, Size::bits, 5, 1);   // 1..20
constexpr Type kOctetsTo255 = leaf(Kind::octets, Size::bits, 8, 1);  // 1..255
constexpr Type kOctetsTo256 = leaf(Kind::octets, Size::byte, 0, 1);  // 1..256
constexpr Type kChallenge = leaf(Kind::octets, Size::bits, 7, 8);    // 8..128
constexpr Type kOctets = leaf(Kind::octets, Size::semi);
constexpr Type kText128 = leaf(Kind::wide_text, Size::bits, 7, 1);  // 1..128
constexpr Type kText256 = leaf(Kind::wide_text, Size::byte, 0, 1);  // 1..256
constexpr Type kDigits16 = leaf(Kind::digits, Size::bits, 4, 1);    // 1..16
constexpr Type kDigits128 = leaf(Kind::digits, Size::bits, 7, 1);   // 1..128
constexpr Type kBits = leaf(Kind::bit_string, Size::semi);
constexpr Type kBitsTo2048 = leaf(Kind::bit_string, Size::word);  // 0..2048
constexpr Type kUnread = kNull;  // an extension that is skipped, or behind a stop

constexpr Field kStop = [] {
    Field stop = field(kUnread);
    stop.stops = true;
    return stop;
}();
constexpr Field kSkipped = maybe(kUnread);  // an extension between wanted ones

constexpr Field kTwoNulls[] = {field(kNull), field(kNull)};
constexpr Field kThreeNulls[] = {field(kNull), field(kNull), field(kNull)};
constexpr Field kFourNulls[] = {field(kNull), field(kNull), field(kNull), field(kNull)};
constexpr Type kOneOfTwo = choice(kTwoNulls);
constexpr Type kOneOfTwoOrMore = open_choice(kTwoNulls);
constexpr Type kOneOfThreeOrMore = open_choice(kThreeNulls);
constexpr Type kOneOfFourOrMore = open_choice(kFourNulls);

// --- H.225.0: addresses and what endpoints are ------------------------------------------------------------------

constexpr Field kH221Fields[] = {field(kByte), field(kByte), field(kWord)};
constexpr Type kH221NonStandard = open_sequence(kH221Fields);
constexpr Field kNonStandardIdentifierFields[] = {field(kIdentifier), field(kH221NonStandard)};
constexpr Type kNonStandardIdentifier = open_choice(kNonStandardIdentifierFields);
constexpr Field kNonStandardFields[] = {field(kNonStandardIdentifier), field(kOctets)};
constexpr Type kNonStandardParameter = sequence(kNonStandardFields);

constexpr Field kIp4Fields[] = {want(kOctets4), field(kWord)};
constexpr Type kIp4Address = sequence(kIp4Fields);
constexpr Type kOpenIp4Address = open_sequence(kIp4Fields);
constexpr Field kIp6Fields[] = {want(kOctets16), field(kWord)};
constexpr Type kIp6Address = open_sequence(kIp6Fields);
constexpr Field kRouteItem[] = {field(kOctets4)};
constexpr Type kRoute = list(kRouteItem);
constexpr Field kSourceRouteFields[] = {field(kOctets4), field(kWord), field(kRoute),
                                        field(kOneOfTwoOrMore)};
constexpr Type kSourceRoute = open_sequence(kSourceRouteFields);
constexpr Field kIpxFields[] = {field(kOctets6), field(kOctets4), field(kOctets2)};
constexpr Type kIpxAddress = sequence(kIpxFields);
constexpr Type kOpenIpxAddress = open_sequence(kIpxFields);
constexpr Field kTransportAddressFields[] = {
    want(kIp4Address),    // ipAddress
    field(kSourceRoute),  // ipSourceRoute
    field(kIpxAddress),   // ipxAddress
    want(kIp6Address),    // ip6Address
    field(kOctets16),     // netBios
    field(kOctetsTo20),   // nsap
    field(kNonStandardParameter),
};
constexpr Type kTransportAddress = open_choice(kTransportAddressFields);
constexpr Field kTransportAddressItem[] = {want(kTransportAddress)};
constexpr Type kTransportAddresses = list(kTransportAddressItem, 10);

constexpr Field kAliasFields[] = {field(kDigits128), field(kText256)};
constexpr Type kAliasAddress = open_choice(kAliasFields);
constexpr Field kAliasItem[] = {field(kAliasAddress)};
constexpr Type kAliases = list(kAliasItem);

constexpr Field kVendorFields[] = {field(kH221NonStandard), maybe(kOctetsTo256),
                                   maybe(kOctetsTo256)};
constexpr Type kVendorIdentifier = open_sequence(kVendorFields);
constexpr Field kNonStandardDataFields[] = {maybe(kNonStandardParameter)};
constexpr Type kGatekeeperInfo = open_sequence(kNonStandardDataFields);
constexpr Type kTerminalInfo = open_sequence(kNonStandardDataFields);
constexpr Type kMcuInfo = open_sequence(kNonStandardDataFields, 1, 2);
constexpr Type kCaps = open_sequence(kNonStandardDataFields, 1, 3);  // H310Caps to T120OnlyCaps
constexpr Field kSupportedProtocolFields[] = {
    field(kNonStandardParameter),
    field(kCaps),
    field(kCaps),
    field(kCaps),
    field(kCaps),
    field(kCaps),
    field(kCaps),
    field(kCaps),
    field(kCaps),
};
constexpr Type kSupportedProtocol = open_choice(kSupportedProtocolFields);
constexpr Field kSupportedProtocolItem[] = {field(kSupportedProtocol)};
constexpr Type kSupportedProtocols = list(kSupportedProtocolItem);
constexpr Field kGatewayFields[] = {maybe(kSupportedProtocols), maybe(kNonStandardParameter)};
constexpr Type kGatewayInfo = open_sequence(kGatewayFields);
constexpr Field kEndpointTypeFields[] = {
    maybe(kNonStandardParameter),
    maybe(kVendorIdentifier),
    maybe(kGatekeeperInfo),
    maybe(kGatewayInfo),
    maybe(kMcuInfo),
    maybe(kTerminalInfo),
    field(kBoolean),  // mc
    field(kBoolean),  // undefinedNode
};
constexpr Type kEndpointType = open_sequence(kEndpointTypeFields, 8, 10);

// --- H.245: capabilities ----------------------------------------------------------------------------------------

constexpr Field kH245H221Fields[] = {field(kByte), field(kByte), field(kWord)};
constexpr Type kH245H221 = sequence(kH245H221Fields);
constexpr Field kH245IdentifierFields[] = {field(kIdentifier), field(kH245H221)};
constexpr Type kH245Identifier = choice(kH245IdentifierFields);
constexpr Field kH245NonStandardFields[] = {field(kH245Identifier), field(kOctets)};
constexpr Type kH245NonStandard = sequence(kH245NonStandardFields);
constexpr Field kH245NonStandardItem[] = {field(kH245NonStandard)};
constexpr Type kH245NonStandards = list(kH245NonStandardItem);

constexpr Field kBool = field(kBoolean);
constexpr Field kH261Fields[] = {maybe(kNumber2), maybe(kNumber2), kBool, field(kWord), kBool};
constexpr Type kH261 = open_sequence(kH261Fields, 5, 6);
constexpr Field kH262Fields[] = {
    kBool,           kBool,           kBool, kBool, kBool, kBool, kBool, kBool, kBool, kBool,
    kBool,                             // the profiles and levels
    maybe(kCounted), maybe(kCounted),  // videoBitRate, vbvBufferSize
    maybe(kWord),    maybe(kWord),     // samplesPerLine, linesPerFrame
    maybe(kNumber4), maybe(kCounted),  // framesPerSecond, luminanceSampleRate
};
constexpr Type kH262 = open_sequence(kH262Fields, 17, 18);
constexpr Field kH263Fields[] = {
    maybe(kNumber5), maybe(kNumber5), maybe(kNumber5), maybe(kNumber5), maybe(kNumber5),
    field(kCounted),  // maxBitRate
    kBool,           kBool,           kBool,           kBool,           kBool,
    maybe(kCounted), maybe(kWord),  // hrd-B, bppMaxKb
};
constexpr Type kH263 = open_sequence(kH263Fields, 13, 21);
constexpr Field kIs11172VideoFields[] = {
    kBool,        maybe(kCounted), maybe(kCounted), maybe(kWord),
    maybe(kWord), maybe(kNumber4), maybe(kCounted),
};
constexpr Type kIs11172Video = open_sequence(kIs11172VideoFields, 7, 8);
constexpr Field kVideoFields[] = {field(kH245NonStandard), field(kH261), field(kH262), field(kH263),
                                  field(kIs11172Video)};
constexpr Type kVideoCapability = open_choice(kVideoFields);

constexpr Field kG7231Fields[] = {field(kByte), kBool};
constexpr Type kG7231 = sequence(kG7231Fields);
constexpr Field kIs11172AudioFields[] = {kBool, kBool, kBool, kBool,       kBool,
                                         kBool, kBool, kBool, field(kWord)};
constexpr Type kIs11172Audio = open_sequence(kIs11172AudioFields);
constexpr Field kIs13818AudioFields[] = {
    kBool, kBool, kBool, kBool, kBool, kBool, kBool, kBool, kBool, kBool,        kBool,
    kBool, kBool, kBool, kBool, kBool, kBool, kBool, kBool, kBool, field(kWord),
};
constexpr Type kIs13818Audio = open_sequence(kIs13818AudioFields);
constexpr Field kAudioFields[] = {
    field(kH245NonStandard),
    field(kByte),
    field(kByte),
    field(kByte),
    field(kByte),  // g711
    field(kByte),
    field(kByte),
    field(kByte),  // g722
    field(kG7231),
    field(kByte),  // g728
    field(kByte),
    field(kByte),  // g729, g729AnnexA
    field(kIs11172Audio),
    field(kIs13818Audio),
};
constexpr Type kAudioCapability = open_choice(kAudioFields);

constexpr Field kDataProtocolFields[] = {field(kH245NonStandard),
                                         field(kNull),
                                         field(kNull),
                                         field(kNull),
                                         field(kNull),
                                         field(kNull),
                                         field(kNull)};
constexpr Type kDataProtocol = open_choice(kDataProtocolFields);
constexpr Field kT84RestrictedFields[] = {kBool, kBool, kBool, kBool, kBool, kBool, kBool,
                                          kBool, kBool, kBool, kBool, kBool, kBool, kBool,
                                          kBool, kBool, kBool, kBool, kBool};
constexpr Type kT84Restricted = open_sequence(kT84RestrictedFields);
constexpr Field kT84ProfileFields[] = {field(kNull), field(kT84Restricted)};
constexpr Type kT84Profile = choice(kT84ProfileFields);
constexpr Field kT84Fields[] = {field(kDataProtocol), field(kT84Profile)};
constexpr Type kT84 = sequence(kT84Fields);
constexpr Field kNlpidFields[] = {field(kDataProtocol), field(kOctets)};
constexpr Type kNlpid = sequence(kNlpidFields);
constexpr Field kApplicationFields[] = {
    field(kH245NonStandard),
    want(kDataProtocol, Found::t120_protocol),  // t120
    field(kDataProtocol),                       // dsm-cc
    field(kDataProtocol),                       // userData
    field(kT84),
    field(kDataProtocol),  // t434
    field(kDataProtocol),  // h224
    field(kNlpid),
    field(kNull),          // dsvdControl
    field(kDataProtocol),  // h222DataPartitioning
};
constexpr Type kApplication = open_choice(kApplicationFields);
constexpr Field kDataApplicationFields[] = {want(kApplication), field(kCounted)};
constexpr Type kDataApplication = open_sequence(kDataApplicationFields);
constexpr Field kEncryptionFields[] = {field(kH245NonStandard), field(kNull)};
constexpr Type kEncryptionMode = open_choice(kEncryptionFields);
constexpr Field kDataTypeFields[] = {
    field(kH245NonStandard), field(kNull),           field(kVideoCapability),
    field(kAudioCapability), want(kDataApplication), field(kEncryptionMode),
};
constexpr Type kDataType = open_choice(kDataTypeFields);

// --- H.245: logical channels ------------------------------------------------------------------------------------

constexpr Field kH222Fields[] = {field(kWord), field(kWord), maybe(kWord), maybe(kOctets),
                                 maybe(kOctets)};
constexpr Type kH222Parameters = open_sequence(kH222Fields);
constexpr Field kAl3Fields[] = {field(kNumber2), field(kCounted)};
constexpr Type kAl3 = sequence(kAl3Fields);
constexpr Field kAdaptationFields[] = {
    field(kH245NonStandard), field(kNull), field(kNull), field(kNull), field(kNull), field(kAl3)};
constexpr Type kAdaptation = open_choice(kAdaptationFields);
constexpr Field kH223Fields[] = {field(kAdaptation), kBool};
constexpr Type kH223Parameters = open_sequence(kH223Fields);
constexpr Field kHdlcFields[] = {field(kOneOfThreeOrMore), field(kWord), kBool};
constexpr Type kHdlcParameters = open_sequence(kHdlcFields);
constexpr Field kErmFields[] = {field(kNumber7), field(kOneOfThreeOrMore)};
constexpr Type kErm = open_sequence(kErmFields);
constexpr Field kV76ModeFields[] = {field(kErm), field(kNull)};
constexpr Type kV76Mode = open_choice(kV76ModeFields);
constexpr Field kV75Fields[] = {kBool};
constexpr Type kV75Parameters = open_sequence(kV75Fields);
constexpr Field kV76Fields[] = {field(kHdlcParameters), field(kOneOfThreeOrMore), kBool,
                                field(kV76Mode), field(kV75Parameters)};
constexpr Type kV76Parameters = open_sequence(kV76Fields);

constexpr Field kUnicastRouteFields[] = {field(kOneOfTwo), field(kOctets4), field(kWord),
                                         field(kRoute)};
constexpr Type kUnicastRoute = open_sequence(kUnicastRouteFields);
constexpr Field kUnicastFields[] = {
    want(kOpenIp4Address), field(kOpenIpxAddress), want(kIp6Address),
    field(kOctets16),  // netBios
    field(kUnicastRoute),
};
constexpr Type kUnicastAddress = open_choice(kUnicastFields);
constexpr Field kMulticastFields[] = {field(kOpenIp4Address), field(kIp6Address)};
constexpr Type kMulticastAddress = open_choice(kMulticastFields);
constexpr Field kH245AddressFields[] = {want(kUnicastAddress), field(kMulticastAddress)};
constexpr Type kH245Address = open_choice(kH245AddressFields);

constexpr Field kH2250Fields[] = {
    maybe(kH245NonStandards),
    field(kByte),                                 // sessionID
    maybe(kNumber8),                              // associatedSessionID
    want(kH245Address, Found::media).optional(),  // mediaChannel
    maybe(kBoolean),                              // mediaGuaranteedDelivery
    want(kH245Address, Found::media).optional(),  // mediaControlChannel
    kStop,
};
constexpr Type kH2250Parameters = begun_sequence(kH2250Fields, 10);
constexpr Field kForwardMultiplexFields[] = {field(kH222Parameters), field(kH223Parameters),
                                             field(kV76Parameters), want(kH2250Parameters)};
constexpr Type kForwardMultiplex = open_choice(kForwardMultiplexFields, 3);
constexpr Field kForwardFields[] = {
    maybe(kWord),  // portNumber
    want(kDataType),
    want(kForwardMultiplex),
};
constexpr Type kForwardParameters = open_sequence(kForwardFields, 3, 5);
constexpr Field kReverseMultiplexFields[] = {field(kH223Parameters), field(kV76Parameters),
                                             want(kH2250Parameters)};
constexpr Type kReverseMultiplex = open_choice(kReverseMultiplexFields, 2);
constexpr Field kReverseFields[] = {field(kDataType), want(kReverseMultiplex).optional()};
constexpr Type kReverseParameters = open_sequence(kReverseFields, 2, 4);

constexpr Field kQ2931NumberFields[] = {field(kDigits16), field(kOctetsTo20)};
constexpr Type kQ2931Number = open_choice(kQ2931NumberFields);
constexpr Field kQ2931Fields[] = {field(kQ2931Number), maybe(kOctetsTo20)};
constexpr Type kQ2931Address = open_sequence(kQ2931Fields);
constexpr Field kNetworkAddressFields[] = {field(kQ2931Address), field(kDigits128),
                                           want(kH245Address)};
constexpr Type kNetworkAddress = open_choice(kNetworkAddressFields);
constexpr Field kNetworkAccessFields[] = {
    maybe(kOneOfTwoOrMore),  // distribution
    want(kNetworkAddress),
    field(kBoolean),      // associateConference
    maybe(kOctetsTo255),  // externalReference
};
constexpr Type kNetworkAccess = open_sequence(kNetworkAccessFields, 4, 5);

constexpr Field kOpenLogicalChannelFields[] = {
    field(kWord),  // forwardLogicalChannelNumber
    want(kForwardParameters),
    want(kReverseParameters).optional(),
    want(kNetworkAccess, Found::channel_stack),  // separateStack
    kStop,
};
constexpr Type kOpenLogicalChannel = open_sequence(kOpenLogicalChannelFields, 3, 5);

constexpr Field kAckMultiplexFields[] = {field(kH222Parameters), want(kH2250Parameters)};
constexpr Type kAckMultiplex = open_choice(kAckMultiplexFields, 1);
constexpr Field kAckReverseFields[] = {
    field(kWord),  // reverseLogicalChannelNumber
    maybe(kWord),  // portNumber
    want(kAckMultiplex).optional(),
};
constexpr Type kAckReverse = open_sequence(kAckReverseFields, 3, 4);
constexpr Field kH2250AckFields[] = {
    maybe(kH245NonStandards),
    maybe(kNumber8),  // sessionID
    want(kH245Address, Found::media).optional(),
    want(kH245Address, Found::media).optional(),
    maybe(kNumber5),  // dynamicRTPPayloadType
};
constexpr Type kH2250Ack = open_sequence(kH2250AckFields, 5, 7);
constexpr Field kAckForwardFields[] = {want(kH2250Ack)};
constexpr Type kAckForward = open_choice(kAckForwardFields);
constexpr Field kOpenLogicalChannelAckFields[] = {
    field(kWord),  // forwardLogicalChannelNumber
    want(kAckReverse).optional(),
    want(kNetworkAccess, Found::acknowledged_stack),  // separateStack
    want(kAckForward),
    kStop,
};
constexpr Type kOpenLogicalChannelAck = open_sequence(kOpenLogicalChannelAckFields, 2, 5);

constexpr Field kRequestFields[] = {
    kStop, kStop, kStop, want(kOpenLogicalChannel, Found::open_channel),
    kStop, kStop, kStop, kStop,
    kStop, kStop, kStop, kStop,
    kStop, kStop, kStop,
};
constexpr Type kRequest = open_choice(kRequestFields, 11);
constexpr Field kResponseFields[] = {
    kStop, kStop, kStop, kStop, kStop, want(kOpenLogicalChannelAck, Found::acknowledgement),
    kStop, kStop, kStop, kStop, kStop, kStop,
    kStop, kStop, kStop, kStop, kStop, kStop,
    kStop, kStop, kStop, kStop, kStop, kStop,
};
constexpr Type kResponse = open_choice(kResponseFields, 19);
constexpr Field kControlFields[] = {want(kRequest), want(kResponse), kStop, kStop};

// --- H.235: tokens ----------------------------------------------------------------------------------------------

constexpr Field kCallIdentifierFields[] = {field(kOctets16)};
constexpr Type kCallIdentifier = open_sequence(kCallIdentifierFields);
constexpr Field kSecurityServiceFields[] = {field(kNonStandardParameter), field(kNull),
                                            field(kNull)};
constexpr Type kSecurityService = open_choice(kSecurityServiceFields);
constexpr Field kSecurityCapabilityFields[] = {maybe(kNonStandardParameter),
                                               field(kSecurityService), field(kSecurityService),
                                               field(kSecurityService)};
constexpr Type kSecurityCapabilities = open_sequence(kSecurityCapabilityFields);
constexpr Field kH245SecurityFields[] = {field(kNonStandardParameter), field(kNull),
                                         field(kSecurityCapabilities),
                                         field(kSecurityCapabilities)};
constexpr Type kH245Security = open_choice(kH245SecurityFields);
constexpr Field kDhSetFields[] = {field(kBitsTo2048), field(kBitsTo2048), field(kBitsTo2048)};
constexpr Type kDhSet = open_sequence(kDhSetFields);
constexpr Field kNamedOctetsFields[] = {field(kIdentifier), field(kOctets)};
constexpr Type kTypedCertificate = open_sequence(kNamedOctetsFields);
constexpr Type kH235NonStandard = sequence(kNamedOctetsFields);
constexpr Field kClearTokenFields[] = {
    field(kIdentifier),
    maybe(kCounted),  // timeStamp
    maybe(kText128),  // password
    maybe(kDhSet),
    maybe(kChallenge),
    maybe(kAnyNumber),  // random
    maybe(kTypedCertificate),
    maybe(kText128),  // generalID
    maybe(kH235NonStandard),
};
constexpr Type kClearToken = open_sequence(kClearTokenFields, 9, 11);
constexpr Field kClearTokenItem[] = {field(kClearToken)};
constexpr Type kClearTokens = list(kClearTokenItem);
constexpr Field kParamsFields[] = {maybe(kAnyNumber), maybe(kOctets8)};
constexpr Type kParams = open_sequence(kParamsFields, 2, 3);
constexpr Field kHashedFields[] = {field(kIdentifier), field(kParams), field(kBits)};
constexpr Type kHashed = sequence(kHashedFields);
constexpr Field kEncryptedFields[] = {field(kIdentifier), field(kParams), field(kOctets)};
constexpr Type kEncrypted = sequence(kEncryptedFields);
constexpr Field kSignedFields[] = {field(kUnread).open(), field(kIdentifier), field(kParams),
                                   field(kBits)};
constexpr Type kSigned = sequence(kSignedFields);
constexpr Field kEndpointHashFields[] = {field(kAliasAddress), field(kCounted), field(kHashed)};
constexpr Type kEndpointHash = sequence(kEndpointHashFields);
constexpr Field kGatekeeperHashFields[] = {field(kText128), field(kCounted), field(kHashed)};
constexpr Type kGatekeeperHash = sequence(kGatekeeperHashFields);
constexpr Field kEncryptedTokenFields[] = {field(kIdentifier), field(kEncrypted)};
constexpr Type kEncryptedToken = sequence(kEncryptedTokenFields);
constexpr Field kSignedTokenFields[] = {field(kIdentifier), field(kSigned)};
constexpr Type kSignedToken = sequence(kSignedTokenFields);
constexpr Field kHashedTokenFields[] = {field(kIdentifier), field(kClearToken), field(kHashed)};
constexpr Type kHashedToken = sequence(kHashedTokenFields);
constexpr Field kNestedTokenFields[] = {field(kEncryptedToken), field(kSignedToken),
                                        field(kHashedToken), field(kEncrypted)};
constexpr Type kNestedToken = open_choice(kNestedTokenFields);
constexpr Field kCryptoTokenFields[] = {
    field(kEndpointHash), field(kGatekeeperHash), field(kEncrypted), field(kEncrypted),
    field(kSigned),       field(kSigned),         field(kSigned),    field(kNestedToken),
};
constexpr Type kCryptoToken = open_choice(kCryptoTokenFields);
constexpr Field kCryptoTokenItem[] = {field(kCryptoToken)};
constexpr Type kCryptoTokens = list(kCryptoTokenItem);

// --- H.225.0: call signalling -----------------------------------------------------------------------------------

constexpr Field kQ954Fields[] = {kBool, kBool};
constexpr Type kQ954Details = open_sequence(kQ954Fields);
constexpr Field kQseriesFields[] = {kBool, kBool, kBool, kBool,
                                    kBool, kBool, kBool, field(kQ954Details)};
constexpr Type kQseriesOptions = open_sequence(kQseriesFields);
constexpr Field kWordItem[] = {field(kWord)};
constexpr Type kWords = list(kWordItem);
constexpr Field kFastStartItem[] = {want(kOpenLogicalChannel, Found::open_channel).open()};
constexpr Type kFastStart = list(kFastStartItem, 30);
constexpr Field kFastStartField = want(kFastStart).optional();
constexpr Field kH245AddressField = want(kTransportAddress, Found::h245_address).optional();

constexpr Field kSetupFields[] = {
    field(kIdentifier),
    kH245AddressField,
    maybe(kAliases),                     // sourceAddress
    field(kEndpointType),                // sourceInfo
    maybe(kAliases),                     // destinationAddress
    want(kTransportAddress).optional(),  // destCallSignalAddress
    maybe(kAliases),                     // destExtraCallInfo
    maybe(kWords),                       // destExtraCRV
    kBool,                               // activeMC
    field(kOctets16),                    // conferenceID
    field(kOneOfThreeOrMore),            // conferenceGoal
    maybe(kQseriesOptions),              // callServices
    field(kOneOfFourOrMore),             // callType
    want(kTransportAddress),             // sourceCallSignalAddress
    kSkipped,                            // remoteExtensionAddress
    kSkipped,                            // callIdentifier
    kSkipped,                            // h245SecurityCapability
    kSkipped,                            // tokens
    kSkipped,                            // cryptoTokens
    kFastStartField,
    kSkipped,  // mediaWaitForConnect
    kSkipped,  // canOverlapSend
    kStop,
};
constexpr Type kSetup = open_sequence(kSetupFields, 13, 39);

constexpr Field kCallProceedingFields[] = {
    field(kIdentifier), field(kEndpointType), kH245AddressField, kSkipped, kSkipped, kSkipped,
    kSkipped,  // callIdentifier to cryptoTokens
    kFastStartField,
};
constexpr Type kCallProceeding = open_sequence(kCallProceedingFields, 3, 12);
constexpr Type kAlerting = open_sequence(kCallProceedingFields, 3, 17);

constexpr Field kConnectFields[] = {
    field(kIdentifier), kH245AddressField, field(kEndpointType),
    field(kOctets16),  // conferenceID
    kSkipped,           kSkipped,          kSkipped,
    kSkipped,  // callIdentifier to cryptoTokens
    kFastStartField,
};
constexpr Type kConnect = open_sequence(kConnectFields, 4, 19);

constexpr Field kInformationFields[] = {field(kIdentifier)};
constexpr Type kInformation = open_sequence(kInformationFields, 1, 7);

constexpr Field kReleaseReasonFields[] = {
    field(kNull), field(kNull), field(kNull), field(kNull), field(kNull), field(kNull),
    field(kNull), field(kNull), field(kNull), field(kNull), field(kNull), field(kNull),
};
constexpr Type kReleaseReason = open_choice(kReleaseReasonFields);
constexpr Field kReleaseCompleteFields[] = {field(kIdentifier), maybe(kReleaseReason)};
constexpr Type kReleaseComplete = open_sequence(kReleaseCompleteFields, 2, 11);

constexpr Field kFacilityFields[] = {
    field(kIdentifier),
    want(kTransportAddress, Found::alternative_address).optional(),
    maybe(kAliases),   // alternativeAliasAddress
    maybe(kOctets16),  // conferenceID
    want(kOneOfFourOrMore, Found::facility_reason),
    kSkipped,
    kSkipped,
    kSkipped,
    kSkipped,
    kSkipped,
    kSkipped,  // callIdentifier to conferences
    kH245AddressField,
    kFastStartField,
};
constexpr Type kFacility = open_sequence(kFacilityFields, 5, 21);

constexpr Field kProgressFields[] = {
    field(kIdentifier),   field(kEndpointType), kH245AddressField,    field(kCallIdentifier),
    maybe(kH245Security), maybe(kClearTokens),  maybe(kCryptoTokens), kFastStartField,
};
constexpr Type kProgress = open_sequence(kProgressFields, 8, 11);

constexpr Field kBodyFields[] = {
    want(kSetup),        want(kCallProceeding),   want(kConnect),  want(kAlerting),
    field(kInformation), field(kReleaseComplete), want(kFacility), want(kProgress),
};
constexpr Type kBody = open_choice(kBodyFields, 7);
constexpr Type kControl = open_choice(kControlFields);
constexpr Field kTunnelledItem[] = {want(kControl).open()};
constexpr Type kTunnelled = list(kTunnelledItem, 4);
constexpr Field kPduFields[] = {
    want(kBody),
    maybe(kNonStandardParameter),
    kSkipped,                            // h4501SupplementaryService
    kSkipped,                            // h245Tunneling
    want(kTunnelled, Found::tunnelled),  // h245Control
    kStop,
};
constexpr Type kPdu = open_sequence(kPduFields, 2, 11);
constexpr Field kUserInformationFields[] = {want(kPdu), kStop};

// --- H.225.0: registration, admission and status ----------------------------------------------------------------

constexpr Field kGatekeeperConfirmFields[] = {
    field(kWord),
    field(kIdentifier),
    maybe(kNonStandardParameter),
    maybe(kText128),  // gatekeeperIdentifier
    want(kTransportAddress, Found::ras_address),
    kStop,
};
constexpr Type kGatekeeperConfirm = open_sequence(kGatekeeperConfirmFields, 5, 14);

constexpr Field kRegistrationRequestFields[] = {
    field(kWord),
    field(kIdentifier),
    maybe(kNonStandardParameter),
    kBool,  // discoveryComplete
    want(kTransportAddresses, Found::call_address),
    want(kTransportAddresses),  // rasAddress
    field(kEndpointType),
    maybe(kAliases),  // terminalAlias
    maybe(kText128),  // gatekeeperIdentifier
    field(kVendorIdentifier),
    kSkipped,  // alternateEndpoints
    want(kCounted, Found::time_to_live),
    kStop,
};
constexpr Type kRegistrationRequest = open_sequence(kRegistrationRequestFields, 10, 31);

constexpr Field kRegistrationConfirmFields[] = {
    field(kWord),
    field(kIdentifier),
    maybe(kNonStandardParameter),
    want(kTransportAddresses),  // callSignalAddress
    maybe(kAliases),            // terminalAlias
    maybe(kText128),            // gatekeeperIdentifier
    field(kText128),            // endpointIdentifier
    kSkipped,                   // alternateGatekeeper
    want(kCounted, Found::time_to_live),
    kStop,
};
constexpr Type kRegistrationConfirm = open_sequence(kRegistrationConfirmFields, 7, 24);

constexpr Field kUnregistrationRequestFields[] = {field(kWord), want(kTransportAddresses), kStop};
constexpr Type kUnregistrationRequest = begun_sequence(kUnregistrationRequestFields, 3);

constexpr Field kAdmissionConfirmFields[] = {
    field(kWord),
    field(kCounted),         // bandWidth
    field(kOneOfTwoOrMore),  // callModel
    want(kTransportAddress, Found::call_address),
    kStop,
};
constexpr Type kAdmissionConfirm = begun_sequence(kAdmissionConfirmFields, 2);

constexpr Field kLocationConfirmFields[] = {
    field(kWord),
    want(kTransportAddress, Found::call_address),
    want(kTransportAddress),  // rasAddress
    kStop,
};
constexpr Type kLocationConfirm = begun_sequence(kLocationConfirmFields, 1);

constexpr Field kRasFields[] = {
    kStop,
    want(kGatekeeperConfirm),
    kStop,
    want(kRegistrationRequest),
    want(kRegistrationConfirm),
    kStop,
    want(kUnregistrationRequest),
    kStop,
    kStop,
    kStop,
    want(kAdmissionConfirm),
    kStop,
    kStop,
    kStop,
    kStop,
    kStop,
    kStop,
    kStop,
    kStop,
    want(kLocationConfirm),
    kStop,
    kStop,
    kStop,
    kStop,
};

}  // namespace

constinit const Type kRasMessage = open_choice(kRasFields);
constinit const Type kUserInformation = begun_sequence(kUserInformationFields, 1);
constinit const Type kMultimediaSystemControlMessage = open_choice(kControlFields);

}  // namespace keepstate::ct::h323
