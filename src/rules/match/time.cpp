// -m time: when a packet arrives: the date, the time of day, the day of the week or of the month.
//
// All in UTC, by the packet's own time (a capture's stamp). Ends are included. With --timestop before
// --timestart the day's time is what lies outside of the two; --contiguous then counts the hours after midnight to
// the day before.
// source: man:iptables-extensions time; kernel:net/netfilter/xt_time.c.   Tested by: tests/rules/time.t,
// tests/scenarios/rules/*time*.yaml.
#include <array>
#include <cstdlib>

#include "rules/module.hpp"

namespace keepstate::rules::match {

namespace {

enum : std::uint8_t {
    kDateStart,
    kDateStop,
    kTimeStart,
    kTimeStop,
    kMonthdays,
    kWeekdays,
    kLocalTz,
    kKernelTz,
    kUtc,
    kContiguous
};

constexpr std::uint32_t kDaySeconds = 86400;
constexpr std::uint32_t kAllMonthdays = 0xfffffffeU;
constexpr std::uint32_t kAllWeekdays = 0xfeU;
constexpr std::uint32_t kNoStop = 0x7fffffffU;
constexpr std::string_view kWeekdayNames[] = {"", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

struct Date {
    std::int64_t year = 1970;
    std::uint32_t month = 1;
    std::uint32_t day = 1;
};

// H. Hinnant, "chrono-compatible low-level date algorithms". `day' may lie outside of the month.
std::int64_t days_of(std::int64_t year, std::int64_t month, std::int64_t day) {
    if (month < 1) --year, month += 12;
    year -= month <= 2;
    const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
    const std::int64_t year_of_era = year - era * 400;
    const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5;
    const std::int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468 + day - 1;
}
Date date_of(std::int64_t days) {
    days += 719468;
    const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    const std::int64_t day_of_era = days - era * 146097;
    const std::int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const std::int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const std::int64_t shifted = (5 * day_of_year + 2) / 153;
    Date date;
    date.day = static_cast<std::uint32_t>(day_of_year - (153 * shifted + 2) / 5 + 1);
    date.month = static_cast<std::uint32_t>(shifted < 10 ? shifted + 3 : shifted - 9);
    date.year = year_of_era + era * 400 + (date.month <= 2);
    return date;
}
std::int64_t day_number(std::int64_t seconds) {
    return seconds >= 0 ? seconds / kDaySeconds : -((-seconds + kDaySeconds - 1) / kDaySeconds);
}
std::string date_text(std::int64_t seconds) {
    const Date date = date_of(day_number(seconds));
    const std::int64_t left = seconds - day_number(seconds) * kDaySeconds;
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", date.year, date.month, date.day,
                       left / 3600, left / 60 % 60, left % 60);
}
std::string clock_text(std::uint32_t seconds) {
    return fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

/// Numbers between marks, read as C does: blanks and signs before a number count, nothing is 0.
class NumberRow {
  public:
    explicit NumberRow(std::string_view words) : words_(words), at_(words_.c_str()) {}
    /// The next number, if one of `marks' or the end follows it and it is not over `most'.
    bool take(std::string_view marks, unsigned long most, unsigned long& number) {
        char* end = nullptr;
        number = std::strtoul(at_, &end, 10);
        is_at_end_ = *end == '\0';
        if ((!is_at_end_ && marks.find(*end) == std::string_view::npos) || number > most) {
            return false;
        }
        at_ = is_at_end_ ? end : end + 1;
        return true;
    }
    bool is_at_end() const { return is_at_end_; }

  private:
    std::string words_;
    const char* at_;
    bool is_at_end_ = false;
};

std::optional<std::uint32_t> parse_clock(std::string_view words) {
    NumberRow row(words);
    unsigned long hour = 0, minute = 0, second = 0;
    if (!row.take(":", 23, hour) || row.is_at_end() || !row.take(":", 59, minute)) return {};
    if (!row.is_at_end() && (!row.take("", 59, second))) return {};
    return static_cast<std::uint32_t>(hour * 3600 + minute * 60 + second);
}

std::optional<std::uint32_t> parse_date(std::string_view words) {
    struct Field {
        std::string_view marks;
        unsigned long most;
        unsigned long value;
    };
    std::array<Field, 6> fields{
        {{"-", 2038, 0}, {"-", 12, 1}, {"T", 31, 1}, {":", 23, 0}, {":", 59, 0}, {"", 59, 0}}};
    NumberRow row(words);
    for (Field& field : fields) {
        if (row.is_at_end()) break;
        if (!row.take(field.marks, field.most, field.value)) return {};
    }
    if (fields[0].value < 1970) return {};
    const std::int64_t days = days_of(static_cast<std::int64_t>(fields[0].value),
                                      static_cast<std::int64_t>(fields[1].value),
                                      static_cast<std::int64_t>(fields[2].value));
    const std::int64_t seconds =
        days * kDaySeconds +
        static_cast<std::int64_t>(fields[3].value * 3600 + fields[4].value * 60 + fields[5].value);
    if (seconds < 0) return {};
    return static_cast<std::uint32_t>(seconds);
}

/// Calls `each` with the first two bytes of every item of a list. False: it did not like one.
template <typename Each>
bool for_each_item(std::string_view list, Each each) {
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        if (!each(std::string(list.substr(0, std::min<std::size_t>(comma, 2))))) return false;
        list.remove_prefix(comma);
        while (!list.empty() && list.front() == ',') list.remove_prefix(1);
    }
    return true;
}

struct Form {
    struct Data {
        std::uint32_t date_start = 0;
        std::uint32_t date_stop = kNoStop;
        std::uint32_t day_start = 0;
        std::uint32_t day_stop = kDaySeconds - 1;
        std::uint32_t monthdays = kAllMonthdays;
        std::uint32_t weekdays = kAllWeekdays;
        std::uint32_t kernel_tz = 0;
        std::uint32_t contiguous = 0;
    };
    static constexpr Option kOptions[] = {
        {.name = "datestart",
         .id = kDateStart,
         .arg = ArgKind::text,
         .words = "the first second, YYYY[-MM[-DD[Thh[:mm[:ss]]]]]; 1970-01-01 if not given"},
        {.name = "datestop",
         .id = kDateStop,
         .arg = ArgKind::text,
         .words = "the last second, written alike; 2038-01-19T03:14:07 if not given"},
        {.name = "timestart",
         .id = kTimeStart,
         .arg = ArgKind::text,
         .words = "the first second of the day, hh:mm[:ss]; 00:00:00 if not given"},
        {.name = "timestop",
         .id = kTimeStop,
         .arg = ArgKind::text,
         .words = "the last second of the day; 23:59:59 if not given"},
        {.name = "monthdays",
         .id = kMonthdays,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert,
         .words = "a list of days of the month, 1 to 31"},
        {.name = "weekdays",
         .id = kWeekdays,
         .arg = ArgKind::text,
         .flags = option_flag::kInvert,
         .words = "a list of days of the week: Mon to Sun, Mo to Su, or 1 (Monday) to 7"},
        {.name = "localtz", .id = kLocalTz, .excludes = option_bit(kUtc), .words = "as --kerneltz"},
        {.name = "kerneltz",
         .id = kKernelTz,
         .excludes = option_bit(kUtc),
         .words = "times are in the kernel's time zone instead of UTC"},
        {.name = "utc",
         .id = kUtc,
         .excludes = option_bit(kLocalTz) | option_bit(kKernelTz),
         .words = "times are in UTC, which they are anyway"},
        {.name = "contiguous",
         .id = kContiguous,
         .words =
             "with --timestop before --timestart: hours after midnight belong to the day before"},
    };
    static constexpr Traits kTraits{
        .name = "time",
        .options = kOptions,
        .words =
            "Matches by the time of the packet's arrival. Ends are included, all options must "
            "hold.",
        .reads = "the packet's time",
        .differences =
            "--kerneltz: the kernel's time zone is taken to be UTC, which it nearly always is"};

