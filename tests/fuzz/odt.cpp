// OpenDocument texts: the input holds the parts of the package (packed.h).
#include "check.h"
#include "packed.h"

TWIN_FUZZ(odt, bytes) {
  twin::fuzz::clean_as("application/vnd.oasis.opendocument.text", twin::fuzz::zip_of_parts(bytes));
}
