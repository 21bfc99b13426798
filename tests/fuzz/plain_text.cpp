// Plain text and source code; the first byte says which.
#include "check.h"

TWIN_FUZZ(plain_text, bytes) {
  const bool code = !bytes.empty() && bytes.front() == '#';
  twin::fuzz::clean_as(code ? "text/x-python" : "text/plain", bytes);
}
