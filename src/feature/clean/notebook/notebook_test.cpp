#include <doctest/doctest.h>

#include "feature/clean/clean.h"

using namespace twin;
using namespace twin::feature;

namespace {

Result<Cleaned> cleaned_notebook(std::string json, bool outputs = false) {
  RawDocument raw;
  raw.url = "file:///n/a.ipynb";
  raw.media_type = "application/x-ipynb+json";
  raw.bytes = std::move(json);
  CleanRules rules;
  rules.formats.notebook_outputs = outputs;
  rules.formats.notebook_output_characters = 20;
  return clean(raw, rules);
}

const std::string four =
    R"({"nbformat": 4, "metadata": {"kernelspec": {"name": "python3", "language": "python"}, "authors": [{"name": "김하늘"}]}, "cells": [
{"cell_type": "markdown", "source": ["# 빵의 시간\n", "\n", "**온도**와 시간."]},
{"cell_type": "code", "source": "t = 24\nprint(t)\n", "outputs": [{"output_type": "stream", "text": ["\u001b[31m24\u001b[0m\n"]},
  {"output_type": "execute_result", "data": {"text/plain": "a long output of this cell", "image/png": "iVBOR"}}]},
{"cell_type": "code", "source": [], "outputs": []},
{"cell_type": "raw", "source": "1 * 2 * 3"}]})";

}  // namespace

TEST_CASE("notebooks: Markdown as it is, code in the kernel's language, outputs when asked for and up to their limit") {
  const auto out = cleaned_notebook(four);
  REQUIRE_MESSAGE(out, (out ? std::string() : out.error().text()));
  CHECK(out->title == "빵의 시간");
  CHECK(out->authors == std::vector<std::string>{"김하늘"});
  CHECK(out->markdown == "# 빵의 시간\n\n**온도**와 시간.\n\n```python\nt = 24\nprint(t)\n```\n\n1 * 2 * 3");
  REQUIRE(out->notes.size() == 1);
  CHECK(out->notes[0].message.find("1 cells") != std::string::npos);

  const auto with = cleaned_notebook(four, true);
  REQUIRE(with);
  CHECK(with->markdown.find("```text\n24\na long output of \n… [9 more characters]\n```") != std::string::npos);
  CHECK(with->notes.empty());
}

TEST_CASE("notebooks of version 3: headings, input, language of the cell") {
  const auto out = cleaned_notebook(
      R"({"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "heading", "level": 2, "source": ["Rye"]},
    {"cell_type": "code", "language": "r", "input": ["x <- 1"], "outputs": []}]}]})");
  REQUIRE(out);
  CHECK(out->markdown == "## Rye\n\n```r\nx <- 1\n```");
  CHECK(out->title == "Rye");
}

TEST_CASE("what is no notebook is an error") {
  for (const char* text : {"", "[]", "{}", "{\"cells\": 3}", "{\"cells\": [", "\"cells\""}) {
    CAPTURE(text);
    CHECK_FALSE(cleaned_notebook(text));
  }
  CHECK(cleaned_notebook(
      R"({"cells": [1, null, {"cell_type": 5, "source": {"a": 1}}, {"cell_type": "code", "source": [1, 2]}]})"));
  CHECK_NOTHROW(
      static_cast<void>(cleaned_notebook("{\"cells\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}")));
}