    static void parse(Data& data, const OptionUse& use, RuleReader& reader) {
        const std::string_view words = use.value.text;
        switch (use.id()) {
            case kDateStart: set(data.date_start, parse_date(words), use, kDateForm, reader); break;
            case kDateStop: set(data.date_stop, parse_date(words), use, kDateForm, reader); break;
            case kTimeStart: set(data.day_start, parse_clock(words), use, kTimeForm, reader); break;
            case kTimeStop: set(data.day_stop, parse_clock(words), use, kTimeForm, reader); break;
            case kMonthdays: parse_monthdays(data, use, reader); break;
            case kWeekdays: parse_weekdays(data, use, reader); break;
            case kLocalTz:
            case kKernelTz: data.kernel_tz = 1; break;
            case kUtc: break;
            default: data.contiguous = 1; break;
        }
    }
    static constexpr std::string_view kDateForm =
        "date, which is YYYY[-MM[-DD[Thh[:mm[:ss]]]]] from 1970 to 2038";
    static constexpr std::string_view kTimeForm = "time of day, which is hh:mm[:ss] up to 23:59:59";
    static void set(std::uint32_t& to, std::optional<std::uint32_t> value, const OptionUse& use,
                    std::string_view form, RuleReader& reader) {
        if (value) {
            to = *value;
        } else {
            reader.fault(
                fmt::format("--{}: `{}' is no {}", use.option->name, use.value.text, form));
        }
    }
    static void parse_monthdays(Data& data, const OptionUse& use, RuleReader& reader) {
        data.monthdays = 0;
        const bool good = for_each_item(use.value.text, [&data](const std::string& item) {
            char* end = nullptr;
            const unsigned long day = std::strtoul(item.c_str(), &end, 0);
            if (*end != '\0' || day > 31) return false;
            data.monthdays |= 1U << day;
            return true;
        });
        if (!good) {
            reader.fault(fmt::format("--monthdays: `{}' is no list of days of a month, 1 to 31",
                                     use.value.text));
        }
        if (use.inverted) data.monthdays ^= kAllMonthdays;
    }
    static void parse_weekdays(Data& data, const OptionUse& use, RuleReader& reader) {
        data.weekdays = 0;
        const bool good = for_each_item(use.value.text, [&data](const std::string& item) {
            for (std::size_t day = 1; day < std::size(kWeekdayNames); ++day) {
                if (kWeekdayNames[day].substr(0, 2) == item) {
                    data.weekdays |= 1U << day;
                    return true;
                }
            }
            // Numbers over 7 are taken, and are no day.
            char* end = nullptr;
            const unsigned long day = std::strtoul(item.c_str(), &end, 0);
            if (*end != '\0' || day == 0) return false;
            if (day <= 7) data.weekdays |= 1U << day;
            return true;
        });
        if (!good || use.value.text.starts_with(',')) {
            reader.fault(fmt::format(
                "--weekdays: `{}' is no list of Mon, Tue, Wed, Thu, Fri, Sat, Sun, or 1 to 7",
                use.value.text));
        }
        if (use.inverted) data.weekdays ^= kAllWeekdays;
    }
    static void finish(Data& data, RuleReader& reader) {
        if (data.contiguous != 0 && data.day_start < data.day_stop) {
            reader.fault("--contiguous asks for a --timestop before --timestart");
        }
    }
    static void print(const Data& data, const PrintContext&, std::string& out) {
        if (data.day_start != 0 || data.day_stop != kDaySeconds - 1) {
            out += fmt::format(" --timestart {} --timestop {}", clock_text(data.day_start),
                               clock_text(data.day_stop));
        }
        print_days(out, "monthdays", data.monthdays, kAllMonthdays);
        print_days(out, "weekdays", data.weekdays, kAllWeekdays);
        if (data.date_start != 0) out += " --datestart " + date_text(data.date_start);
        out += " --datestop " + date_text(data.date_stop);
        if (data.kernel_tz != 0) out += " --kerneltz";
        if (data.contiguous != 0) out += " --contiguous";
    }
    static void print_days(std::string& out, std::string_view name, std::uint32_t days,
                           std::uint32_t all) {
        if (days == all) return;
        out += fmt::format(" --{} ", name);
        std::string_view comma;
        for (unsigned day = 1; day < 32; ++day) {
            if ((days >> day & 1U) == 0) continue;
            out += comma;
            out += all == kAllWeekdays ? std::string(kWeekdayNames[day]) : std::to_string(day);
            comma = ",";
        }
    }
    static bool matches(Data& data, Context& context, Why why) {
        std::int64_t seconds = context.now.ns / kNsPerSecond;
        if (seconds < data.date_start || seconds > data.date_stop) {
            return why ? why.no("it is {}, outside of the dates", date_text(seconds)) : false;
        }
        const auto clock = static_cast<std::uint32_t>(seconds - day_number(seconds) * kDaySeconds);
        const bool is_after = clock >= data.day_start;
        const bool is_before = clock <= data.day_stop;
        const bool is_straight = data.day_start < data.day_stop;
        if (is_straight ? !(is_after && is_before) : !(is_after || is_before)) {
            return why ? why.no("--timestart {} --timestop {}: it is {}",
                                clock_text(data.day_start), clock_text(data.day_stop),
                                clock_text(clock))
                       : false;
        }
        if (!is_straight && data.contiguous != 0 && is_before) seconds -= kDaySeconds;
        const std::int64_t days = day_number(seconds);
        const auto weekday = static_cast<unsigned>(((days + 3) % 7 + 7) % 7 + 1);
        if ((data.weekdays >> weekday & 1U) == 0) {
            return why.no("--weekdays: it is {}", kWeekdayNames[weekday]);
        }
        const std::uint32_t monthday = date_of(days).day;
        if ((data.monthdays >> monthday & 1U) != 0) return true;
        return why.no("--monthdays: it is day {} of the month", monthday);
    }
};

}  // namespace

extern const MatchModule k_time;
const MatchModule k_time = match_module<Form>();

}  // namespace keepstate::rules::match
