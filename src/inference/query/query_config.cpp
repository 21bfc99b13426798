#include "inference/query/query_config.h"

namespace twin::inference {

const std::vector<std::string>& rewrite_names() {
  static const std::vector<std::string> names = {"off", "join", "model"};
  return names;
}

const std::vector<std::string>& filters_names() {
  static const std::vector<std::string> names = {"off", "rules", "model"};
  return names;
}

void QueryConfig::bind(config::Binder& b) {
  b.field("rewrite", rewrite,
          "A question that leans on the conversation: off | join (with the question before it) | model (written anew)",
          {.one_of = rewrite_names()});
  b.field("variants", variants, "Other wordings that are searched for, too, written by the model (0: none)",
          {.min = 0, .max = max_variants});
  b.field("hyde", hyde, "The model writes a passage that might answer; its vector joins the question's (HyDE)");
  b.field("decompose", decompose, "A question with several parts is searched part by part; the model finds them");
  b.field("translate", translate, "Also search in the other languages of the corpus; the model translates");
  b.field("filters", filters,
          "Who wrote, when, where and in which language, read off the question: off | rules | model",
          {.one_of = filters_names()});
  b.field("reply_tokens", reply_tokens, "Of each reply of the model, in tokens", {.min = 16, .max = 4096});
}

}  // namespace twin::inference
