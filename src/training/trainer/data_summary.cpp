#include "training/trainer/data_summary.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "core/hash.h"
#include "core/json.h"
#include "core/text/language.h"

namespace twin::training {
namespace {

/// What is learned, or all there is: the last message, the completion, the chosen answer, the text.
std::string learned_text(const Json& line) {
  for (const char* key : {"messages", "completion", "chosen", "text"}) {
    if (!line.contains(key)) continue;
    const Json& value = line[key];
    if (value.is_string()) return value.get<std::string>();
    if (!value.is_array() || value.empty() || !value.back().is_object()) continue;
    const Json& content = value.back().value("content", Json());
    if (content.is_string()) return content.get<std::string>();
  }
  return {};
}

std::int64_t count_lines(const std::filesystem::path& file) {
  std::int64_t lines = 0;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) lines += line.find_first_not_of(" \t\r") != std::string::npos ? 1 : 0;
  return lines;
}

}  // namespace

DataSummary summarize_data(const std::filesystem::path& file) {
  DataSummary summary;
  summary.name = file.filename().string();
  summary.sha256 = sha256_file(file).value_or("");
  summary.lines = count_lines(file);
  const std::int64_t stride = std::max<std::int64_t>(1, summary.lines / DataSummary::looked_at);
  std::set<std::string> documents;
  std::ifstream in(file);
  std::int64_t number = 0;
  for (std::string text; std::getline(in, text);) {
    if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
    const bool inspect = number++ % stride == 0;
    // Of every line only what is cheap to find; all of it of those that are looked at.
    const bool named = text.find("\"document_id\"") != std::string::npos;
    if (!inspect && !named) continue;
    const Json line = Json::parse(text, nullptr, false);
    if (!line.is_object()) continue;
    if (const auto metadata = line.find("metadata"); metadata != line.end() && metadata->is_object()) {
      const Json document = metadata->value("document_id", Json());
      if (document.is_string()) documents.insert(document.get<std::string>());
      const Json generator = metadata->value("generator", Json());
      if (generator.is_string()) ++summary.generators[generator.get<std::string>()];
    }
    if (!inspect) continue;
    ++summary.inspected;
    const std::string code = text::identify_language(learned_text(line)).code;
    ++summary.languages[code.empty() ? "?" : code];
  }
  summary.documents = static_cast<std::int64_t>(documents.size());
  return summary;
}

}  // namespace twin::training
