#include "feature/samples/sample_privacy.h"

#include <fmt/format.h>

#include "feature/datasets/answers.h"

namespace twin::feature {
namespace {

/// The byte that findings in the answer count from: the author's text is known by its place in the document, what a
/// model or a reviewer wrote stands alone.
std::size_t answer_base(const Sample& sample) {
  return is_author_text(sample) ? sample.provenance.start : 0;
}

std::vector<PiiFinding> pii_of_answer(const Sample& sample, const std::vector<PiiFinding>& of_document) {
  if (!is_author_text(sample)) return find_pii(sample.answer);
  return findings_within(of_document, {sample.provenance.start, sample.provenance.end});
}

/// What is found in a message. Where it quotes the answer, the answer's own findings hold: they were made with all of
/// the document in view, and the two must stay the same text.
std::vector<PiiFinding> pii_of_message(const Sample& sample, const std::string& content,
                                       const std::vector<PiiFinding>& in_answer) {
  const std::size_t at = sample.answer.empty() ? std::string::npos : content.find(sample.answer);
  std::vector<PiiFinding> found = find_pii(content);
  if (at == std::string::npos) return found;
  const std::size_t end = at + sample.answer.size();
  std::vector<PiiFinding> out = findings_within(found, {0, at});
  for (const PiiFinding& finding : in_answer) {
    const std::size_t shift = at - answer_base(sample);  // wraps round and back
    out.push_back({{finding.span.start + shift, finding.span.end + shift}, finding.kind});
  }
  for (const PiiFinding& finding : findings_within(found, {end, content.size()})) out.push_back(finding);
  return out;
}

bool masks_message(const models::Message& message) {
  return message.role != "system";  // the same for every sample, written by the user
}

}  // namespace

bool is_verbatim(const Sample& sample, std::string_view prose) {
  const Provenance& from = sample.provenance;
  if (from.start > from.end || from.end > prose.size()) return false;
  return mask_pii(prose.substr(from.start, from.end - from.start), from.masked, from.start) == sample.answer;
}

std::vector<PiiRecord> pii_of_sample(const Sample& sample, const std::vector<PiiFinding>& of_document,
                                     const std::string& action) {
  std::vector<PiiRecord> records;
  const auto record = [&](const std::string& part, const PiiFinding& finding) {
    records.push_back({sample.id, sample.provenance.document_id, part, std::string(to_string(finding.kind)),
                       finding.span.start, finding.span.end, action});
  };
  const auto in_answer = pii_of_answer(sample, of_document);
  for (const PiiFinding& finding : in_answer) record("answer", finding);
  for (const models::Message& message : sample.prompt) {
    if (!masks_message(message)) continue;
    for (const PiiFinding& finding : pii_of_message(sample, message.content, in_answer)) record("prompt", finding);
  }
  return records;
}

void mask_sample(Sample& sample, const std::vector<PiiFinding>& of_document, std::vector<PiiRecord>& records) {
  std::vector<PiiRecord> found = pii_of_sample(sample, of_document, "masked");
  if (found.empty()) return;
  Provenance& from = sample.provenance;
  const auto in_answer = pii_of_answer(sample, of_document);
  for (models::Message& message : sample.prompt) {
    if (masks_message(message))
      message.content = mask_pii(message.content, pii_of_message(sample, message.content, in_answer));
  }
  sample.answer = mask_pii(sample.answer, in_answer, answer_base(sample));
  if (is_author_text(sample)) from.masked = in_answer;
  sample.scores["characters"] = characters(sample.answer);
  identify(sample);
  for (PiiRecord& record : found) {
    record.sample_id = sample.id;
    records.push_back(std::move(record));
  }
}

std::string describe(const std::vector<PiiRecord>& records) {
  std::string out, part;
  for (const PiiRecord& record : records) {
    const std::string_view separator = out.empty() ? "" : record.part == part ? ", " : "; ";
    out += fmt::format("{}{}{} {}-{}", separator, record.part == part ? "" : record.part + ": ", record.kind,
                       record.start, record.end);
    part = record.part;
  }
  return out;
}

}  // namespace twin::feature
