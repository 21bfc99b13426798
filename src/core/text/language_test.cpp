#include "core/text/language.h"

#include <doctest/doctest.h>

#include <fstream>
#include <map>
#include <string>

#include "core/files.h"
#include "core/text/unicode.h"

using namespace twin;

namespace {

struct Measured {
  int all = 0, right = 0;
};

/// Accuracy on a file of tests/data/languages; wrong ones are printed.
Measured measure(const std::string& name) {
  Measured out;
  std::ifstream in(std::filesystem::path(TWIN_SOURCE_DIR) / "tests/data/languages" / name);
  for (std::string line; std::getline(in, line);) {
    const std::size_t tab = line.find('\t');
    REQUIRE(tab != std::string::npos);
    const std::string expected = line.substr(0, tab);
    const text::LanguageGuess guess = text::identify_language(line.substr(tab + 1));
    ++out.all;
    out.right += guess.code == expected ? 1 : 0;
    if (guess.code != expected) MESSAGE(name << ": " << guess.code << " instead of " << line);
  }
  MESSAGE(name << ": " << out.right << " of " << out.all);
  return out;
}

}  // namespace

TEST_CASE("scripts alone tell Korean, Japanese, Chinese and others, and know when they cannot") {
  CHECK(text::guess_by_script("안녕하세요").code == "ko");
  CHECK(text::guess_by_script("React와 Next.js App Router 정리").code == "ko");
  CHECK(text::guess_by_script("Notes from my trip to Busan (부산)").code.empty());
  CHECK(text::guess_by_script("これは日本語の文章です").code == "ja");
  CHECK(text::guess_by_script("这是中文").code == "zh");
  CHECK(text::guess_by_script("ภาษาไทย").code == "th");
  CHECK(text::guess_by_script("Ελληνικά").code == "el");
  CHECK(text::guess_by_script("This could be any language").code.empty());
  CHECK(text::guess_by_script("").code.empty());
  CHECK(text::guess_by_script("123 !?").code.empty());
}

TEST_CASE("without letters the language is unknown; a few words in Latin script are English until shown otherwise") {
  CHECK(text::identify_language("").code.empty());
  CHECK(text::identify_language("2024-01-05 … 12:30").code.empty());
  CHECK(text::identify_language("ok").code == "en");
}

TEST_CASE("long texts and mixed posts are told apart, short ones mostly") {
  if (!text::LanguageModel::shared()) {
    MESSAGE("no language model on this machine: skipped");
    return;
  }
  const Measured longer = measure("long.tsv"), shorter = measure("short.tsv"), mixed = measure("mixed.tsv");
  CHECK(longer.right == longer.all);
  CHECK(shorter.right * 100 >= shorter.all * 90);
  CHECK(mixed.right * 100 >= mixed.all * 85);
}

TEST_CASE("a file that is no model, or half of one, is an error") {
  const TempFolder folder;
  CHECK(text::LanguageModel::load(folder.path() / "none.ftz").error().kind == ErrorKind::not_found);
  REQUIRE(disk().write(folder.path() / "text.ftz", "this is no model"));
  CHECK(text::LanguageModel::load(folder.path() / "text.ftz").error().kind == ErrorKind::invalid);
  const auto whole = disk().read(TWIN_LID_MODEL);
  if (!whole) return;
  REQUIRE(text::LanguageModel::load(TWIN_LID_MODEL));
  for (const std::size_t size : {4u, 60u, 5000u, 200'000u, 900'000u}) {
    REQUIRE(disk().write(folder.path() / "half.ftz", whole->substr(0, size)));
    const auto half = text::LanguageModel::load(folder.path() / "half.ftz");
    CAPTURE(size);
    REQUIRE_FALSE(half.has_value());
    CHECK(half.error().kind == ErrorKind::invalid);
  }
  // Damaged in the middle: refused, or read without harm.
  for (std::size_t at = 0; at < 3000; at += 61) {
    std::string broken = *whole;
    broken[at] = static_cast<char>(broken[at] ^ 0x7F);
    REQUIRE(disk().write(folder.path() / "broken.ftz", broken));
    if (const auto model = text::LanguageModel::load(folder.path() / "broken.ftz")) {
      (void)(*model)->predict("Wie geht es dir heute?");
    }
  }
}
