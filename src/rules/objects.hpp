// What rules share with each other, and with whoever runs them: things that have a name in the kernel.
//
// Most modules keep what they must in their own Data. A few refer to something that lives beside the rules:
// recent's lists, hashlimit's tables, IP sets, accounting objects, estimators. Such a thing is a SharedObject; a
// module finds it, or makes it, in its bind(), once for each rule when a Program is made, and keeps the pointer in
// its Data. IPv4 and IPv6 rules of an engine share one Objects, as the rules of a network namespace do.
//
// Life: as long as the engine; pointers stay good.  Threads: one owner.  Cost: a look-up by name in bind(); none
// on a packet's path. What a shared object needs in memory it takes when it is made, or up to a stated limit.
// Tested by: rules/objects_test.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "ct/helper/helper.hpp"
#include "keepstate/conntrack.hpp"
#include "keepstate/ruleset.hpp"
#include "rules/text.hpp"

namespace keepstate::rules {

class SharedObject {
  public:
    SharedObject() = default;
    SharedObject(const SharedObject&) = delete;
    SharedObject& operator=(const SharedObject&) = delete;
    virtual ~SharedObject() = default;
};

/// Objects without a name that one rule made, by their numbers.
struct NamelessObjects {
    std::uint64_t first = 0;
    std::uint64_t end = 0;
};

class Objects {
  public:
    explicit Objects(std::uint64_t seed = 0) : seed_(seed) {}

    /// The object of class T by that name; null if there is none. `kind` names the class: "recent".
    template <typename T>
    T* find(std::string_view kind, std::string_view name) {
        const auto it = objects_.find(Key{kind, name});
        return it == objects_.end() ? nullptr : static_cast<T*>(it->second.get());
    }
    /// Finds it, or makes it from `arguments`.
    template <typename T, typename... Arguments>
    T& find_or_make(std::string_view kind, std::string_view name, Arguments&&... arguments) {
        if (T* there = find<T>(kind, name)) return *there;
        auto made = std::make_unique<T>(std::forward<Arguments>(arguments)...);
        T& object = *made;
        objects_.emplace(Key{kind, name}, std::move(made));
        return object;
    }
    /// An object without a name, for one rule alone.
    template <typename T, typename... Arguments>
    T& make(std::string_view kind, Arguments&&... arguments) {
        T& made =
            find_or_make<T>(kind, nameless(next_nameless_), std::forward<Arguments>(arguments)...);
        kinds_.emplace(next_nameless_++, kind);
        return made;
    }
    /// The number that the next object without a name gets.
    std::uint64_t next_nameless() const { return next_nameless_; }
    /// Ends those of a rule that is gone.
    void forget(NamelessObjects those) {
        for (std::uint64_t i = those.first; i < those.end; ++i) {
            const auto kind = kinds_.find(i);
            objects_.erase(Key{kind->second, nameless(i)});
            kinds_.erase(kind);
        }
    }

    /// EngineSetup::seed: for keyed hashes of shared objects.
    std::uint64_t seed() const { return seed_; }

    /// Those that CT rules may name, while Programs are made.
    std::span<const ct::Helper> helpers;
    /// EngineSetup::timeout_policies, while Programs are made.
    std::span<const TimeoutPolicy> timeout_policies;
    /// A rule counts on nf_conntrack_acct: Linux switches it on when such a rule is loaded.
    bool wants_accounting = false;
    /// A rule makes flows whose reply is not found by their original's inverse in the same zone.
    bool wants_two_places = false;

  private:
    using Key = std::pair<std::string, std::string>;
    static std::string nameless(std::uint64_t number) { return "\n" + std::to_string(number); }

    std::map<Key, std::unique_ptr<SharedObject>> objects_;
    std::map<std::uint64_t, std::string> kinds_;  ///< of those without a name
    std::uint64_t seed_;
    std::uint64_t next_nameless_ = 0;
};

/// What a module's bind() may ask.
struct BindContext {
    Objects& objects;
    Family family = Family::ipv4;
    const Rule& rule;
};

}  // namespace keepstate::rules
