#include "models/merge/gguf_rows.h"

#include <fcntl.h>
#include <gguf.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/i18n.h"

namespace twin::models {
namespace {

GgufTensor described_tensor(const gguf_context* context, std::int64_t index) {
  GgufTensor tensor;
  tensor.name = gguf_get_tensor_name(context, index);
  tensor.type = gguf_get_tensor_type(context, index);
  const std::int64_t* const sizes = gguf_get_tensor_ne(context, index);
  std::copy(sizes, sizes + GGML_MAX_DIMS, tensor.sizes.begin());
  tensor.dimensions = GGML_MAX_DIMS;
  while (tensor.dimensions > 1 && sizes[tensor.dimensions - 1] == 1) --tensor.dimensions;
  tensor.offset = gguf_get_data_offset(context) + gguf_get_tensor_offset(context, index);
  tensor.bytes = gguf_get_tensor_size(context, index);
  return tensor;
}

}  // namespace

bool GgufTensor::widens() const {
  return type == GGML_TYPE_F32 || ggml_get_type_traits(type)->to_float != nullptr;
}

GgufRows::GgufRows(GgufFile file, std::filesystem::path path, int fd)
    : file_(std::move(file)), path_(std::move(path)), fd_(fd) {
  const std::int64_t count = gguf_get_n_tensors(file_.context());
  for (std::int64_t i = 0; i < count; ++i) tensors_.push_back(described_tensor(file_.context(), i));
}

GgufRows::~GgufRows() {
  if (fd_ >= 0) ::close(fd_);
}

GgufRows::GgufRows(GgufRows&& other) noexcept
    : file_(std::move(other.file_)),
      path_(std::move(other.path_)),
      fd_(std::exchange(other.fd_, -1)),
      tensors_(std::move(other.tensors_)) {}

Result<GgufRows> GgufRows::open(const std::filesystem::path& path) {
  auto file = GgufFile::open(path);
  if (!file) return tl::unexpected(file.error());
  if (file->number("split.count").value_or(1) > 1) {
    return fail(ErrorKind::invalid, tr("This is one of {} files of a split model", *file->number("split.count")),
                path.string(), tr("Join them first: llama-gguf-split --merge FIRST-FILE OUT"));
  }
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return fail(ErrorKind::io, tr("The model file cannot be opened: {}", std::strerror(errno)), path.string());
  return GgufRows(std::move(*file), path, fd);
}

const GgufTensor* GgufRows::find(const std::string& name) const {
  const auto found =
      std::find_if(tensors_.begin(), tensors_.end(), [&](const GgufTensor& tensor) { return tensor.name == name; });
  return found == tensors_.end() ? nullptr : &*found;
}

Result<void> GgufRows::read_bytes(const GgufTensor& tensor, std::uint64_t first, std::uint64_t count,
                                  std::vector<char>& bytes) const {
  bytes.resize(count);
  for (std::size_t done = 0; done < count;) {
    const auto got = ::pread(fd_, bytes.data() + done, count - done, static_cast<off_t>(tensor.offset + first + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return fail(ErrorKind::io, tr("Reading tensor {} failed", tensor.name), path_.string());
    done += static_cast<std::size_t>(got);
  }
  return {};
}

Result<void> GgufRows::read(const GgufTensor& tensor, std::int64_t first, std::int64_t count,
                            std::vector<float>& values) const {
  const std::uint64_t row_bytes = ggml_row_size(tensor.type, tensor.columns());
  std::vector<char> raw;
  if (auto done = read_bytes(tensor, static_cast<std::uint64_t>(first) * row_bytes,
                             static_cast<std::uint64_t>(count) * row_bytes, raw);
      !done) {
    return done;
  }
  const std::int64_t elements = count * tensor.columns();
  values.resize(static_cast<std::size_t>(elements));
  if (tensor.type == GGML_TYPE_F32) {
    if (!raw.empty()) std::memcpy(values.data(), raw.data(), raw.size());
  } else if (const auto to_float = ggml_get_type_traits(tensor.type)->to_float) {
    to_float(raw.data(), values.data(), elements);
  } else {
    return fail(ErrorKind::invalid,
                tr("Tensor {} has the type {}, which is not of numbers with a fraction", tensor.name,
                   ggml_type_name(tensor.type)),
                path_.string());
  }
  return {};
}

}  // namespace twin::models
