#include "feature/datasets/questions.h"

#include <string_view>

#include "core/text/unicode.h"

namespace twin::feature {
namespace {

// Korean particles that depend on the sound before them are avoided: every variant fits any phrase.
const std::map<std::string, std::string>& built_in() {
  static const std::map<std::string, std::string> templates = {
      {"en.title",
       "Could you write about {title}? | What would you like to say about {title}? | Tell me about {title}."},
      {"en.title.doing", "How do you go about {title}? | What should I know about {title}?"},
      {"en.title.howto", "How do I {title}? | Can you show me how to {title}?"},
      {"en.title.question", "{title}"},
      {"en.title.quoted", "What do you say in “{title}”? | Could you write a piece called “{title}”?"},
      {"en.heading",
       "What should I know about {heading}? | Can you explain {heading}? | Could you tell me about "
       "{heading}? | What do you say about {heading} in “{title}”?"},
      {"en.heading.doing",
       "How do you go about {heading}? | What should I know about {heading}? | What is your advice on "
       "{heading}? | In “{title}”, what do you say about {heading}?"},
      {"en.heading.howto",
       "How do I {heading}? | Can you show me how to {heading}? | In “{title}”, how do you {heading}?"},
      {"en.heading.question", "{heading} | In “{title}” you ask: {heading}"},
      {"en.heading.quoted", "What do you say under “{heading}”? | What do you say under “{heading}” in “{title}”?"},
      {"en.heading.generic",
       "What do you say under “{heading}” in “{title}”? | How does the part “{heading}” of “{title}” "
       "go?"},
      {"en.more",
       "What else should I know about {heading}? | Can you tell me more about {heading}? | What more do you say "
       "about {heading} in “{title}”? | Please go on about {heading}. | Is there anything else to say about "
       "{heading}?"},
      {"en.more.quoted",
       "What else do you say under “{heading}”? | What more do you say under “{heading}” in “{title}”? | Please go on "
       "with “{heading}”. | Is there more under “{heading}”?"},
      {"en.lead",
       "You wrote: “{lead}” How does it go on? | Please go on from here: “{lead}” | What comes after this "
       "sentence of yours? “{lead}”"},
      {"ko.title",
       "{title}에 대해 글을 써 주세요. | {title}에 대해 이야기해 주세요. | {title}에 대해 어떻게 생각하세요?"},
      {"ko.title.question", "{title}"},
      {"ko.title.quoted", "“{title}” 제목으로 글을 써 주세요. | “{title}” 글에서 어떤 이야기를 하셨나요?"},
      {"ko.heading",
       "{heading}에 대해 알려 주세요. | {heading}에 대해 설명해 주시겠어요? | “{title}” 글에서 {heading}에 대해 "
       "뭐라고 하셨나요?"},
      {"ko.heading.question", "{heading} | “{title}” 글에서 물으셨죠. {heading}"},
      {"ko.heading.quoted",
       "“{heading}” 부분에서 어떤 이야기를 하셨나요? | “{title}” 글의 “{heading}” 부분을 들려주세요."},
      {"ko.heading.generic",
       "“{title}” 글의 “{heading}” 부분을 들려주세요. | “{title}” 글의 “{heading}” 부분에서 어떤 이야기를 "
       "하셨나요?"},
      {"ko.more",
       "{heading}에 대해 더 알려 주세요. | {heading}에 대해 더 하실 말씀이 있나요? | “{title}” 글에서 {heading}에 대해 "
       "또 뭐라고 "
       "하셨나요? | {heading}에 대해 계속 이야기해 주세요. | {heading}에 대해 그 밖에 또 무엇을 알아야 하나요?"},
      {"ko.more.quoted",
       "“{heading}” 부분을 더 들려주세요. | “{title}” 글의 “{heading}” 부분을 더 들려주세요. | “{heading}” 부분을 "
       "이어서 이야기해 "
       "주세요. | “{heading}” 부분에 더 하실 말씀이 있나요?"},
      {"ko.lead",
       "이렇게 쓰셨죠. “{lead}” 그다음은 어떻게 이어지나요? | 다음 문장에 이어서 써 주세요. “{lead}” | “{lead}” 이 "
       "문장 "
       "뒤에는 어떤 이야기가 나오나요?"},
  };
  return templates;
}

std::vector<std::string> split_variants(std::string_view text) {
  std::vector<std::string> out;
  for (;;) {
    const std::size_t bar = text.find(" | ");
    const std::string_view variant = text::trim(text.substr(0, bar));
    if (!variant.empty()) out.emplace_back(variant);
    if (bar == std::string_view::npos) return out;
    text.remove_prefix(bar + 3);
  }
}

// What stands for {name}: inside a sentence, or right after an opening quotation mark as the author wrote it.
struct Field {
  std::string inside, quoted;
};

bool after_quotation_mark(std::string_view text) {
  for (const std::string_view mark : {"\"", "“", "‘", "'", "«", "「", "『", "《"}) {
    if (text.ends_with(mark)) return true;
  }
  return false;
}

// Replaces {name}; false when the field is asked for and empty. Text put in is not searched again.
bool fill(const std::string& pattern, const std::map<std::string, Field>& fields, std::string& out) {
  out.clear();
  for (std::size_t at = 0; at < pattern.size();) {
    const std::size_t open = pattern.find('{', at);
    const std::size_t close = open == std::string::npos ? open : pattern.find('}', open);
    if (close == std::string::npos) {
      out.append(pattern, at);
      return true;
    }
    out.append(pattern, at, open - at);
    const auto field = fields.find(pattern.substr(open + 1, close - open - 1));
    if (field == fields.end() || field->second.inside.empty()) return false;
    out += after_quotation_mark(out) ? field->second.quoted : field->second.inside;
    at = close + 1;
  }
  return true;
}

std::string shape_suffix(Shape shape) {
  switch (shape) {
    case Shape::doing:
      return ".doing";
    case Shape::howto:
      return ".howto";
    case Shape::question:
      return ".question";
    case Shape::quoted:
      return ".quoted";
    case Shape::none:
    case Shape::thing:
      return "";
  }
  return "";
}

bool fits_inside(const Phrase& phrase) {
  return phrase.shape == Shape::thing || phrase.shape == Shape::doing;
}

}  // namespace

QuestionTemplates::QuestionTemplates(const std::map<std::string, std::string>& from_category) {
  std::map<std::string, std::string> all = built_in();
  for (const auto& [key, text] : from_category) all[key] = text;
  for (const auto& [key, text] : all) variants_[key] = split_variants(text);
}

bool QuestionTemplates::has_language(const std::string& language) const {
  const auto it = variants_.lower_bound(language + ".");
  return it != variants_.end() && it->first.starts_with(language + ".");
}

void QuestionTemplates::add_variants(const std::string& key, const Subject& subject, const Phrase& about,
                                     std::uint64_t choice, std::vector<Question>& out) const {
  const auto it = variants_.find(key);
  if (it == variants_.end() || it->second.empty()) return;
  const bool is_title = &about == &subject.title;
  const bool asks_title = key.find(".title") != std::string::npos;
  const Field name{fits_inside(about) || about.shape == Shape::howto ? about.inside : about.plain, about.plain};
  const Field title = is_title ? Field{} : Field{subject.title.plain, subject.title.plain};
  const std::map<std::string, Field> fields = {
      {"heading", name}, {"title", asks_title ? name : title}, {"lead", {subject.lead, subject.lead}}};
  std::string text;
  for (std::size_t i = 0; i < it->second.size(); ++i) {
    const std::size_t variant = (choice + i) % it->second.size();
    if (fill(it->second[variant], fields, text)) out.push_back({text, key + "/" + std::to_string(variant + 1)});
  }
}

std::vector<Question> QuestionTemplates::ask(const Subject& subject, std::uint64_t choice) const {
  const bool own_language = has_language(subject.language);
  const std::string language = own_language ? subject.language : "en";
  const bool in_section = subject.heading.shape != Shape::none;
  const Phrase& about = in_section ? subject.heading : subject.title;
  std::vector<Question> out;
  const auto add = [&](const std::string& kind) {
    const std::string key = language + "." + kind;
    add_variants(key, subject, about, choice / 2, out);
  };
  const bool known = about.shape != Shape::none;
  const auto add_first = [&] {
    if (in_section && is_generic(about) && subject.title.shape != Shape::none)
      add("heading.generic");
    else
      add((in_section ? "heading" : "title") + (own_language ? shape_suffix(about.shape) : ".quoted"));
    if (out.empty()) add(std::string(in_section ? "heading" : "title") + ".quoted");
  };
  const auto add_more = [&] { add(own_language && fits_inside(about) && !is_generic(about) ? "more" : "more.quoted"); };
  if (known && subject.part == 0) add_first();
  if (known && subject.part > 0 && (choice % 2 == 0 || subject.lead.empty())) add_more();
  add("lead");
  if (known && subject.part > 0 && choice % 2 == 1 && !subject.lead.empty()) add_more();
  return out;
}

}  // namespace twin::feature
