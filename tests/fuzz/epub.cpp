// Books: the input holds the parts of the package (packed.h).
#include "check.h"
#include "packed.h"

TWIN_FUZZ(epub, bytes) {
  twin::fuzz::clean_as("application/epub+zip", twin::fuzz::zip_of_parts(bytes));
}
