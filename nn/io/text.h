// Text from files, shown in messages.
#pragma once

#include <string>

namespace nn {

// A name from a file, quoted for a message: shortened, and '?' for each byte that is not printable ASCII.
std::string quote(const std::string& name);

}  // namespace nn
