#include "models/static/static_model.h"

#include <fcntl.h>
#include <ggml.h>
#include <gguf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/i18n.h"
#include "models/registry/gguf_file.h"

namespace twin::models {
namespace {

namespace fs = std::filesystem;

constexpr double kNoLength = 1e-12;

tl::unexpected<Error> no_static_model(const fs::path& path, const std::string& why) {
  return fail(ErrorKind::invalid, tr("Not a usable static model: {}", why), path.string(),
              tr("Fetch it again with twin models pull"));
}

/// A metadata array of this type, whole; empty when it is absent or of another type.
template <class T>
std::vector<T> array_of(const GgufFile& file, const char* key, gguf_type type) {
  const auto id = gguf_find_key(file.context(), key);
  if (id < 0 || gguf_get_kv_type(file.context(), id) != GGUF_TYPE_ARRAY) return {};
  if (gguf_get_arr_type(file.context(), id) != type) return {};
  const auto* data = static_cast<const T*>(gguf_get_arr_data(file.context(), id));
  return {data, data + gguf_get_arr_n(file.context(), id)};
}

}  // namespace

StaticModel::~StaticModel() {
  if (map_ != nullptr) ::munmap(map_, mapped_);
}

Result<std::unique_ptr<StaticModel>> StaticModel::open(const fs::path& path) {
  const auto file = GgufFile::open(path);
  if (!file) return tl::unexpected(file.error());
  if (file->text("general.architecture") != static_architecture) return no_static_model(path, "general.architecture");
  const auto json = file->text(static_keys::tokenizer);
  const auto table = gguf_find_tensor(file->context(), static_keys::table);
  if (!json || table < 0) return no_static_model(path, !json ? static_keys::tokenizer : static_keys::table);
  auto tokenizer = JsonTokenizer::parse(*json);
  if (!tokenizer) {
    tokenizer.error().where = path.string();
    return tl::unexpected(std::move(tokenizer.error()));
  }

  std::unique_ptr<StaticModel> model(new StaticModel);
  model->tokenizer_ = std::make_unique<JsonTokenizer>(std::move(*tokenizer));
  const std::int64_t* shape = gguf_get_tensor_ne(file->context(), table);
  model->dimension_ = static_cast<std::size_t>(shape[0]);
  model->rows_ = static_cast<std::size_t>(shape[1]);
  const auto type = gguf_get_tensor_type(file->context(), table);
  if (type != GGML_TYPE_F16 && type != GGML_TYPE_F32) return no_static_model(path, ggml_type_name(type));
  model->half_ = type == GGML_TYPE_F16;
  model->window_ = static_cast<int>(file->number(static_keys::window).value_or(0));
  model->rows_of_tokens_ = array_of<std::uint32_t>(*file, static_keys::rows, GGUF_TYPE_UINT32);
  model->weights_ = array_of<float>(*file, static_keys::weights, GGUF_TYPE_FLOAT32);
  const std::size_t tokens = model->tokenizer_->size();
  bool fits = model->dimension_ > 0 && model->window_ > 0;
  fits &= model->rows_of_tokens_.empty() ? tokens <= model->rows_ : tokens <= model->rows_of_tokens_.size();
  fits &= model->weights_.empty() || tokens <= model->weights_.size();
  for (const std::uint32_t row : model->rows_of_tokens_) fits &= row < model->rows_;
  if (!fits) return no_static_model(path, "vocabulary and table differ in size");

  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fail(ErrorKind::io, tr("Cannot read the model file"), path.string());
  model->mapped_ = static_cast<std::size_t>(fs::file_size(path));
  void* map = ::mmap(nullptr, model->mapped_, PROT_READ, MAP_SHARED, fd, 0);
  ::close(fd);
  if (map == MAP_FAILED) return fail(ErrorKind::io, tr("Cannot read the model file"), path.string());
  model->map_ = map;
  // GgufFile has checked that the tensor lies within the file.
  model->table_ = static_cast<const std::byte*>(map) + gguf_get_data_offset(file->context()) +
                  gguf_get_tensor_offset(file->context(), table);
  model->nowhere_ = model->nowhere();
  return model;
}

std::vector<std::uint32_t> StaticModel::tokens(std::string_view text) const {
  std::vector<std::uint32_t> ids = tokenizer_->encode(text);
  if (const auto unknown = tokenizer_->unknown()) std::erase(ids, *unknown);
  return ids;
}

void StaticModel::add_row(std::size_t row, float weight, std::vector<double>& sum) const {
  std::vector<float> values(dimension_);
  if (half_) {
    const auto* from = reinterpret_cast<const ggml_fp16_t*>(table_) + row * dimension_;
    ggml_fp16_to_fp32_row(from, values.data(), static_cast<std::int64_t>(dimension_));
  } else {
    std::memcpy(values.data(), table_ + row * dimension_ * sizeof(float), dimension_ * sizeof(float));
  }
  for (std::size_t i = 0; i < dimension_; ++i) sum[i] += static_cast<double>(values[i]) * static_cast<double>(weight);
}

bool StaticModel::normalize(const std::vector<double>& sum, double sign, std::vector<float>& vector) const {
  double length = 0;
  for (const double x : sum) length += x * x;
  length = std::sqrt(length);
  if (!std::isfinite(length) || length < kNoLength) return false;
  vector.resize(dimension_);
  for (std::size_t i = 0; i < dimension_; ++i) vector[i] = static_cast<float>(sign * sum[i] / length);
  return true;
}

std::vector<float> StaticModel::nowhere() const {
  // A part of the rows says enough about their mean.
  constexpr std::size_t looked_at = 4096;
  std::vector<double> sum(dimension_, 0.0);
  const std::size_t step = std::max<std::size_t>(1, rows_ / looked_at);
  for (std::size_t row = 0; row < rows_; row += step) add_row(row, 1.0F, sum);
  std::vector<float> vector;
  if (normalize(sum, -1, vector)) return vector;
  vector.assign(dimension_, 0.0F);
  vector.front() = 1.0F;
  return vector;
}

std::vector<float> StaticModel::vector(const std::vector<std::uint32_t>& tokens) const {
  std::vector<double> sum(dimension_, 0.0);
  for (const std::uint32_t token : tokens) {
    const std::size_t row = rows_of_tokens_.empty() ? token : rows_of_tokens_[token];
    add_row(row, weights_.empty() ? 1.0F : weights_[token], sum);
  }
  std::vector<float> vector;
  return normalize(sum, 1, vector) ? vector : nowhere_;
}

}  // namespace twin::models
