#include "feature/sources/web/listing.h"

#include <utility>

#include "core/i18n.h"

namespace twin::feature::web {

Listing::Listing(SourceContext& run_context, const ItemSink& run_sink, std::string source_location)
    : context(run_context), sink(run_sink), location(std::move(source_location)), states(run_context.cursor) {}

void Listing::note(std::string message, std::string where, std::string hint) {
  report.notes.push_back(
      {ErrorKind::invalid, std::move(message), where.empty() ? location : std::move(where), std::move(hint)});
}

Result<void> Listing::cut_short(Error why) {
  listed_all = false;
  if (sink(tl::unexpected(std::move(why)))) return {};
  return fail(ErrorKind::cancelled, tr("Stopped"), location);
}

Result<void> Listing::cut_at(int max_posts) {
  limited = true;
  return cut_short({ErrorKind::limit, tr("Posts beyond max_posts ({}) were left out", max_posts), location,
                    tr("Raise max_posts of this source")});
}

void Listing::note_missing(std::size_t items) {
  listed_all = false;
  note(tr("The feed has {} posts that the listing lacks; they were read, but there may be more", items), {},
       tr("What is missing is not taken for deleted"));
}

void Listing::note_repeating(std::size_t items) {
  note(tr("The service's listing repeats itself after {} posts; it is not read further", items));
}

bool Listing::wants(const std::string& url, const std::string& state, bool recheck) {
  if (!recheck && states.unchanged(url, state)) {
    context.unchanged(url);
    return false;
  }
  if (context.wants(url)) return true;
  states.carry(url);
  return false;
}

bool Listing::failed(Error error, const std::string& url) const {
  error.where = url;
  return sink(tl::unexpected(std::move(error)));
}

SourceReport Listing::finish() {
  report.complete = listed_all;
  report.cursor = states.cursor();
  report.cursor_by_item = true;
  return std::move(report);
}

PageListing::PageListing(SourceContext& run_context, const ItemSink& run_sink, std::string source_location,
                         const JavascriptConfig& javascript)
    : Listing(run_context, run_sink, std::move(source_location)), pages(run_context, javascript) {}

SourceReport PageListing::finish() {
  for (auto& happened : pages.notes) report.notes.push_back(std::move(happened));
  return Listing::finish();
}

}  // namespace twin::feature::web
