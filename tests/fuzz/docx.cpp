// Word documents: the input holds the parts of the package (packed.h).
#include "check.h"
#include "packed.h"

TWIN_FUZZ(docx, bytes) {
  twin::fuzz::clean_as("application/vnd.openxmlformats-officedocument.wordprocessingml.document",
                       twin::fuzz::zip_of_parts(bytes));
}
