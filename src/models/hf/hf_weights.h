// The weights of a Hugging Face folder: model.safetensors, or several files by model.safetensors.index.json.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/result.h"
#include "models/registry/safetensors.h"

namespace twin::models {

/// Immutable after open(); reads tensor by tensor, so that memory holds one at a time.
class HfWeights {
 public:
  /// ErrorKind::not_found: no weights (pickled ones are never read), a file that the index names is missing.
  /// ErrorKind::invalid: a damaged or truncated file, an index that is not understood, a tensor that is not in the file
  /// that the index names.
  [[nodiscard]] static Result<HfWeights> open(const std::filesystem::path& folder);

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  /// All names, in order.
  [[nodiscard]] std::vector<std::string> names() const;
  /// nullptr when absent.
  [[nodiscard]] const SafetensorEntry* find(const std::string& name) const;
  /// The bytes as stored. ErrorKind::not_found when absent.
  [[nodiscard]] Result<std::string> read_bytes(const std::string& name) const;
  /// The values of an F32, F16 or BF16 tensor, row-major.
  [[nodiscard]] Result<std::vector<float>> read(const std::string& name) const;

 private:
  explicit HfWeights(std::filesystem::path folder) : folder_(std::move(folder)) {}
  Result<void> add_file(const std::filesystem::path& file);
  Result<void> add_index(const std::filesystem::path& index);
  [[nodiscard]] Result<const Safetensors*> file_of(const std::string& name) const;

  std::filesystem::path folder_;
  std::vector<Safetensors> files_;
  std::map<std::string, std::size_t> places_;  ///< index into files_ by tensor
};

/// Names of the files in the folder that the model's tensors lie in; empty where there are none.
[[nodiscard]] std::vector<std::string> hf_weight_files(const std::filesystem::path& folder);

}  // namespace twin::models
