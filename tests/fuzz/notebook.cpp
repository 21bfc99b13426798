// Jupyter notebooks.
#include "check.h"

TWIN_FUZZ(notebook, bytes) {
  twin::fuzz::clean_as("application/x-ipynb+json", bytes);
}
