#include "cli/query_flags.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "core/i18n.h"
#include "core/result.h"

namespace twin::cli {
namespace {

void take_word(const std::string& flag, const std::string& given, const std::vector<std::string>& known,
               std::string& value) {
  if (given.empty()) return;
  if (std::find(known.begin(), known.end(), given) == known.end()) {
    throw Fatal(ErrorKind::usage,
                tr("{} takes one of {}, not '{}'", flag, fmt::format("{}", fmt::join(known, ", ")), given));
  }
  value = given;
}

}  // namespace

void QueryFlags::declare(Options& options) {
  options.option("--rewrite", rewrite_,
                 tr("A question that leans on the conversation: off, join or model (default: as configured)"));
  options.option("--filters", filters_,
                 tr("Read off the question who wrote, when, where: off, rules or model (default: as configured)"));
  options.option("--variants", variants_,
                 tr("Other wordings to search for, too, written by the chat model (below 0: as configured)"));
  options.on_off("hyde", hyde_,
                 tr("The chat model writes a passage that might answer; its vector joins the question's"));
  options.on_off("decompose", decompose_, tr("Search part by part when the question has several"));
  options.on_off("translate", translate_, tr("Also search in the other languages of the corpus"));
}

inference::QueryConfig QueryFlags::apply(inference::QueryConfig configured) const {
  take_word("--rewrite", rewrite_, inference::rewrite_names(), configured.rewrite);
  take_word("--filters", filters_, inference::filters_names(), configured.filters);
  if (variants_ > inference::max_variants) {
    throw Fatal(ErrorKind::usage, tr("--variants takes a number up to {}", inference::max_variants));
  }
  if (variants_ >= 0) configured.variants = variants_;
  configured.hyde = hyde_.value_or(configured.hyde);
  configured.decompose = decompose_.value_or(configured.decompose);
  configured.translate = translate_.value_or(configured.translate);
  return configured;
}

}  // namespace twin::cli
