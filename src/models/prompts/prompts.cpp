#include "models/prompts/prompts.h"

#include <fmt/ranges.h>

#include "core/files.h"
#include "core/hash.h"
#include "core/i18n.h"
#include "core/process.h"
#include "core/text/unicode.h"

namespace twin::models {
namespace {

constexpr std::uint64_t max_prompt_bytes = 64 << 10;

}  // namespace

Result<std::string> load_prompt(const std::string& name) {
  const auto path = find_data("prompts/" + name);
  if (!path) return tl::unexpected(path.error());
  const auto bytes = disk().read(*path, max_prompt_bytes);
  if (!bytes) return tl::unexpected(bytes.error());
  if (text::first_invalid_utf8(*bytes) != std::string::npos) {
    return fail(ErrorKind::invalid, tr("The prompt file is not valid UTF-8"), path->string());
  }
  return std::string(text::trim(*bytes));
}

Result<Prompts> load_prompts() {
  Prompts prompts;
  for (const auto& [name, target] :
       {std::pair{"twin.system.txt", &prompts.system}, std::pair{"rag.user.txt", &prompts.user},
        std::pair{"rag.passage.txt", &prompts.passage}}) {
    auto loaded = load_prompt(name);
    if (!loaded) return tl::unexpected(loaded.error());
    *target = std::move(*loaded);
  }
  return prompts;
}

std::string fill(std::string_view prompt, std::initializer_list<std::pair<std::string_view, std::string_view>> values) {
  std::string out;
  out.reserve(prompt.size() * 2);
  std::size_t at = 0;
  while (at < prompt.size()) {
    const std::size_t open = prompt.find('{', at);
    const std::size_t close = open == std::string_view::npos ? open : prompt.find('}', open);
    if (close == std::string_view::npos) break;
    const std::string_view name = prompt.substr(open + 1, close - open - 1);
    const auto* value = values.begin();
    while (value != values.end() && value->first != name) ++value;
    if (value == values.end()) {
      out.append(prompt.substr(at, open + 1 - at));
      at = open + 1;
    } else {
      out.append(prompt.substr(at, open - at)).append(value->second);
      at = close + 1;
    }
  }
  return out.append(prompt.substr(at));
}

std::string digest(const Prompts& prompts) {
  return Sha256().field(prompts.system).field(prompts.user).field(prompts.passage).hex();
}

std::string render_passage(const Prompts& prompts, std::size_t n, std::string_view title, std::string_view heading_path,
                           std::string_view text) {
  std::string shown(title);
  if (heading_path.starts_with(title)) {
    shown = heading_path;
  } else if (!heading_path.empty()) {
    shown.append(" › ").append(heading_path);
  }
  return fill(prompts.passage, {{"n", std::to_string(n)}, {"title", shown}, {"text", text}});
}

std::string render_question(const Prompts& prompts, const std::vector<std::string>& passages,
                            std::string_view question) {
  return fill(prompts.user, {{"passages", fmt::format("{}", fmt::join(passages, "\n\n"))}, {"question", question}});
}

}  // namespace twin::models
