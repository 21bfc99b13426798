// Mailboxes, the messages in them, and what is left of a text without what it answers.
#include "core/text/unicode.h"
#include "feature/sources/mbox/mail.h"
#include "feature/sources/mbox/splitter.h"
#include "fuzz.h"

using namespace twin;
using namespace twin::feature;

TWIN_FUZZ(mbox, bytes) {
  constexpr std::size_t most = 8000;
  std::vector<std::string> messages;
  int too_large = 0;
  mail::MboxSplitter splitter(most, [&](Result<std::string>&& message) {
    if (message) {
      fuzz::require(message->size() <= most, "the limit of a message holds");
      messages.push_back(std::move(*message));
    } else {
      ++too_large;
    }
    return messages.size() < 5;
  });
  // In pieces, as a file is read: where they are cut must not matter.
  std::string_view rest = bytes;
  bool going = true;
  for (std::size_t piece = 1; going && !rest.empty(); piece = piece * 2 + 1) {
    going = splitter.feed(rest.substr(0, piece));
    rest.remove_prefix(std::min(piece, rest.size()));
  }
  if (going) splitter.finish();
  if (messages.empty() && too_large == 0) messages.emplace_back(bytes);
  for (const auto& message : messages) {
    const auto parsed = mail::parse_message(message);
    if (!parsed) {
      fuzz::require(!parsed.error().message.empty(), "an error says what happened");
      continue;
    }
    fuzz::require(text::first_invalid_utf8(parsed->text) == std::string::npos, "the text is UTF-8");
    fuzz::require(text::first_invalid_utf8(parsed->subject) == std::string::npos, "the subject is UTF-8");
    const auto reply = parsed->html ? mail::without_quotes_html(parsed->text) : mail::without_quotes(parsed->text);
    fuzz::require(text::first_invalid_utf8(reply.text) == std::string::npos, "no character is cut");
    (void)mail::plain_subject(parsed->subject);
  }
}
