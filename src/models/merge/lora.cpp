#include "models/merge/lora.h"

#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/i18n.h"
#include "core/json.h"
#include "models/merge/lora_gguf.h"
#include "models/merge/lora_peft.h"

namespace twin::models {

Result<std::unique_ptr<LoraAdapter>> open_lora(const std::filesystem::path& path, const GgufRows& base) {
  const auto status = disk().stat(path);
  if (!status) return fail(ErrorKind::not_found, tr("There is no adapter here"), path.string());
  return status->directory ? open_peft_lora(path, base) : open_gguf_lora(path, base);
}

std::string base_of_lora(const std::filesystem::path& path) {
  const auto status = disk().stat(path);
  if (!status) return {};
  if (!status->directory) {
    const auto file = GgufFile::open(path);
    return file ? file->text("general.name").value_or("") : std::string();
  }
  const auto text = disk().read(path / peft_config_name);
  const Json json = text ? Json::parse(*text, nullptr, false) : Json();
  if (!json.is_object() || !json.contains("base_model_name_or_path")) return {};
  const Json& name = json["base_model_name_or_path"];
  return name.is_string() ? name.get<std::string>() : std::string();
}

}  // namespace twin::models
