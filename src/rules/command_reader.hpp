// The state of reading one command; private to command.cpp, command_options.cpp and command_finish.cpp.
//
//     run            next option ... -> take_general | take_module | take_unknown
//     finish         what can only be said when all words are read: target, module demands, conflicts
#pragma once

#include <fmt/format.h>

#include "rules/arguments.hpp"
#include "rules/command.hpp"
#include "rules/modules.hpp"

namespace keepstate::rules {

/// ACCEPT, DROP, QUEUE or RETURN; none for any other name.
TargetUse::Kind find_verdict(std::string_view name);

class CommandReader final : public RuleReader {
  public:
    CommandReader(std::span<const Word> words, const CommandPlace& place, const ChainNames& chains,
                  Faults& faults)
        : arguments_(words), place_(place), chains_(chains), faults_(faults) {}

    std::optional<Command> run();

    // RuleReader: what modules ask
    Family family() const override { return place_.family; }
    Table table() const override { return place_.table; }
    const Basics& basics() const override { return command_.rule.basics; }
    std::span<const LabelName> labels() const override { return place_.labels; }
    bool has_seen(std::uint64_t ids) const override { return (seen_now_ & ids) != 0; }
    std::optional<std::string_view> take_word() override;
    void fault(std::string words) override { fault_at(module_column_, std::move(words)); }

  private:
    // A -m or -j whose options are being read.
    struct OpenModule {
        const Module* module = nullptr;
        std::size_t set = 0;    // its option set in arguments_
        std::size_t match = 0;  // index in rule.matches; kTarget: the target
        std::uint64_t seen = 0;
        int column = 0;
        std::size_t faults_before = 0;
    };
    static constexpr std::size_t kTarget = ~std::size_t{0};

    void fault_at(int column, std::string words);

    // command.cpp
    void take(const Argument& argument);
    void take_positional(const Argument& argument);
    void take_general(const Argument& argument);
    void take_family(const Argument& argument);
    void take_of_program(const Argument& argument);
    void take_command(const Argument& argument);
    void take_chain(const Argument& argument);
    void take_chain_number(char kind);
    void read_number(std::string_view words, int column);
    bool claim(char letter, const Argument& argument, bool invertible);
    std::string_view general_value(const Argument& argument) const;

    // command_options.cpp
    void take_protocol(const Argument& argument);
    void take_addresses(const Argument& argument, std::vector<AddressPart>& parts);
    void take_device(const Argument& argument, DevicePart& part);
    void take_counters(const Argument& argument);
    void take_target(const Argument& argument, bool is_goto);
    void take_match(const Argument& argument);
    void take_module_option(const Argument& argument);
    void take_unknown(const Argument& argument);
    bool load_protocol_match();
    void add_match(const MatchModule& module, int column);
    OpenModule* open_module(std::size_t set);
    void* data_of(const OpenModule& open);
    bool belongs_to_the_unknown(const Argument& argument) const;
    bool is_mistaken_not(const Argument& argument);

    // command_finish.cpp
    void finish();
    void finish_module(OpenModule& open);
    void finish_target();
    void finish_options();
    void finish_addresses();
    void check_chain_name(std::string_view name, int column, bool is_new);

    Arguments arguments_;
    const CommandPlace& place_;
    const ChainNames& chains_;
    Faults& faults_;
    Command command_;
    std::string claimed_;  // letters of general options seen
    std::vector<OpenModule> open_;
    bool inverted_ = false;
    bool stopped_ = false;  // the rest of the line cannot be understood
    bool lost_ = false;  // words of an unknown module follow; only general options are understood
    bool bad_ = false;
    bool protocol_loaded_ = false;
    bool asks_program_ = false;  // -h or -V: the rest of the line does not matter
    bool skip_ = false;          // the rule is for the other family
    int not_column_ = 0;
    int command_column_ = 0;
    int jump_column_ = 0;
    int source_column_ = 0;
    int destination_column_ = 0;
    int in_column_ = 0;
    int out_column_ = 0;
    int waits_ = 0;            // column of -w
    int interval_column_ = 0;  // of -W
    std::string_view jump_;
    std::string protocol_word_;
    std::uint64_t seen_now_ = 0;
    int module_column_ = 0;
};

}  // namespace keepstate::rules
