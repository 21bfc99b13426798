// The kinds of faults, as they are named to people.
#include <array>
#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "evaluation/corpus/index_doctor.h"

namespace twin::evaluation {
namespace {

constexpr std::array<std::string_view, 11> kFaultNames = {"missing",     "orphan",  "stale",    "model",
                                                          "no-passages", "empty",   "too-long", "vector",
                                                          "lost-vector", "offsets", "repeated"};

}  // namespace

std::string_view name(IndexFault fault) {
  return kFaultNames.at(static_cast<std::size_t>(fault));
}

std::string meaning(IndexFault fault) {
  switch (fault) {
    case IndexFault::missing:
      return tr("Documents that are not indexed");
    case IndexFault::orphan:
      return tr("Passages of documents that are gone or left out");
    case IndexFault::stale:
      return tr("Documents indexed by other rules or in another version");
    case IndexFault::model:
      return tr("The index was filled by another embedding model");
    case IndexFault::no_passages:
      return tr("Documents with text of which nothing can be found");
    case IndexFault::empty:
      return tr("Empty passages");
    case IndexFault::too_long:
      return tr("Passages longer than the embedding model's window");
    case IndexFault::vector:
      return tr("Vectors that cannot be right");
    case IndexFault::lost_vector:
      return tr("Passages whose vector is lost");
    case IndexFault::offsets:
      return tr("Passages whose place in the document does not hold their text");
    case IndexFault::repeated:
      return tr("Passages that several documents hold word by word");
  }
  return {};
}

std::string cure(IndexFault fault) {
  switch (fault) {
    case IndexFault::missing:
    case IndexFault::orphan:
    case IndexFault::stale:
    case IndexFault::model:
      return "twin index --force";
    case IndexFault::no_passages:
    case IndexFault::empty:
    case IndexFault::too_long:
    case IndexFault::vector:
    case IndexFault::lost_vector:
    case IndexFault::offsets:
      return "twin index doctor --mend";
    case IndexFault::repeated:
      return tr("twin docs duplicates; or lower duplicates.similarity, or drop what repeats by clean.drop_selectors");
  }
  return {};
}

bool is_damage(IndexFault fault) {
  switch (fault) {
    case IndexFault::no_passages:
    case IndexFault::empty:
    case IndexFault::too_long:
    case IndexFault::vector:
    case IndexFault::lost_vector:
    case IndexFault::offsets:
      return true;
    default:
      return false;
  }
}

Json to_json(const IndexDiagnosis& diagnosis) {
  Json findings = Json::array(), faults = Json::object(), unchecked = Json::array();
  for (const IndexFinding& finding : diagnosis.findings) {
    findings.push_back({{"fault", name(finding.fault)},
                        {"document", finding.document_id},
                        {"passage", finding.chunk_id},
                        {"where", finding.where},
                        {"detail", finding.detail}});
    Json& fault = faults[std::string(name(finding.fault))];
    if (fault.is_null()) fault = {{"count", 0}, {"cure", cure(finding.fault)}};
    fault["count"] = fault["count"].get<int>() + 1;
  }
  for (const IndexFault fault : diagnosis.unchecked) unchecked.push_back(name(fault));
  return {{"documents", diagnosis.counts.documents},
          {"passages", diagnosis.counts.chunks},
          {"vectors", diagnosis.counts.vectors},
          {"dimension", diagnosis.counts.dimension},
          {"faults", std::move(faults)},
          {"findings", std::move(findings)},
          {"unchecked", std::move(unchecked)}};
}

}  // namespace twin::evaluation
