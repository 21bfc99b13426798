// E-mail that the author wrote, from mbox files: Thunderbird, Gmail's Takeout, Apple Mail's export.
#include <algorithm>
#include <fstream>

#include "core/hash.h"
#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/collect/canonical_url.h"
#include "feature/collect/path_filter.h"
#include "feature/sources/exports/export_source.h"
#include "feature/sources/mbox/mail.h"
#include "feature/sources/mbox/splitter.h"

namespace twin::feature {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t read_block = 1u << 18;

bool is_mailbox(const std::string& path) {
  return has_extension(path, ".mbox") || has_extension(path, ".mbx") ||
         file_name(path) == "mbox";  // the last: Apple Mail
}

class Mbox final : public ExportSource {
 public:
  void bind(config::Binder& b) override {
    bind_export(b, "mbox file, a folder of them, or a ZIP (Gmail's Takeout)");
    b.field("from", from_, "Mail of these senders (names or addresses, * for any part); none: those of the authors");
    b.field("min_characters", min_characters_, "Mails with less text of their own are left out", {.min = 0});
    b.field("quotes", quotes_, "Keep quoted replies and signatures");
  }

  [[nodiscard]] Result<SourceReport> collect(SourceContext& context, const ItemSink& sink) override {
    const auto& senders = from_.empty() ? context.authors : from_;
    if (senders.empty()) {
      return fail(ErrorKind::usage, tr("Which mails are yours is not known"), location(),
                  tr("Give `from` of this source, or aliases with e-mail addresses under authors:"));
    }
    Emitter emit(context, sink);
    missing_.clear();
    std::error_code error;
    if (fs::is_regular_file(location(), error) && !has_extension(location(), ".zip") &&
        !has_extension(location(), ".tgz")) {
      const auto done = stream(context, location(), senders, emit);
      return missing_.empty() ? Result<SourceReport>(emit.report(done)) : unavailable();
    }
    bool any = false;
    const auto done = files().each(context, is_mailbox, [&](Result<ArchiveFile>&& file) {
      if (!file) return emit.failure(std::move(file.error()));
      any = true;
      auto splitter = splitter_for(context, file->entry.path, senders, emit);
      return splitter.feed(file->bytes) && splitter.finish() && emit.going();
    });
    if (!missing_.empty()) return unavailable();
    if (done && !any) {
      return fail(ErrorKind::not_found, tr("There is no mbox file here"), location(),
                  tr("Export mail as mbox; its files end in .mbox"));
    }
    return emit.report(done);
  }

 private:
  Result<void> stream(SourceContext& context, const std::string& path, const std::vector<std::string>& senders,
                      Emitter& emit) {
    std::ifstream in(path, std::ios::binary);
    if (!in) return fail(ErrorKind::not_found, tr("The export cannot be read: {}", "open"), path);
    auto splitter = splitter_for(context, file_name(path), senders, emit);
    std::string block(read_block, '\0');
    while (in && emit.going()) {
      in.read(block.data(), static_cast<std::streamsize>(block.size()));
      if (!splitter.feed({block.data(), static_cast<std::size_t>(in.gcount())})) return {};
    }
    if (emit.going()) splitter.finish();
    if (in.bad()) return fail(ErrorKind::io, tr("The export cannot be read: {}", "I/O"), path);
    if (!splitter.any() && emit.going()) {
      return fail(ErrorKind::invalid, tr("This is no mbox file: it does not begin with \"From \""), path);
    }
    return {};
  }

  mail::MboxSplitter splitter_for(SourceContext& context, const std::string& path,
                                  const std::vector<std::string>& senders, Emitter& emit) {
    return {static_cast<std::size_t>(context.max_item_bytes),
            [this, path, &senders, &emit](Result<std::string>&& bytes) {
              if (!bytes) {
                bytes.error().where = files().url(path);
                return emit.failure(std::move(bytes.error()));
              }
              return message(*bytes, path, senders, emit);
            }};
  }

  bool message(const std::string& bytes, const std::string& path, const std::vector<std::string>& senders,
               Emitter& emit) {
    auto mail = mail::parse_message(bytes);
    if (!mail) {
      if (mail.error().kind == ErrorKind::not_found) {  // no library: every message would fail so
        missing_ = {mail.error()};
        return false;
      }
      mail.error().where = files().url(path);
      return emit.failure(std::move(mail.error()));
    }
    if (!written_by(*mail, senders)) return emit.going();
    RawDocument raw;
    raw.url = mail->id.empty() ? files().url(path + "/" + sha256_hex(bytes).substr(0, 24))
                               : "mid:" + percent_encode_path(mail->id);
    auto reply = mail->html ? mail::without_quotes_html(mail->text) : mail::without_quotes(mail->text);
    raw.bytes = quotes_ ? std::move(mail->text) : std::move(reply.text);
    const auto length = text::codepoints(text::trim(raw.bytes)).size();
    if (length == 0 || length < static_cast<std::size_t>(min_characters_)) return emit.going();
    raw.media_type = mail->html ? "text/html" : "text/plain";
    raw.title = mail::plain_subject(mail->subject);
    raw.authors = {mail->from.front().name.empty() ? mail->from.front().address : mail->from.front().name};
    raw.author_emails = {mail->from.front().address};
    raw.published = mail->sent;
    raw.metadata = {{"charset", "utf-8"}, {"kind", "mail"}, {"path", path}};
    const auto count = [&](const char* key, int value) {
      if (value > 0) raw.metadata[key] = std::to_string(value);
    };
    if (!quotes_) count("quoted_lines_removed", reply.quoted);
    if (!quotes_) count("signature_lines_removed", reply.signature);
    count("attachments_left_out", mail->attachments);
    return emit.document(std::move(raw));
  }

  [[nodiscard]] static bool written_by(const mail::Message& mail, const std::vector<std::string>& senders) {
    return std::any_of(mail.from.begin(), mail.from.end(), [&](const mail::Address& address) {
      const std::string name = text::fold(address.name), at = text::fold(address.address);
      return std::any_of(senders.begin(), senders.end(), [&](const std::string& sender) {
        const std::string pattern = text::fold(text::trim(sender));
        return glob_match(pattern, name) || glob_match(pattern, at);
      });
    });
  }

  [[nodiscard]] Result<SourceReport> unavailable() const {
    Error error = missing_.front();
    error.where = location();
    return tl::unexpected(std::move(error));
  }

  std::vector<std::string> from_;
  int min_characters_ = 1;
  bool quotes_ = false;
  std::vector<Error> missing_;
};

Claim accepts(const std::string& location) {
  return export_claim(
      location,
      [](const std::vector<std::string>& names) { return std::any_of(names.begin(), names.end(), is_mailbox); },
      is_mailbox, tr("mail in mbox files"));
}

}  // namespace

TWIN_SOURCE(mbox, {.description = "E-mail by the author, from mbox files",
                   .needs = "an mbox file (Thunderbird, Gmail's Takeout); GMime",
                   .examples = {{"/home/me/Takeout/Mail/Sent.mbox", true},
                                {"~/mail/archive.mbox", true},
                                {"imap://mail.example.org", false},
                                {"/home/me/blog", false}},
                   .accepts = accepts,
                   .make = [] { return std::make_unique<Mbox>(); },
                   .category = "posts"})

}  // namespace twin::feature
