// strerror, made safe and made an Error.
#include "io/system_text.hpp"

#include <system_error>

namespace keepstate::io {

std::string system_words(int error_number) { return std::generic_category().message(error_number); }

Error system_error(const std::string& file, int error_number) {
    return Error::of_file(ErrorKind::system, file, system_words(error_number));
}

}  // namespace keepstate::io
