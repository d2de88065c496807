// For tests and fuzzers of helpers: a tracker that notes what is asked of it and answers as told.
#pragma once

#include <string>
#include <vector>

#include "ct/helper/helper.hpp"

namespace keepstate::ct::test {

class TestWishes : public Wishes {
  public:
    std::vector<Expectation> granted;  ///< as they stand now
    std::vector<Expectation> foreign;  ///< of other masters, for find()
    std::vector<Grant> answers;      ///< to the next expect() calls, in order; granted when used up
    std::vector<std::string> notes;  ///< "refresh 30", "end flow", "call key", ...
    std::vector<bool> key_answers;   ///< to the next add_call_key() calls; true when used up
    bool has_flow = false;           ///< what end_flow() finds
    const Helper* foreign_helper = nullptr;
    const Helper* own_helper = nullptr;
    std::size_t calls = 0;  ///< how often anything was asked

    Grant expect(const Expectation& wish, bool) override {
        ++calls;
        Grant answer = Grant::granted;
        if (!answers.empty()) {
            answer = answers.front();
            answers.erase(answers.begin());
        }
        if (answer == Grant::granted) granted.push_back(wish);
        return answer;
    }
    void take_back_last() override {
        ++calls;
        if (!granted.empty()) granted.pop_back();
    }
    const Expectation* find(const Tuple& tuple) override {
        ++calls;
        for (const std::vector<Expectation>* list : {&granted, &foreign}) {
            for (const Expectation& e : *list) {
                if (e.tuple.destination == tuple.destination &&
                    e.tuple.protocol == tuple.protocol &&
                    e.tuple.destination_key == tuple.destination_key) {
                    return &e;
                }
            }
        }
        return nullptr;
    }
    bool is_own(const Expectation& expectation) override {
        ++calls;
        for (const Expectation& e : granted) {
            if (&e == &expectation) return true;
        }
        return false;
    }
    const Helper* helper_of_master(const Expectation& expectation) override {
        return is_own(expectation) ? own_helper : foreign_helper;
    }
    const Expectation* find_own(const std::function<bool(const Expectation&)>& is_wanted) override {
        ++calls;
        for (auto it = granted.rbegin(); it != granted.rend(); ++it) {
            if (is_wanted(*it)) return &*it;
        }
        return nullptr;
    }
    void renew(const Expectation& expectation, std::uint32_t timeout_s,
               std::uint32_t flags) override {
        ++calls;
        for (Expectation& e : granted) {
            if (&e == &expectation) e.flags = flags;
        }
        notes.push_back("renew " + std::to_string(timeout_s));
    }
    void take_back(const Expectation& expectation) override {
        ++calls;
        for (std::vector<Expectation>* list : {&granted, &foreign}) {
            for (std::size_t i = 0; i < list->size(); ++i) {
                if (&(*list)[i] != &expectation) continue;
                list->erase(list->begin() + static_cast<std::ptrdiff_t>(i));
                return;
            }
        }
    }
    void refresh_master(std::uint32_t timeout_s) override {
        ++calls;
        notes.push_back("refresh " + std::to_string(timeout_s));
    }
    bool add_call_key(CtDirection, const Tuple& tuple) override {
        ++calls;
        notes.push_back("call key " + std::to_string(tuple.source_key) + " to " +
                        std::to_string(tuple.destination_key));
        if (key_answers.empty()) return true;
        const bool answer = key_answers.front();
        key_answers.erase(key_answers.begin());
        return answer;
    }
    void take_back_call_keys() override {
        ++calls;
        notes.emplace_back("no call keys");
    }
    bool end_flow(const Tuple& tuple) override {
        ++calls;
        notes.push_back("end flow " + std::to_string(tuple.source_key) + " to " +
                        std::to_string(tuple.destination_key));
        return has_flow;
    }
};

}  // namespace keepstate::ct::test
