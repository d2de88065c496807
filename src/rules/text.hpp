// The AST: a ruleset as written and understood, which prints back as iptables-save would.
//
//     RulesetText > TableText > ChainText > Rule > Basics, MatchUse..., TargetUse
//
// What a module keeps of its options is a Blob: the module's own plain struct, of which only the module
// knows the type. Everything is a value: a RulesetText copies deeply, so an Engine may keep its own.
//
// Tested by: rules/parse_test.cpp, tests/property.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "keepstate/ruleset.hpp"
#include "keepstate/verdict.hpp"

namespace keepstate::rules {

struct MatchModule;
struct TargetModule;

/// One trivially copyable object of a type that only its maker knows. Aligned for any such type.
class Blob {
  public:
    Blob() = default;
    explicit Blob(std::size_t bytes)
        : size_(bytes),
          data_(bytes ? std::make_unique<std::max_align_t[]>(units(bytes)) : nullptr) {}
    Blob(const Blob& other) : Blob(other.size_) {
        if (size_ != 0) std::memcpy(data_.get(), other.data_.get(), size_);
    }
    Blob(Blob&&) noexcept = default;
    Blob& operator=(Blob other) noexcept {
        size_ = other.size_;
        data_ = std::move(other.data_);
        return *this;
    }
    ~Blob() = default;

    void* data() { return data_.get(); }
    const void* data() const { return data_.get(); }
    std::size_t size() const { return size_; }
    /// Same size and bytes. Modules zero their structs first, so padding is equal too.
    bool operator==(const Blob& other) const {
        return size_ == other.size_ &&
               (size_ == 0 || std::memcmp(data_.get(), other.data_.get(), size_) == 0);
    }

  private:
    static std::size_t units(std::size_t bytes) {
        return (bytes + sizeof(std::max_align_t) - 1) / sizeof(std::max_align_t);
    }
    std::size_t size_ = 0;
    std::unique_ptr<std::max_align_t[]> data_;
};

/// -s or -d: network byte order; IPv4 in the first four bytes. The address is already cut by the mask.
struct AddressPart {
    std::array<std::uint8_t, 16> address{};
    std::array<std::uint8_t, 16> mask{};
    bool inverted = false;
    bool operator==(const AddressPart&) const = default;
};

/// -i or -o. `mask` has 0xff for each byte that counts: with `eth+` the first three, else the closing
/// zero too; all zero if every device will do.
struct DevicePart {
    std::array<char, 16> name{};
    std::array<std::uint8_t, 16> mask{};
    bool inverted = false;
    bool operator==(const DevicePart&) const = default;
};

/// What every rule can ask without a module.
struct Basics {
    AddressPart source;
    AddressPart destination;
    DevicePart in;
    DevicePart out;
    std::uint8_t protocol = 0;  ///< 0: any
    bool protocol_inverted = false;
    bool fragment = false;  ///< -f
    bool fragment_inverted = false;
    bool operator==(const Basics&) const = default;
};

/// -m NAME with its options.
struct MatchUse {
    const MatchModule* module = nullptr;
    Blob data;
    int column = 0;
    bool operator==(const MatchUse& other) const {
        return module == other.module && data == other.data;
    }
};

/// What a rule does.
struct TargetUse {
    enum class Kind : std::uint8_t { none, accept, drop, queue, return_, chain, module };
    Kind kind = Kind::none;
    bool is_goto = false;
    const TargetModule* module = nullptr;  ///< Kind::module
    Blob data;                             ///< Kind::module
    std::string chain;                     ///< Kind::chain
    int column = 0;
    bool operator==(const TargetUse& other) const {
        return kind == other.kind && is_goto == other.is_goto && module == other.module &&
               data == other.data && chain == other.chain;
    }
};

struct Rule {
    Basics basics;
    std::vector<MatchUse> matches;
    TargetUse target;
    Counters counters;
    int line = 0;  ///< where it was written, from 1
    /// What -D and -C compare: everything but counters and places.
    bool is_same(const Rule& other) const {
        return basics == other.basics && matches == other.matches && target == other.target;
    }
};

struct ChainText {
    std::string name;
    bool built_in = false;
    Hook hook = Hook::input;           ///< of a built-in chain
    Verdict policy = Verdict::accept;  ///< of a built-in chain
    Counters counters;                 ///< the policy's
    std::vector<Rule> rules;
    int line = 0;  ///< where it was declared; 0 for a built-in chain that the text does not name
};

/// Built-in chains first, in hook order, then user chains in the order of their names' bytes.
struct TableText {
    Table table = Table::filter;
    std::vector<ChainText> chains;
};

/// Tables in the order of their first mention.
struct RulesetText {
    Family family = Family::ipv4;
    std::string file;
    std::vector<TableText> tables;
};

}  // namespace keepstate::rules
