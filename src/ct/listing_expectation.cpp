// Expectations as lines: the forms of /proc/net/nf_conntrack_expect and of `conntrack -L expect`.
//
//     299 l3proto = 2 proto=6 src=.. dst=.. sport=.. dport=.. PERMANENT,INACTIVE sip/signalling       /proc
//     299 proto=6 src=.. dst=.. sport=.. dport=.. mask-src=.. mask-dst=.. sport=.. dport=..           conntrack
//         master-src=.. master-dst=.. sport=.. dport=.. PERMANENT class=0 helper=sip                   (one line)
//
// Neither shows the zone, and the kernel keeps no USERSPACE flag.
//
// source: seen:tests/kernel_listing/kernel_expectations_test.cpp.   tested by: ct/listing_expectation_test.cpp.
#include <fmt/format.h>
#include <iterator>

#include "ct/listing.hpp"
#include "keepstate/expectation.hpp"

namespace keepstate {

namespace ct {

namespace {

struct FlagWord {
    std::uint32_t flag;
    std::string_view text_word;
    std::string_view xml_word;
};
constexpr FlagWord kFlagWords[] = {
    {expectation_flag::kPermanent, "PERMANENT", "<permanent/>"},
    {expectation_flag::kInactive, "INACTIVE", "<inactive/>"},
};

/// "PERMANENT,INACTIVE " or nothing.
void print_flags(std::uint32_t flags, std::string& out) {
    const char* between = "";
    for (const FlagWord& word : kFlagWords) {
        if ((flags & word.flag) == 0) continue;
        out += between;
        out += word.text_word;
        between = ",";
    }
    if (*between != 0) out += ' ';
}

void print_proc(const ExpectationCopy& e, std::string& out) {
    const auto end = std::back_inserter(out);
    fmt::format_to(end, "{} l3proto = {} proto={} ", seconds_of(e.timeout_ns),
                   family_number(e.tuple.source.family), e.tuple.protocol);
    print_tuple(e.tuple, true, out);
    print_flags(e.flags, out);
    out += e.helper;
    if (!e.class_name.empty()) fmt::format_to(end, "/{}", e.class_name);
    out += '\n';
}

void print_tool(const ExpectationCopy& e, std::string& out) {
    const auto end = std::back_inserter(out);
    fmt::format_to(end, "{} proto={} ", seconds_of(e.timeout_ns), e.tuple.protocol);
    print_tuple(e.tuple, false, out);
    out += "mask-";
    const std::size_t mask = out.size();
    print_tuple(e.mask, false, out);
    out.insert(out.find("dst=", mask), "mask-");
    out += "master-";
    const std::size_t master = out.size();
    print_tuple(e.master, false, out);
    out.insert(out.find("dst=", master), "master-");
    print_flags(e.flags, out);
    fmt::format_to(end, "class={} helper={}\n", e.class_number, e.helper);
}

struct Part {
    std::string_view name;
    const Tuple& tuple;
};

void print_xml_flow(const EventKind* event, const ExpectationCopy& e, std::string& out,
                    const ListingOptions& options) {
    const auto end = std::back_inserter(out);
    const Part parts[] = {{"expected", e.tuple}, {"mask", e.mask}, {"master", e.master}};
    const Family family = e.tuple.source.family;
    out += "<flow";
    if (event != nullptr) fmt::format_to(end, " type=\"{}\"", xml_word(*event));
    fmt::format_to(end, "><layer3 protonum=\"{}\" protoname=\"{}\">", family_number(family),
                   text(family));
    for (const Part& part : parts) {
        fmt::format_to(end, "<{0}><src>{1}</src><dst>{2}</dst></{0}>", part.name,
                       text(part.tuple.source), text(part.tuple.destination));
    }
    fmt::format_to(end, "</layer3><layer4 protonum=\"{}\" protoname=\"{}\">", e.tuple.protocol,
                   tool_protocol_name(e.tuple.protocol));
    for (const Part& part : parts) {
        fmt::format_to(end, "<{}>", part.name);
        print_xml_keys(part.tuple, out);
        fmt::format_to(end, "</{}>", part.name);
    }
    fmt::format_to(
        end, "</layer4><meta><helper-name>{}</helper-name><timeout>{}</timeout><class>{}</class>",
        e.helper, seconds_of(e.timeout_ns), e.class_number);
    for (const FlagWord& word : kFlagWords) {
        if ((e.flags & word.flag) != 0) out += word.xml_word;
    }
    if (event != nullptr && options.timestamp) print_xml_when(e.copied, out);
    out += "</meta></flow>\n";
}

void print_json_tuple(std::string_view name, const Tuple& t, std::string& out) {
    fmt::format_to(std::back_inserter(out),
                   "\"{}\":{{\"source\":\"{}\",\"destination\":\"{}\",\"source_key\":{},"
                   "\"destination_key\":{}}},",
                   name, text(t.source), text(t.destination), t.source_key, t.destination_key);
}

void print_json_object(const EventKind* event, const ExpectationCopy& e, std::string& out) {
    const auto end = std::back_inserter(out);
    out += '{';
    if (event != nullptr) {
        fmt::format_to(end, "\"event\":\"expectation_{}\",\"time\":\"{}.{:09}\",", xml_word(*event),
                       e.copied.ns / kNsPerSecond, e.copied.ns % kNsPerSecond);
    }
    fmt::format_to(end, "\"family\":\"{}\",\"protocol\":\"{}\",\"protocol_number\":{},",
                   text(e.tuple.source.family), tool_protocol_name(e.tuple.protocol),
                   e.tuple.protocol);
    print_json_tuple("tuple", e.tuple, out);
    print_json_tuple("mask", e.mask, out);
    print_json_tuple("master", e.master, out);
    fmt::format_to(end,
                   "\"timeout\":{},\"permanent\":{},\"inactive\":{},\"class\":{},\"class_name\":",
                   seconds_of(e.timeout_ns), (e.flags & expectation_flag::kPermanent) != 0,
                   (e.flags & expectation_flag::kInactive) != 0, e.class_number);
    // Names of helpers and classes are words without quotes or backslashes.
    out += e.class_name.empty() ? "null" : fmt::format("\"{}\"", e.class_name);
    fmt::format_to(end, ",\"helper\":\"{}\"}}\n", e.helper);
}

}  // namespace

}  // namespace ct

void print_expectations_head(EntryFormat format, std::string& out) {
    if (format == EntryFormat::xml) out += "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<expect>\n";
}

void print_expectations_tail(EntryFormat format, std::string& out) {
    if (format == EntryFormat::xml) out += "</expect>\n";
}

void print_expectation(const ExpectationCopy& expectation, EntryFormat format, std::string& out) {
    switch (format) {
        case EntryFormat::proc:
        case EntryFormat::old_proc: ct::print_proc(expectation, out); break;
        case EntryFormat::xml: ct::print_xml_flow(nullptr, expectation, out, {}); break;
        case EntryFormat::json: ct::print_json_object(nullptr, expectation, out); break;
        case EntryFormat::conntrack:
        case EntryFormat::extended:
        case EntryFormat::save: ct::print_tool(expectation, out); break;
    }
}

void print_expectation_event(EventKind kind, const ExpectationCopy& expectation, std::string& out,
                             EntryFormat format, const ListingOptions& options) {
    if (format == EntryFormat::xml) {
        ct::print_xml_flow(&kind, expectation, out, options);
        return;
    }
    if (format == EntryFormat::json) {
        ct::print_json_object(&kind, expectation, out);
        return;
    }
    if (options.timestamp) ct::print_stamp(expectation.copied, out);
    out += ct::event_word(kind);
    ct::print_tool(expectation, out);
}

}  // namespace keepstate
