// How a question becomes what is searched for.
#pragma once

#include <string>
#include <vector>

#include "core/config/binder.h"

namespace twin::inference {

inline constexpr int max_variants = 5;
/// What QueryConfig::rewrite and ::filters may be.
[[nodiscard]] const std::vector<std::string>& rewrite_names();
[[nodiscard]] const std::vector<std::string>& filters_names();

/// Steps between a question and the search. Those that ask a model are off by default: they cost a generation each, and
/// a small model's rewriting is often worse than the question itself.
struct QueryConfig {
  /// A question that leans on the conversation ("and in Korean?"): off | join (with the question before it) | model
  /// (written anew so that it stands alone).
  std::string rewrite = "join";
  int variants = 0;        ///< other wordings that are searched for, too, written by the model (multi-query)
  bool hyde = false;       ///< the model writes a passage that might answer; its vector joins the question's
  bool decompose = false;  ///< a question with several parts is searched part by part
  bool translate = false;  ///< also searched for in the other languages of the corpus
  std::string filters =
      "off";               ///< off | rules | model: who wrote, when, where, in which language, read off the question
  int reply_tokens = 200;  ///< of each reply of the model
  void bind(config::Binder& b);

  /// Whether a model is needed.
  [[nodiscard]] bool asks_model() const {
    return rewrite == "model" || variants > 0 || hyde || decompose || translate || filters == "model";
  }
};

}  // namespace twin::inference
