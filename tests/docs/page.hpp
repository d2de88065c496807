// Pages that cannot become false: what in them is made by a program, and how it is made anew.
//
//     ```console                        each line `$ ...` is a command; what follows, up to the next one, is
//     $ keepstate replay x.pcap         what it prints on stdout, byte for byte
//     packet  ...                       a line `...` stands for lines left out; a long command goes on in
//     ```                               the next line behind a backslash
//     <!-- ladder: ARGUMENTS -->        the ```text block behind it is drawn from `keepstate replay ARGUMENTS`
//     <!-- settings: NAME... -->        up to <!-- end --> stands a table made from KS_SETTINGS
//     <!-- reasons: PAGE -->            up to <!-- end --> stands a table made from KS_REASONS and docs/reasons.yaml
//     <!-- check: setting NAME N -->    in the source only: N is the setting's default
//
// A page is rendered: everything that is made is put in anew. A true page does not change by it. Prose is held
// against what stands in the same section, see find_faults.
// Threads: pure, but for what the Makers do.  Tested by: docs_test.cpp.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace keepstate::docs {

/// Who makes the parts. Each gets the words of the page and returns whole lines.
struct Makers {
    std::function<std::string(const std::string& command)> run;
    std::function<std::string(const std::string& arguments)> draw_ladder;
    std::function<std::string(const std::vector<std::string>& names)> settings_table;
    std::function<std::string(const std::string& page)> reasons_table;
};

/// Words parted by blanks; 'single quotes' keep blanks together.
std::vector<std::string> split_words(std::string_view text);
std::vector<std::string> split_lines(std::string_view text);

/// The page with all its made parts made anew.
std::string render(const std::string& page, const Makers& makers);

/// The arguments of each `keepstate replay` of a page: those of its commands and of its ladders.
std::vector<std::string> find_replays(const std::string& page);

/// The text of each block of rules (```iptables), as iptables-save would have it: bare rules stand in filter.
std::vector<std::string> find_rule_blocks(const std::string& page);

/// The targets of all links of a page, without their #fragment; links to the web are left out.
std::vector<std::string> find_links(const std::string& page);

/// What can be seen to be wrong in prose: a duration ("30 s") that no made part and no check of its section has; a
/// check that does not hold; a reason or a setting in `code` that there is none of; an unknown marker.
std::vector<std::string> find_faults(const std::string& page);

}  // namespace keepstate::docs
