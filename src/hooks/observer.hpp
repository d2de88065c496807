// All facts of a packet's way: tracking's, the rules', and the path's own.
#pragma once

#include "ct/observer.hpp"
#include "hooks/route.hpp"
#include "keepstate/engine.hpp"
#include "rules/observer.hpp"

namespace keepstate::hooks {

class Observer : public ct::Observer, public rules::Observer {
  public:
    /// The packet is sound so far, or `reason` says why the kernel would drop it before any hook.
    virtual void parsed(const wire::Packet& packet, Reason reason) = 0;
    virtual void hook_entered(Hook hook, std::string_view in, std::string_view out) = 0;
    virtual void routed(const Route& route) = 0;
    virtual void fragment_held(Reason reason) = 0;
    /// REJECT or the router sends this packet in answer.
    virtual void answered(std::string_view what) = 0;
    virtual void done(const Decision& decision) = 0;
};

}  // namespace keepstate::hooks
