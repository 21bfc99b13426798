// What every source of a data export shares: its path, its limits, and how items are given on.
#pragma once

#include <string>
#include <utility>

#include "core/text/unicode.h"
#include "feature/sources/exports/export_files.h"
#include "feature/sources/source.h"

namespace twin::feature {

class ExportSource : public Source {
 public:
  [[nodiscard]] std::string location() const override { return files().location(); }
  [[nodiscard]] std::optional<std::string> fingerprint(SourceContext& context) override {
    return files().fingerprint(context);
  }

 protected:
  void bind_export(config::Binder& b, std::string_view what) {
    b.field("path", path_, what, {.required = true, .path = true, .exists = true});
    limits_.bind(b);
  }
  [[nodiscard]] ExportFiles files() const { return {path_, limits_}; }

  std::string path_;
  ExportLimits limits_;
};

/// Gives items on and keeps what the report needs: whether the receiver still wants any, and whether all was seen.
class Emitter {
 public:
  Emitter(SourceContext& context, const ItemSink& sink) : context_(context), sink_(sink) {}

  /// A document, unless it is not wanted. Returns whether to go on.
  bool document(RawDocument&& raw) {
    // Character references of XML and names in archives may be what is no UTF-8. (The bytes are the cleaner's
    // business.)
    for (std::string* text : {&raw.url, &raw.title, &raw.language}) *text = text::repair_utf8(*text);
    for (auto* list : {&raw.authors, &raw.author_emails}) {
      for (auto& text : *list) text = text::repair_utf8(text);
    }
    for (auto& [key, value] : raw.metadata) value = text::repair_utf8(value);
    if (going_ && context_.wants(raw.url)) {
      ++given_;
      going_ = sink_(std::move(raw));
    }
    return going_ && !context_.stop.stop_requested();
  }
  /// An item that cannot be read. What it would have held is not known, so nothing counts as gone.
  bool failure(Error error) {
    whole_ = false;
    if (going_) going_ = sink_(tl::unexpected(std::move(error)));
    return going_ && !context_.stop.stop_requested();
  }
  /// What the source was given to read with.
  [[nodiscard]] const SourceContext& context() const { return context_; }
  [[nodiscard]] bool going() const { return going_ && !context_.stop.stop_requested(); }
  [[nodiscard]] int given() const { return given_; }
  /// `read` is how reading the export as a whole ended. An export that ends in an error is reported, what came before
  /// stays.
  [[nodiscard]] SourceReport report(const Result<void>& read) {
    if (!read) failure(read.error());
    return {.complete = whole_ && going(), .unchanged = false, .cursor = {}};
  }

 private:
  SourceContext& context_;
  const ItemSink& sink_;
  bool going_ = true, whole_ = true;
  int given_ = 0;
};

}  // namespace twin::feature
