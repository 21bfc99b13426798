// Personal data in samples: masked, or the sample dropped; and what "verbatim" means of a masked answer.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "feature/datasets/datasets.h"
#include "feature/privacy/pii.h"

namespace twin::feature {

/// A sample's answer is verbatim when it is the bytes [start, end) of the document's prose view, with each span of
/// provenance.masked replaced by the mask of its kind. Without masks: the very bytes.
[[nodiscard]] bool is_verbatim(const Sample& sample, std::string_view prose);

/// Masks the answer by what was found in its document (`of_document`: bytes of the prose view), and the messages before
/// it by what is found in them; an answer that a prompt quotes stays the same in both. Sets provenance.masked, scores
/// and id. What was found is added to `records`; nothing found: the sample is as it was.
void mask_sample(Sample& sample, const std::vector<PiiFinding>& of_document, std::vector<PiiRecord>& records);

/// What mask_sample() would find; the sample stays as it is.
[[nodiscard]] std::vector<PiiRecord> pii_of_sample(const Sample& sample, const std::vector<PiiFinding>& of_document,
                                                   const std::string& action);

/// "answer: email 10-25; prompt: phone 3-16".
[[nodiscard]] std::string describe(const std::vector<PiiRecord>& records);

}  // namespace twin::feature
