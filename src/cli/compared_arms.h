// The arms that `twin eval compare --arms` names, made from the project's models.
#pragma once

#include <string>
#include <vector>

#include "cli/session.h"
#include "evaluation/preference/compare.h"

namespace twin::cli {

struct ArmRequest {
  std::string name;
  std::string reference;   ///< base | twin (the project's adapter) | what find_adapter_source() takes
  std::string base;        ///< what find_base_model() takes; empty: the project's chat model
  bool retrieval = false;  ///< answers from passages
};

/// "base,sft=my-adapter,dpo=runs/dpo@runs/sft.gguf,dpo+rag": at least two, separated by commas, each
/// [NAME=]REFERENCE[@BASE][+rag]. A reference may be the name of an arm before it. Without a name it is the reference's
/// last part, with "+RAG" where there is retrieval. Throws Fatal (usage).
[[nodiscard]] std::vector<ArmRequest> parse_arms(const std::string& list);

struct ComparedArms {
  std::vector<evaluation::NamedArm> arms;
  std::map<std::string, std::string> lineage;  ///< what each arm is, by hashes
  std::vector<Error> notes;                    ///< what cannot be measured of one
};
/// Throws Fatal when an adapter is not there, has no GGUF form or belongs to another base model. The session outlives
/// what is returned.
[[nodiscard]] ComparedArms make_arms(Session& session, const std::vector<ArmRequest>& requests, int max_tokens);

}  // namespace twin::cli
