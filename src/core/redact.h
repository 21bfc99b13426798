// How Secrets tells redact() what to hide.
#pragma once

#include <string>

namespace twin {

/// From now on redact() hides this value, in plain, percent-encoded and JSON form. Thread-safe.
void remember_secret(const std::string& value);

}  // namespace twin
