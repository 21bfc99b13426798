// Model to and from model.json.
#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "core/text/ascii.h"
#include "models/registry/registry.h"

namespace twin::models {
namespace {

constexpr std::size_t longest_id = 128;

bool safe_relative(const std::string& name) {
  const std::filesystem::path path(name);
  if (name.empty() || path.is_absolute()) return false;
  for (const auto& part : path) {
    if (part == ".." || part == "." || part.empty()) return false;
  }
  return true;
}

bool is_sha256(const std::string& hex) {
  return hex.size() == 64 && hex.find_first_not_of("0123456789abcdef") == std::string::npos;
}

/// Throws when a member is missing, mistyped or unsafe.
ModelFile file_from_json(const Json& json) {
  ModelFile file{json.at("name").get<std::string>(), json.at("sha256").get<std::string>(),
                 json.at("size").get<std::uint64_t>()};
  if (!safe_relative(file.name)) throw std::invalid_argument("file name '" + file.name + "'");
  if (!is_sha256(file.sha256)) throw std::invalid_argument("sha256 of '" + file.name + "'");
  return file;
}

}  // namespace

bool valid_model_id(const std::string& id) {
  if (id.empty() || id.size() > longest_id || !text::is_ascii_alnum(id.front())) return false;
  return std::all_of(id.begin(), id.end(),
                     [](char c) { return text::is_ascii_alnum(c) || c == '.' || c == '_' || c == '-'; });
}

Json to_json(const Model& model) {
  Json files = Json::array();
  for (const ModelFile& file : model.files) {
    files.push_back({{"name", file.name}, {"sha256", file.sha256}, {"size", file.size}});
  }
  return Json{{"id", model.id},
              {"kind", model.kind},
              {"family", model.family},
              {"format", model.format},
              {"files", std::move(files)},
              {"chat_template", model.chat_template},
              {"license", model.license},
              {"license_text", model.license_text},
              {"source", model.source},
              {"base", model.base},
              {"dataset_sha256", model.dataset_sha256},
              {"run_id", model.run_id},
              {"metrics", model.metrics},
              {"details", model.details},
              {"created", model.created}};
}

Result<Model> model_from_json(const Json& json) {
  try {
    Model model;
    json.at("id").get_to(model.id);
    if (!valid_model_id(model.id)) throw std::invalid_argument("id '" + model.id + "'");
    json.at("kind").get_to(model.kind);
    const bool known = model.kind == "base" || model.kind == "embedding" || model.kind == "reranker" ||
                       model.kind == "projector" || model.kind == "adapter";
    if (!known) {
      throw std::invalid_argument("kind '" + model.kind + "'");
    }
    json.at("family").get_to(model.family);
    json.at("format").get_to(model.format);
    for (const Json& file : json.at("files")) model.files.push_back(file_from_json(file));
    model.chat_template = json.value("chat_template", "");
    model.license = json.value("license", "");
    model.license_text = json.value("license_text", "");
    model.source = json.value("source", "");
    model.base = json.value("base", "");
    model.dataset_sha256 = json.value("dataset_sha256", "");
    model.run_id = json.value("run_id", "");
    model.metrics = json.value("metrics", std::map<std::string, double>{});
    model.details = json.value("details", std::map<std::string, std::string>{});
    model.created = json.value("created", UnixMillis{0});
    return model;
  } catch (const std::exception& e) {
    return fail(ErrorKind::invalid, tr("Malformed model description: {}", e.what()));
  }
}

}  // namespace twin::models
