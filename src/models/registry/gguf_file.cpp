#include "models/registry/gguf_file.h"

#include <gguf.h>

#include <fstream>
#include <mutex>

#include "core/i18n.h"
#include "core/text/unicode.h"

namespace twin::models {
namespace {

constexpr std::uint64_t smallest_header = 24;  // magic, version, tensor count, key count

// ggml reports the reason of a failure only through its process-wide log.
thread_local std::string* log_sink = nullptr;

void capture_log(ggml_log_level, const char* text, void*) {
  if (log_sink != nullptr) log_sink->append(text);
}

gguf_context* load(const std::filesystem::path& path, std::string& log) {
  static std::once_flag once;
  std::call_once(once, [] { ggml_log_set(capture_log, nullptr); });
  log_sink = &log;
  gguf_context* const context = gguf_init_from_file(path.c_str(), {.no_alloc = true, .ctx = nullptr});
  log_sink = nullptr;
  return context;
}

std::string first_line(const std::string& log) {
  const std::string line = log.substr(0, log.find('\n'));
  const auto colon = line.find(": ");  // "function: reason"
  return text::repair_utf8(colon == std::string::npos ? line : line.substr(colon + 2));
}

Result<void> check_magic(const std::filesystem::path& path, std::uint64_t size) {
  std::ifstream in(path, std::ios::binary);
  char magic[4] = {};
  if (!in) return fail(ErrorKind::io, tr("Cannot read the model file"), path.string());
  in.read(magic, sizeof magic);
  if (size < smallest_header || std::string_view(magic, sizeof magic) != GGUF_MAGIC) {
    return fail(ErrorKind::invalid, tr("Not a GGUF model file"), path.string(),
                tr("Fetch it again with twin models pull"));
  }
  return {};
}

/// gguf.cpp has checked that offsets and sizes do not overflow and follow one another; the file's length is ours.
Result<void> check_length(const gguf_context* context, const std::filesystem::path& path, std::uint64_t size) {
  std::uint64_t needed = gguf_get_data_offset(context);
  for (std::int64_t i = 0; i < gguf_get_n_tensors(context); ++i) {
    const std::uint64_t end =
        gguf_get_data_offset(context) + gguf_get_tensor_offset(context, i) + gguf_get_tensor_size(context, i);
    needed = std::max(needed, end);
  }
  if (needed > size) {
    return fail(ErrorKind::invalid, tr("The model file is truncated: {} of {} bytes are there", size, needed),
                path.string(), tr("Fetch it again with twin models pull"));
  }
  return {};
}

}  // namespace

void GgufFile::Free::operator()(gguf_context* context) const {
  gguf_free(context);
}

Result<GgufFile> GgufFile::open(const std::filesystem::path& path) {
  std::error_code error;
  const std::uint64_t size = std::filesystem::file_size(path, error);
  if (error) return fail(ErrorKind::not_found, tr("No model file here"), path.string());
  if (auto magic = check_magic(path, size); !magic) return tl::unexpected(magic.error());
  std::string log;
  GgufFile file(load(path, log));
  if (!file.context_) {
    return fail(ErrorKind::invalid, tr("The model file is damaged: {}", first_line(log)), path.string(),
                tr("Fetch it again with twin models pull"));
  }
  if (auto length = check_length(file.context(), path, size); !length) return tl::unexpected(length.error());
  return file;
}

std::optional<std::string> GgufFile::text(const std::string& key) const {
  const auto id = gguf_find_key(context(), key.c_str());
  if (id < 0 || gguf_get_kv_type(context(), id) != GGUF_TYPE_STRING) return std::nullopt;
  return text::repair_utf8(gguf_get_val_str(context(), id));
}

std::optional<std::int64_t> GgufFile::number(const std::string& key) const {
  const auto id = gguf_find_key(context(), key.c_str());
  if (id < 0) return std::nullopt;
  switch (gguf_get_kv_type(context(), id)) {
    case GGUF_TYPE_UINT8:
      return gguf_get_val_u8(context(), id);
    case GGUF_TYPE_INT8:
      return gguf_get_val_i8(context(), id);
    case GGUF_TYPE_UINT16:
      return gguf_get_val_u16(context(), id);
    case GGUF_TYPE_INT16:
      return gguf_get_val_i16(context(), id);
    case GGUF_TYPE_UINT32:
      return gguf_get_val_u32(context(), id);
    case GGUF_TYPE_INT32:
      return gguf_get_val_i32(context(), id);
    case GGUF_TYPE_UINT64:
      return static_cast<std::int64_t>(gguf_get_val_u64(context(), id));
    case GGUF_TYPE_INT64:
      return gguf_get_val_i64(context(), id);
    case GGUF_TYPE_BOOL:
      return gguf_get_val_bool(context(), id) ? 1 : 0;
    default:
      return std::nullopt;
  }
}

std::uint64_t GgufFile::array_size(const std::string& key) const {
  const auto id = gguf_find_key(context(), key.c_str());
  if (id < 0 || gguf_get_kv_type(context(), id) != GGUF_TYPE_ARRAY) return 0;
  return gguf_get_arr_n(context(), id);
}

}  // namespace twin::models
