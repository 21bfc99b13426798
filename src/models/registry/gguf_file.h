// A GGUF file opened for reading: header checked, metadata by key. Wraps ggml's gguf.h, whose getters abort on a
// wrong type; these return nothing instead.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

struct gguf_context;

namespace twin::models {

class GgufFile {
 public:
  /// Reads the header and checks that every tensor lies within the file. ErrorKind::invalid says what is wrong.
  [[nodiscard]] static Result<GgufFile> open(const std::filesystem::path& path);

  [[nodiscard]] std::optional<std::string> text(const std::string& key) const;
  /// Any integer type or bool.
  [[nodiscard]] std::optional<std::int64_t> number(const std::string& key) const;
  /// Elements of an array value; 0 when absent.
  [[nodiscard]] std::uint64_t array_size(const std::string& key) const;
  [[nodiscard]] const gguf_context* context() const { return context_.get(); }

 private:
  struct Free {
    void operator()(gguf_context* context) const;
  };
  explicit GgufFile(gguf_context* context) : context_(context) {}
  std::unique_ptr<gguf_context, Free> context_;
};

}  // namespace twin::models
