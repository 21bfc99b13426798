#include "core/memory.h"

#include <malloc.h>

namespace twin {

void keep_freed_memory() {
#if defined(__GLIBC__)
  constexpr int keep = 32 << 20, large = 16 << 20, ahead = 1 << 20;
  static const bool set = [] {
    return mallopt(M_TRIM_THRESHOLD, keep) == 1 && mallopt(M_MMAP_THRESHOLD, large) == 1 &&
           mallopt(M_TOP_PAD, ahead) == 1;
  }();
  static_cast<void>(set);
#endif
}

}  // namespace twin
