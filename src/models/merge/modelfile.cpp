#include "models/merge/modelfile.h"

#include <algorithm>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "models/hf/gguf_vocabulary.h"

namespace twin::models {
namespace {

/// A Go string in an action, {{ "…" }}, so that no brace, quote or line end of it is read as anything else.
std::string go_text(const std::string& text) {
  if (text.empty()) return {};
  std::string quoted = "{{ \"";
  for (const char c : text) {
    if (c == '\n') {
      quoted += "\\n";
    } else if (c == '"' || c == '\\') {
      quoted += std::string("\\") + c;
    } else {
      quoted += c;
    }
  }
  return quoted + "\" }}";
}

std::string go_turn(const ChatFormat::Turn& turn, const std::string& content) {
  return go_text(turn.before) + content + go_text(turn.after);
}

/// Modelfiles have no escape for the three quotes that end a text.
bool quotable(const std::string& text) {
  return text.find("\"\"\"") == std::string::npos && !text.ends_with('"');
}

std::string instruction(const char* name, const std::string& text) {
  if (!quotable(text)) return "# " + std::string(name) + ": left out, it holds three quotes\n";
  return std::string(name) + " \"\"\"" + text + "\"\"\"\n";
}

}  // namespace

std::string go_template(const ChatFormat& format) {
  std::string text = format.system_in_user ? "{{- $opening := .System }}\n" : "";
  text += "{{- range .Messages }}\n";
  std::string content = "{{ .Content }}";
  if (format.system_in_user) {
    content =
        "{{ if $opening }}{{ $opening }}" + go_text(format.system.after) + "{{ $opening = \"\" }}{{ end }}" + content;
  } else if (format.has_system) {
    text += "{{- if eq .Role \"system\" }}" + go_turn(format.system, "{{ .Content }}") + "\n{{- end }}\n";
  }
  text += "{{- if eq .Role \"user\" }}" + go_turn(format.user, content) + "\n{{- end }}\n";
  text += "{{- if eq .Role \"assistant\" }}" + go_turn(format.assistant, "{{ .Content }}") + "\n{{- end }}\n";
  return text + "{{- end }}" + go_text(format.generation);
}

std::vector<std::string> stop_words(const GgufFile& file, const std::optional<ChatFormat>& format) {
  std::vector<std::string> stops;
  const auto add = [&](const std::string& text) {
    if (!text.empty() && std::find(stops.begin(), stops.end(), text) == stops.end()) stops.push_back(text);
  };
  if (format) add(std::string(text::trim(format->assistant.after)));
  for (const char* key : {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id"}) add(special_token(file, key));
  return stops;
}

std::string modelfile_text(const Modelfile& modelfile) {
  std::string text = "FROM " + modelfile.from + "\n";
  if (!modelfile.adapter.empty()) text += "ADAPTER " + modelfile.adapter + "\n";
  if (modelfile.format) {
    text += instruction("TEMPLATE", go_template(*modelfile.format));
  } else {
    text += "# TEMPLATE: the chat template cannot be said turn by turn; Ollama looks for one like it\n";
  }
  const std::string& system =
      modelfile.system.empty() && modelfile.format ? modelfile.format->default_system : modelfile.system;
  if (!system.empty()) text += instruction("SYSTEM", system);
  for (const std::string& stop : modelfile.stops) {
    if (stop.find_first_of("\"\n") == std::string::npos) text += "PARAMETER stop \"" + stop + "\"\n";
  }
  if (!modelfile.license.empty()) text += instruction("LICENSE", modelfile.license);
  return text;
}

}  // namespace twin::models
