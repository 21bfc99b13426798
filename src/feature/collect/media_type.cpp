#include "feature/collect/media_type.h"

#include <algorithm>
#include <array>
#include <map>

#include "core/text/unicode.h"

namespace twin::feature {
namespace {

using Table = std::map<std::string, std::string_view, std::less<>>;

/// Extension → media type. The language after "text/x-" is what a fenced code block is labelled with.
const Table& by_extension() {
  static const Table table = {
      {"md", "text/markdown"},
      {"markdown", "text/markdown"},
      {"mdown", "text/markdown"},
      {"mkd", "text/markdown"},
      {"mdx", "text/markdown"},
      {"html", "text/html"},
      {"htm", "text/html"},
      {"xhtml", "text/html"},
      {"txt", "text/plain"},
      {"text", "text/plain"},
      {"rst", "text/plain"},
      {"adoc", "text/plain"},
      {"asciidoc", "text/plain"},
      {"org", "text/plain"},
      {"c", "text/x-c"},
      {"h", "text/x-cpp"},
      {"cc", "text/x-cpp"},
      {"cpp", "text/x-cpp"},
      {"cxx", "text/x-cpp"},
      {"hpp", "text/x-cpp"},
      {"hh", "text/x-cpp"},
      {"cu", "text/x-cuda"},
      {"py", "text/x-python"},
      {"js", "text/x-javascript"},
      {"mjs", "text/x-javascript"},
      {"jsx", "text/x-jsx"},
      {"ts", "text/x-typescript"},
      {"tsx", "text/x-tsx"},
      {"java", "text/x-java"},
      {"kt", "text/x-kotlin"},
      {"scala", "text/x-scala"},
      {"go", "text/x-go"},
      {"rs", "text/x-rust"},
      {"rb", "text/x-ruby"},
      {"php", "text/x-php"},
      {"cs", "text/x-csharp"},
      {"swift", "text/x-swift"},
      {"m", "text/x-objectivec"},
      {"r", "text/x-r"},
      {"jl", "text/x-julia"},
      {"lua", "text/x-lua"},
      {"pl", "text/x-perl"},
      {"pm", "text/x-perl"},
      {"hs", "text/x-haskell"},
      {"ml", "text/x-ocaml"},
      {"ex", "text/x-elixir"},
      {"exs", "text/x-elixir"},
      {"erl", "text/x-erlang"},
      {"clj", "text/x-clojure"},
      {"dart", "text/x-dart"},
      {"zig", "text/x-zig"},
      {"sh", "text/x-bash"},
      {"bash", "text/x-bash"},
      {"zsh", "text/x-bash"},
      {"ps1", "text/x-powershell"},
      {"sql", "text/x-sql"},
      {"cmake", "text/x-cmake"},
      {"vue", "text/x-vue"},
      {"svelte", "text/x-svelte"},
      {"proto", "text/x-protobuf"},
      {"tf", "text/x-hcl"},
      {"yaml", "text/x-yaml"},
      {"yml", "text/x-yaml"},
      {"toml", "text/x-toml"},
      {"css", "text/x-css"},
      {"scss", "text/x-scss"},
      {"pdf", "application/pdf"},
      {"epub", "application/epub+zip"},
      {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
      {"odt", "application/vnd.oasis.opendocument.text"},
      {"ipynb", "application/x-ipynb+json"},
      {"png", "image/png"},
      {"jpg", "image/jpeg"},
      {"jpeg", "image/jpeg"},
      {"webp", "image/webp"},
      {"tif", "image/tiff"},
      {"tiff", "image/tiff"},
  };
  return table;
}

const Table& by_name() {
  static const Table table = {
      {"readme", "text/plain"},        {"changelog", "text/plain"},     {"contributing", "text/plain"},
      {"news", "text/plain"},          {"authors", "text/plain"},       {"todo", "text/plain"},
      {"dockerfile", "text/x-docker"}, {"makefile", "text/x-makefile"}, {"cmakelists.txt", "text/x-cmake"},
  };
  return table;
}

}  // namespace

std::string media_type_of(std::string_view file_name) {
  const std::string name = text::fold(file_name.substr(file_name.find_last_of('/') + 1));
  if (const auto it = by_name().find(name); it != by_name().end()) return std::string(it->second);
  const std::size_t dot = name.find_last_of('.');
  if (dot == std::string::npos || dot == 0) return {};
  const auto it = by_extension().find(std::string_view(name).substr(dot + 1));
  return it == by_extension().end() ? std::string() : std::string(it->second);
}

bool is_document_type(std::string_view media_type) {
  static constexpr std::array<std::string_view, 8> types = {
      "text/markdown",
      "text/html",
      "text/plain",
      "application/pdf",
      "application/epub+zip",
      "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
      "application/vnd.oasis.opendocument.text",
      "application/x-ipynb+json"};
  return std::find(types.begin(), types.end(), media_type) != types.end();
}

bool is_image_type(std::string_view media_type) {
  return media_type.starts_with("image/");
}

}  // namespace twin::feature
