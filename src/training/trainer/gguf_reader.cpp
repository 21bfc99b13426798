#include "training/trainer/gguf_reader.h"

#include <ATen/Functions.h>
#include <fcntl.h>
#include <ggml.h>
#include <gguf.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <utility>

#include "core/i18n.h"

namespace twin::training {

GgufReader::GgufReader(models::GgufFile file, std::filesystem::path path, int fd)
    : file_(std::move(file)), path_(std::move(path)), fd_(fd) {}

GgufReader::~GgufReader() {
  if (fd_ >= 0) ::close(fd_);
}

GgufReader::GgufReader(GgufReader&& other) noexcept
    : file_(std::move(other.file_)), path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}

Result<GgufReader> GgufReader::open(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return fail(ErrorKind::not_found, tr("The model file cannot be opened: {}", std::strerror(errno)), path.string(),
                tr("fetch the base model first: twin models pull"));
  }
  auto file = models::GgufFile::open(path);
  if (!file) {
    ::close(fd);
    return tl::unexpected(file.error());
  }
  return GgufReader(std::move(*file), path, fd);
}

std::optional<double> GgufReader::number(const std::string& key) const {
  const auto* context = file_.context();
  const auto id = gguf_find_key(context, key.c_str());
  if (id < 0) return std::nullopt;
  switch (gguf_get_kv_type(context, id)) {
    case GGUF_TYPE_FLOAT32:
      return gguf_get_val_f32(context, id);
    case GGUF_TYPE_FLOAT64:
      return gguf_get_val_f64(context, id);
    default:
      return std::nullopt;
  }
}

std::vector<std::int64_t> GgufReader::tokens(const std::vector<std::string>& texts) const {
  const auto* context = file_.context();
  const auto id = gguf_find_key(context, "tokenizer.ggml.tokens");
  std::vector<std::int64_t> found;
  if (id < 0 || gguf_get_kv_type(context, id) != GGUF_TYPE_ARRAY || gguf_get_arr_type(context, id) != GGUF_TYPE_STRING)
    return found;
  for (std::size_t i = 0; i < gguf_get_arr_n(context, id); ++i) {
    if (std::find(texts.begin(), texts.end(), gguf_get_arr_str(context, id, i)) != texts.end())
      found.push_back(static_cast<std::int64_t>(i));
  }
  return found;
}

bool GgufReader::has(const std::string& tensor) const {
  return gguf_find_tensor(file_.context(), tensor.c_str()) >= 0;
}

std::vector<std::int64_t> GgufReader::shape(const std::string& tensor) const {
  const auto id = gguf_find_tensor(file_.context(), tensor.c_str());
  if (id < 0) return {};
  const std::int64_t* sizes = gguf_get_tensor_ne(file_.context(), id);
  int dimensions = GGML_MAX_DIMS;
  while (dimensions > 1 && sizes[dimensions - 1] == 1) --dimensions;
  return {std::make_reverse_iterator(sizes + dimensions), std::make_reverse_iterator(sizes)};
}

std::int64_t GgufReader::bytes(const std::string& tensor) const {
  const auto id = gguf_find_tensor(file_.context(), tensor.c_str());
  return id < 0 ? 0 : static_cast<std::int64_t>(gguf_get_tensor_size(file_.context(), id));
}

bool GgufReader::is_quantized(const std::string& tensor) const {
  const auto id = gguf_find_tensor(file_.context(), tensor.c_str());
  return id >= 0 && ggml_is_quantized(gguf_get_tensor_type(file_.context(), id));
}

Result<void> GgufReader::read_bytes(const std::string& tensor, void* bytes) const {
  const auto* context = file_.context();
  const auto id = gguf_find_tensor(context, tensor.c_str());
  const std::size_t size = gguf_get_tensor_size(context, id);
  const auto offset = gguf_get_data_offset(context) + gguf_get_tensor_offset(context, id);
  for (std::size_t done = 0; done < size;) {
    const auto got = ::pread(fd_, static_cast<char*>(bytes) + done, size - done, static_cast<off_t>(offset + done));
    if (got <= 0) return fail(ErrorKind::io, tr("Reading tensor {} failed", tensor), path_.string());
    done += static_cast<std::size_t>(got);
  }
  return {};
}

Result<std::vector<float>> GgufReader::read(const std::string& tensor) const {
  const auto* context = file_.context();
  const auto id = gguf_find_tensor(context, tensor.c_str());
  if (id < 0) return fail(ErrorKind::invalid, tr("The model has no tensor {}", tensor), path_.string());
  std::vector<char> raw(gguf_get_tensor_size(context, id));
  if (auto done = read_bytes(tensor, raw.data()); !done) return tl::unexpected(done.error());

  std::size_t count = 1;
  for (const auto n : shape(tensor)) count *= static_cast<std::size_t>(n);
  std::vector<float> values(count);
  const auto type = gguf_get_tensor_type(context, id);
  if (type == GGML_TYPE_F32) {
    if (!raw.empty()) std::memcpy(values.data(), raw.data(), raw.size());
  } else if (const auto to_float = ggml_get_type_traits(type)->to_float) {
    to_float(raw.data(), values.data(), static_cast<std::int64_t>(count));
  } else {
    return fail(ErrorKind::invalid,
                tr("Tensor {} has the type {}, which cannot be trained on", tensor, ggml_type_name(type)),
                path_.string());
  }
  return values;
}

Result<FrozenMatrix> GgufReader::read_matrix(const std::string& tensor) const {
  const auto* context = file_.context();
  const auto id = gguf_find_tensor(context, tensor.c_str());
  const auto size = shape(tensor);
  if (id < 0 || size.size() != 2)
    return fail(ErrorKind::invalid, tr("The model has no tensor {}", tensor), path_.string());
  const auto type = gguf_get_tensor_type(context, id);
  if (!ggml_is_quantized(type)) {
    auto values = read(tensor);
    if (!values) return tl::unexpected(values.error());
    return FrozenMatrix::of(at::from_blob(values->data(), {size[0], size[1]}, at::kFloat).clone());
  }
  if (ggml_get_type_traits(type)->to_float == nullptr) {
    return fail(ErrorKind::invalid,
                tr("Tensor {} has the type {}, which cannot be trained on", tensor, ggml_type_name(type)),
                path_.string());
  }
  FrozenMatrix matrix{.dense = {}, .blocks = {}, .type = type, .columns = size[1]};
  matrix.blocks = at::empty({size[0], static_cast<std::int64_t>(ggml_row_size(type, size[1]))}, at::kByte);
  if (auto done = read_bytes(tensor, matrix.blocks.data_ptr()); !done) return tl::unexpected(done.error());
  return matrix;
}

}  // namespace twin::training
