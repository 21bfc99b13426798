// One e-mail message (RFC 5322, MIME), read by GMime.
#pragma once

#include <string>
#include <vector>

#include "core/clock.h"
#include "core/result.h"

namespace twin::feature::mail {

struct Address {
  std::string name, address;
};

struct Message {
  std::string id;       ///< without <>
  std::string subject;  ///< decoded (RFC 2047)
  std::vector<Address> from;
  UnixMillis sent = 0;
  std::string text;  ///< UTF-8; of alternatives the plain one
  bool html = false;
  int attachments = 0;  ///< left out
};

/// Charsets by Twin's own table: EUC-KR is CP949, ISO-2022-KR is known. GMime is loaded when the first message is read;
/// an absent library is ErrorKind::not_found that names the Debian package. A message without text is
/// ErrorKind::invalid.
[[nodiscard]] Result<Message> parse_message(const std::string& bytes);

/// A text without what it answers.
struct Reply {
  std::string text;
  int quoted = 0;     ///< lines removed: quotes, their introductions, the original below
  int signature = 0;  ///< lines removed
};

/// Takes out lines with ">", the line before them ("On … wrote:", "…님이 작성:"), everything below "-----Original
/// Message-----" and its like, and the signature below "-- " or of a telephone.
[[nodiscard]] Reply without_quotes(const std::string& text);
/// The same for HTML, up to the first quotation that a mail program marked.
[[nodiscard]] Reply without_quotes_html(const std::string& html);

/// "Re: AW: [list] Subject" → "[list] Subject".
[[nodiscard]] std::string plain_subject(const std::string& subject);

}  // namespace twin::feature::mail
