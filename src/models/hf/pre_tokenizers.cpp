#include <nlohmann/json.hpp>  // before the header, whose struct holds values of Json

#include "models/hf/pre_tokenizers.h"

#include <algorithm>

namespace twin::models {
namespace {

Json split_then_bytes(const std::string& digits) {
  const std::string pattern = R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|)" + digits +
                              R"(| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
  return {{"type", "Sequence"},
          {"pretokenizers",
           {{{"type", "Split"}, {"pattern", {{"Regex", pattern}}}, {"behavior", "Isolated"}, {"invert", false}},
            byte_level(false)}}};
}

Json digits_then_bytes() {
  return {{"type", "Sequence"},
          {"pretokenizers", {{{"type", "Digits"}, {"individual_digits", true}}, byte_level(true)}}};
}

/// Without what has no part in how a text is cut: the order of keys, whether offsets count spaces, and a default that
/// older files lack.
nlohmann::json essential(nlohmann::json pieces) {
  if (!pieces.is_object()) return pieces;
  if (pieces.value("type", nlohmann::json()) == "ByteLevel") {
    pieces.erase("trim_offsets");
    if (!pieces.contains("use_regex")) pieces["use_regex"] = true;
  }
  if (const auto parts = pieces.find("pretokenizers"); parts != pieces.end() && parts->is_array()) {
    for (nlohmann::json& part : *parts) part = essential(part);
    if (parts->size() == 1) return parts->front();
  }
  return pieces;
}

}  // namespace

Json byte_level(bool with_regex) {
  return {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", with_regex}};
}

const std::vector<PreTokenizer>& pre_tokenizers() {
  static const std::vector<PreTokenizer> all = {
      {"gpt-2", nullptr, byte_level(true)},
      {"smollm", nullptr, digits_then_bytes()},
      {"qwen2", {{"type", "NFC"}}, split_then_bytes(R"(\p{N})")},
      {"llama-bpe", nullptr, split_then_bytes(R"(\p{N}{1,3})"), true},
  };
  return all;
}

const PreTokenizer* find_pre_tokenizer(const std::string& name) {
  const std::string known = name == "starcoder" || name == "refact" ? "smollm" : name;
  const auto found = std::find_if(pre_tokenizers().begin(), pre_tokenizers().end(),
                                  [&](const PreTokenizer& each) { return each.name == known; });
  return found == pre_tokenizers().end() ? nullptr : &*found;
}

const PreTokenizer* pre_tokenizer_of(const Json& pieces) {
  const nlohmann::json wanted = essential(nlohmann::json(pieces));
  const auto found = std::find_if(pre_tokenizers().begin(), pre_tokenizers().end(), [&](const PreTokenizer& each) {
    return essential(nlohmann::json(each.pieces)) == wanted;
  });
  return found == pre_tokenizers().end() ? nullptr : &*found;
}

}  // namespace twin::models
