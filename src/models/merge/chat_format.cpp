#include "models/merge/chat_format.h"

#include <algorithm>

namespace twin::models {
namespace {

// Words that no template holds, without blanks at their ends, which templates may trim.
constexpr const char* said_by_system = "Qsystem7";
constexpr const char* asked = "Qasked7";
constexpr const char* answered = "Qanswered7";
constexpr const char* asked_again = "Qagain7";

struct NotRegular {};  // thrown inside this file only

bool take_end(std::string& text, const std::string& end) {
  if (!text.ends_with(end)) return false;
  text.resize(text.size() - end.size());
  return true;
}

class FormatLearner {
 public:
  FormatLearner(const RenderChat& render, const std::string& bos) : render_(render), bos_(bos) {}

  ChatFormat learn() {
    // user, assistant, user: what stands between two turns is the end of one and the beginning of the other.
    const auto one = parts({{"user", asked}}, false, {asked});
    const auto two = parts({{"user", asked}, {"assistant", answered}}, false, {asked, answered});
    const auto three =
        parts({{"user", asked}, {"assistant", answered}, {"user", asked_again}}, false, {asked, answered, asked_again});
    format_.user.after = one[1];
    format_.assistant.after = two[2];
    format_.assistant.before = without_begin(two[1], format_.user.after);
    format_.user.before = without_begin(three[2], format_.assistant.after);
    const auto going_on = parts({{"user", asked}}, true, {asked});
    format_.generation = without_begin(going_on[1], format_.user.after);
    std::string opening = one[0];
    if (!take_end(opening, format_.user.before)) throw NotRegular{};
    learn_system(opening);
    check();
    return format_;
  }

 private:
  std::string rendered(const std::vector<Message>& messages, bool generation) const {
    auto text = render_(messages, generation);
    if (!text) throw NotRegular{};
    if (!bos_.empty() && text->starts_with(bos_)) text->erase(0, bos_.size());
    return *text;
  }

  /// The text around the words, which must appear once each and in order.
  std::vector<std::string> parts(const std::vector<Message>& messages, bool generation,
                                 const std::vector<std::string>& words) const {
    std::string rest = rendered(messages, generation);
    std::vector<std::string> around;
    for (const std::string& word : words) {
      const auto at = rest.find(word);
      if (at == std::string::npos) throw NotRegular{};
      around.push_back(rest.substr(0, at));
      rest.erase(0, at + word.size());
    }
    around.push_back(rest);
    return around;
  }

  static std::string without_begin(const std::string& text, const std::string& begin) {
    if (!text.starts_with(begin)) throw NotRegular{};
    return text.substr(begin.size());
  }

  /// `opening`: what stands before the first user's turn where nobody wrote a system message.
  void learn_system(const std::string& opening) {
    const std::vector<Message> messages = {{"system", said_by_system}, {"user", asked}};
    if (!render_(messages, false)) {
      format_.has_system = false;
      if (!opening.empty()) throw NotRegular{};
      return;
    }
    auto around = parts(messages, false, {said_by_system, asked});
    if (around[0] == format_.user.before && !around[1].ends_with(format_.user.before)) {
      format_.system_in_user = true;
      format_.system = {"", around[1]};
      if (!opening.empty()) throw NotRegular{};
      return;
    }
    if (!take_end(around[1], format_.user.before)) throw NotRegular{};
    format_.system = {around[0], around[1]};
    if (opening.empty()) return;
    std::string text = without_begin(opening, format_.system.before);
    if (!take_end(text, format_.system.after)) throw NotRegular{};
    format_.default_system = text;
  }

  /// Other conversations than those it was learned from.
  void check() const {
    std::vector<Message> talk = {
        {"user", "One"}, {"assistant", "Two\nlines"}, {"user", "3"}, {"assistant", "Four"}, {"user", "5"}};
    for (int system = 0; system < (format_.has_system ? 2 : 1); ++system) {
      if (system == 1) talk.insert(talk.begin(), Message{"system", "Be brief."});
      if (rendered(talk, true) != format_.render(talk)) throw NotRegular{};
    }
  }

  const RenderChat& render_;
  const std::string& bos_;
  ChatFormat format_;
};

}  // namespace

std::string ChatFormat::render(const std::vector<Message>& messages) const {
  std::string text, opening;
  const auto put = [&](const Turn& turn, const std::string& content) { text += turn.before + content + turn.after; };
  const bool given = std::any_of(messages.begin(), messages.end(), [](const Message& m) { return m.role == "system"; });
  if (!given && !default_system.empty()) put(system, default_system);
  for (const Message& message : messages) {
    if (message.role == "system" && system_in_user) {
      opening = message.content + system.after;
    } else if (message.role == "system") {
      put(system, message.content);
    } else if (message.role == "user") {
      put(user, opening + message.content);
      opening.clear();
    } else {
      put(assistant, message.content);
    }
  }
  return text + generation;
}

std::optional<ChatFormat> learn_chat_format(const RenderChat& render, const std::string& bos) {
  try {
    return FormatLearner(render, bos).learn();
  } catch (const NotRegular&) {
    return std::nullopt;
  }
}

}  // namespace twin::models
