// A base model with an adapter added to its weights, read block by block: no whole tensor of the base is in memory.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <vector>

#include "models/merge/gguf_rows.h"
#include "models/merge/lora.h"

namespace twin::models {

class MergedModel {
 public:
  static constexpr std::int64_t block_floats = 4 << 20;  ///< of a block of rows: 16 MiB

  /// Checks that every update of the adapter fits a tensor of the base; ErrorKind::invalid names the one that does not.
  [[nodiscard]] static Result<std::unique_ptr<MergedModel>> open(const std::filesystem::path& base,
                                                                 const std::filesystem::path& adapter);

  [[nodiscard]] const GgufRows& base() const { return base_; }
  [[nodiscard]] const LoraAdapter& adapter() const { return *adapter_; }
  [[nodiscard]] bool changes(const GgufTensor& tensor) const { return changed_.contains(tensor.name); }

  using Block = std::function<Result<void>(std::vector<float>& rows, std::int64_t first)>;
  /// Calls `block` with consecutive whole rows of the merged tensor, in order. Stopping is ErrorKind::cancelled.
  [[nodiscard]] Result<void> each_block(const GgufTensor& tensor, std::stop_token stop, const Block& block) const;

 private:
  explicit MergedModel(GgufRows base) : base_(std::move(base)) {}
  [[nodiscard]] Result<void> match();

  GgufRows base_;
  std::unique_ptr<LoraAdapter> adapter_;
  std::map<std::string, const LoraTarget*> changed_;
};

/// ErrorKind::cancelled.
[[nodiscard]] tl::unexpected<Error> merge_stopped();

}  // namespace twin::models
