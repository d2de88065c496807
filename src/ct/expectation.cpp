// See expectation.hpp.
#include "ct/expectation.hpp"

namespace keepstate::ct {

Expectation make_expectation(std::uint8_t class_number, std::uint8_t protocol,
                             const Address* source, const std::uint16_t* source_key,
                             const Address& destination, std::uint16_t destination_key) {
    Expectation expectation;
    Tuple& tuple = expectation.tuple;
    tuple.source.family = destination.family;
    if (source) {
        tuple.source = *source;
        expectation.mask.address_bits = static_cast<std::uint8_t>(source->size() * 8);
    }
    if (source_key) {
        tuple.source_key = *source_key;
        expectation.mask.key = true;
    }
    tuple.destination = destination;
    tuple.destination_key = destination_key;
    tuple.protocol = protocol;
    expectation.class_number = class_number;
    return expectation;
}

}  // namespace keepstate::ct
