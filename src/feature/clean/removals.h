// The list of what of a page is not in its Markdown, with reasons.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "feature/clean/clean.h"
#include "feature/clean/main_content.h"
#include "feature/clean/markdown_writer.h"

namespace twin::feature::html {

/// In document order: what was taken out of the map, what stands outside the main content, what the writer left out.
/// Elements without text (scripts, pictures of buttons) are counted by reason instead of listed.
[[nodiscard]] std::vector<Removal> list_removals(const PageMap& page, const MainContent& main,
                                                 const WriterContext& context);

/// "2 nav, 1 .share": how many elements went for each reason.
[[nodiscard]] std::string summarize_removals(const PageMap& page);

/// Where an element stands: "main > div.post > div.share".
[[nodiscard]] std::string short_path(const Node* node);

}  // namespace twin::feature::html
