// Headers of safetensors files, and the tensors they describe.
#include "models/registry/safetensors.h"

#include "fuzz.h"
#include "packed.h"

using namespace twin;

TWIN_FUZZ(safetensors, bytes) {
  const fuzz::MemoryFile file(bytes);
  const auto opened = models::Safetensors::open(file.path());
  if (!opened) {
    fuzz::require(!opened.error().message.empty(), "an error says what happened");
    return;
  }
  for (const auto& [name, entry] : opened->entries()) {
    fuzz::require(entry.begin <= entry.end && entry.end <= bytes.size(), "a tensor lies in the file");
    if (const auto values = opened->read(name)) {
      fuzz::require(values->size() == entry.elements() && values->size() <= bytes.size(), "a tensor has its values");
    }
  }
}
