#include "feature/datasets/drafts.h"

#include "core/text/unicode.h"
#include "feature/chunk/sections.h"
#include "feature/datasets/split.h"

namespace twin::feature {
namespace {

std::string language_of(const stores::Document& document, const ProseView& prose) {
  std::string language = document.language.substr(0, document.language.find('-'));
  return language.empty() ? text::guess_language(prose.text) : language;
}

void find_opening(const ProseView& prose, const DatasetRules& rules, text::Span span, Draft& draft) {
  const std::string_view text = text_of(prose, span);
  const std::vector<text::Span> found = text::sentences(text);
  if (found.size() < 2 || !quotable(text.substr(found[0].start, found[0].end - found[0].start))) return;
  const std::string_view rest = text.substr(found[1].start);
  if (characters(rest) < rules.min_answer_characters) return;
  draft.opening = collapse_space(text.substr(found[0].start, found[0].end - found[0].start));
  draft.after_opening = span.start + found[1].start;
}

double prose_share(const ProseView& prose, text::Span span) {
  std::size_t running = 0, all = 0;
  for (const Block& block : prose.blocks) {
    const std::size_t start = std::max(block.span.start, span.start);
    const std::size_t end = std::min(block.span.end, span.end);
    if (start >= end) continue;
    all += end - start;
    if (is_prose(block)) running += end - start;
  }
  return all == 0 ? 0 : static_cast<double>(running) / static_cast<double>(all);
}

}  // namespace

std::vector<Draft> make_drafts(const stores::Document& document, const DatasetRules& rules, const DatasetConfig& config,
                               const Vocabulary& vocabulary, std::vector<Rejection>& rejections) {
  const ProseView prose = prose_view(document.body);
  const std::string language = language_of(document, prose);
  const Answers cut = cut_answers(prose, document.title, rules);
  for (const LeftOut& left : cut.left_out) {
    rejections.push_back({"", document.id, left.span.start, left.span.end, left.reason, ""});
  }
  std::vector<Draft> drafts;
  for (const Answer& answer : cut.answers) {
    Draft draft;
    Sample& sample = draft.sample;
    sample.kind = "instruct";
    sample.answer = std::string(text_of(prose, answer.span));
    sample.split = split_of(document, config);
    sample.category = document.category;
    sample.language = language;
    sample.provenance = {document.id,
                         document.version,
                         answer.span.start,
                         answer.span.end,
                         "extractive",
                         "",
                         static_cast<std::uint64_t>(config.seed)};
    sample.scores["prose_share"] = prose_share(prose, answer.span);
    draft.subject.language = language;
    draft.subject.title = make_phrase(document.title, language, vocabulary);
    if (!answer.headings.empty()) draft.subject.heading = make_phrase(answer.headings.back(), language, vocabulary);
    draft.subject.lead = collapse_space(text_of(prose, answer.lead));
    draft.subject.part = answer.part;
    find_opening(prose, rules, answer.span, draft);
    drafts.push_back(std::move(draft));
  }
  return drafts;
}

}  // namespace twin::feature
