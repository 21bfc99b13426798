// One run of a source that lists what there is and then reads it item by item.
#pragma once

#include <string>

#include "feature/sources/source.h"
#include "feature/sources/web/item_states.h"
#include "feature/sources/web/page.h"

namespace twin::feature::web {

/// What all such runs keep; a source adds its own. Borrows the context and the sink of Source::collect().
struct Listing {
  Listing(SourceContext& run_context, const ItemSink& run_sink, std::string source_location);

  SourceContext& context;
  const ItemSink& sink;
  std::string location;  ///< of the source, for messages
  ItemStates states;     ///< from the context's cursor
  SourceReport report;
  bool listed_all = false;  ///< the listing was read to its end: what is missing in it is gone
  bool limited = false;     ///< it was cut at a limit: it says nothing of what is missing

  /// `where`: the source itself, unless told.
  void note(std::string message, std::string where = {}, std::string hint = {});
  /// The listing ends before its end, for this reason; what was listed is read all the same. An error (cancelled) when
  /// the sink said stop.
  [[nodiscard]] Result<void> cut_short(Error why);
  /// cut_short() at the source's setting max_posts.
  [[nodiscard]] Result<void> cut_at(int max_posts);
  /// The feed holds items that the listing lacks.
  void note_missing(std::size_t items);
  /// The service gives the same items again and again.
  void note_repeating(std::size_t items);
  /// Whether an item is to be read. If not, it is in the state in which it was read before (the context is told; not
  /// asked when `recheck`), or this run does not want it.
  [[nodiscard]] bool wants(const std::string& url, const std::string& state, bool recheck = false);
  /// Gives on that an item failed; false when the sink said stop.
  [[nodiscard]] bool failed(Error error, const std::string& url) const;
  /// The report of a run that came to its end.
  [[nodiscard]] SourceReport finish();
};

/// The same for a source that reads its items as pages of the web.
struct PageListing : Listing {
  PageListing(SourceContext& run_context, const ItemSink& run_sink, std::string source_location,
              const JavascriptConfig& javascript);

  Pages pages;

  /// With what happened beside while pages were read.
  [[nodiscard]] SourceReport finish();
};

}  // namespace twin::feature::web
