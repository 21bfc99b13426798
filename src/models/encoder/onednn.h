// What the parts of the encoder that run on oneDNN share. For their sources alone.
#pragma once

#include <oneapi/dnnl/dnnl.hpp>
#include <vector>

namespace twin::models::onednn {

[[nodiscard]] const dnnl::engine& processor();

/// With working memory that the caller brings: the library's own is not for several threads.
[[nodiscard]] dnnl::primitive_attr own_scratchpad();

/// Memory over numbers that a primitive reads, though oneDNN's interface asks for a pointer to what may be changed.
template <class T>
[[nodiscard]] dnnl::memory over(const dnnl::memory::desc& layout, const T* numbers) {
  return dnnl::memory(layout, processor(), const_cast<T*>(numbers));
}

/// Working memory for a primitive, in `bytes`, which grow as needed.
[[nodiscard]] dnnl::memory scratchpad(const dnnl::memory::desc& layout, std::vector<std::byte>& bytes);

}  // namespace twin::models::onednn
