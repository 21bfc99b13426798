// How the allocator of the C library is to behave while much is read.
#pragma once

namespace twin {

/// From now on the process keeps memory that was freed (tens of megabytes a thread at most) instead of giving it back
/// to the kernel and asking for it again with the next page: zeroing it anew costs more than parsing into it.
void keep_freed_memory();

}  // namespace twin
