#include "feature/clean/pdf/pdf.h"

#include <doctest/doctest.h>

#include "core/process.h"
#include "feature/clean/pdf/pdf_for_test.h"
#include "feature/clean/reflow.h"

using namespace twin;
using namespace twin::feature;

namespace {

RawDocument pdf(std::string bytes) {
  RawDocument raw;
  raw.url = "file:///papers/a.pdf";
  raw.media_type = "application/pdf";
  raw.bytes = std::move(bytes);
  return raw;
}

Cleaned cleaned(const std::vector<std::vector<PdfText>>& pages, const PdfInfo& info = {}) {
  auto out = clean(pdf(make_pdf(pages, info)), {});
  REQUIRE_MESSAGE(out, (out ? std::string() : out.error().text()));
  return *std::move(out);
}

/// Lines below each other from the top of a page.
std::vector<PdfText> column(const std::vector<std::string>& lines, double x = 72, double top = 700, double size = 10) {
  std::vector<PdfText> out;
  for (const auto& line : lines) {
    out.push_back({x, top, size, line});
    top -= size * 1.3;
  }
  return out;
}

std::string note_of(const Cleaned& out, const std::string& part) {
  for (const auto& note : out.notes) {
    if (note.message.find(part) != std::string::npos) return note.message;
  }
  return {};
}

}  // namespace

TEST_CASE("a PDF: title, author and date of the file, headings by size, paragraphs joined over lines") {
  std::vector<PdfText> page = {{72, 760, 20, "Bread and time"}, {72, 730, 14, "1 The starter"}};
  for (auto& line : column({"A starter is flour and water left alone for a week. It ferments be-",
                            "cause wild yeast lives on the grain, and the well-known smell comes", "later.",
                            "Feed it every day."})) {
    page.push_back(std::move(line));
  }
  const auto out = cleaned({page}, {"Bread & time", "김하늘", "D:20240501093000+09'00'"});
  CHECK(out.title == "Bread & time");
  CHECK(out.authors == std::vector<std::string>{"김하늘"});
  CHECK(format_time(out.published) == "2024-05-01T00:30:00.000Z");
  CHECK(out.language == "en");
  CHECK(out.markdown ==
        "# Bread and time\n\n## 1 The starter\n\nA starter is flour and water left alone for a week. It ferments "
        "because wild yeast "
        "lives on the grain, and the well-known smell comes later.\n\nFeed it every day.");
  CHECK(out.metadata.at("pages") == "1");
}

TEST_CASE("Korean lines: a word cut by the line end is joined, words between lines stay apart") {
  const auto out = cleaned({column({"르방은 밀가루와 물만으로 만든 반죽이다. 발효 속도는 온도에 따라 크게 달라",
                                    "지며 여름에는 네 시간, 겨울에는 열 시간이 걸린다. 계절마다 달라지며 속도도 변하니",
                                    "반죽을 보는 눈이 시계보다 정확하다. 그래서 반죽을 자주 들여다본다."})});
  CHECK(out.language == "ko");
  CHECK(out.markdown.find("크게 달라지며 여름에는") != std::string::npos);
  CHECK(out.markdown.find("변하니 반죽을 보는") != std::string::npos);
}

TEST_CASE("headers, footers and page numbers of several pages go, and are recorded; text goes on over pages") {
  std::vector<std::vector<PdfText>> pages;
  const std::vector<std::string> ends = {"The first page ends in the middle of a sentence that has to go on and",
                                         "The second page has sentences of its own, and it ends with a full stop.",
                                         "The third one is the last of them, which can be seen by its number."};
  for (std::size_t i = 0; i < 3; ++i) {
    std::vector<PdfText> page = {{72, 810, 9, "빵과 시간 · Bread and time"},
                                 {290, 30, 9, "- " + std::to_string(i + 1) + " -"}};
    const std::string first =
        i == 1 ? "on, over the end of the page, as sentences of books do when nobody cares."
               : "Page text number " + std::to_string(i) + " begins here and is long enough to fill one line.";
    for (auto& line : column({first, ends[i]})) page.push_back(std::move(line));
    pages.push_back(std::move(page));
  }
  const auto out = cleaned(pages);
  CHECK(out.markdown.find("Bread and time") == std::string::npos);
  CHECK(out.markdown.find("- 1 -") == std::string::npos);
  CHECK(out.markdown.find("has to go on and on, over the end of the page") != std::string::npos);
  CHECK(!note_of(out, "빵과 시간").empty());
  CHECK(!note_of(out, "- 1 -").empty());
}

TEST_CASE("two columns are read one after the other; bullets become a list") {
  auto page = column({"Left column, first line of text that is rather long", "left second line of text."}, 50);
  for (auto& line : column({"Right column, first line of text also rather long", "right second line of text."}, 330))
    page.push_back(std::move(line));
  const auto out = cleaned({page});
  const std::size_t left = out.markdown.find("left second line"), right = out.markdown.find("Right column");
  REQUIRE(left != std::string::npos);
  REQUIRE(right != std::string::npos);
  CHECK(left < right);

  const auto list = cleaned({column({"• 밀가루 500 g", "• 물 350 g", "• 소금 10 g"})});
  CHECK(list.markdown == "- 밀가루 500 g\n- 물 350 g\n- 소금 10 g");
}

TEST_CASE("no text, no PDF, a damaged one, a missing program: errors that say what to do") {
  const auto empty = clean(pdf(make_pdf({{}})), {});
  REQUIRE_FALSE(empty);
  CHECK(empty.error().message.find("images") != std::string::npos);
  CHECK(empty.error().hint.find("ocr") != std::string::npos);
  CHECK(empty.error().where == "file:///papers/a.pdf");

  const auto page = clean(pdf("<html>"), {});
  REQUIRE_FALSE(page);
  CHECK(page.error().kind == ErrorKind::invalid);
  CHECK(page.error().message.find("This is no PDF") != std::string::npos);
  const std::string whole = make_pdf({column({"Text that will be lost when the file is cut."})});
  // Without the table of its objects a PDF cannot be read …
  for (const std::size_t length : {std::size_t{20}, whole.size() / 2, whole.find("trailer")}) {
    CAPTURE(length);
    const auto cut = clean(pdf(whole.substr(0, length)), {});
    REQUIRE_FALSE(cut);
    CHECK(cut.error().kind == ErrorKind::invalid);
    CHECK(cut.error().message.find("The PDF cannot be read: ") != std::string::npos);
    CHECK(cut.error().hint.find("end of the file is missing") != std::string::npos);
  }
  // … with it, poppler looks for the objects itself, and the text comes with a note.
  const auto repaired = clean(pdf(whole.substr(0, whole.find("startxref"))), {});
  REQUIRE_MESSAGE(repaired, (repaired ? std::string() : repaired.error().text()));
  CHECK(repaired->markdown == "Text that will be lost when the file is cut.");
  CHECK(!note_of(*repaired, "The PDF is damaged").empty());
  CHECK(note_of(*clean(pdf(whole), {}), "The PDF is damaged").empty());
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", "/nowhere", 1);
  const auto missing = clean(pdf(whole), {});
  ::setenv("PATH", path.c_str(), 1);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().kind == ErrorKind::not_found);
  CHECK(missing.error().hint.find("apt-get install poppler-utils") != std::string::npos);
}

TEST_CASE("an encrypted PDF is refused by name") {
  // A user password, 40 bit RC4 (ISO 32000, 7.6): the keys are not those of the empty password.
  std::string bytes = make_pdf({column({"secret"})});
  const std::string zeros(64, 'A');
  const std::size_t trailer = bytes.find("/Root 1 0 R");
  bytes.insert(trailer,
               "/ID [<00112233445566778899AABBCCDDEEFF> <00112233445566778899AABBCCDDEEFF>] /Encrypt << /Filter "
               "/Standard /V 1 /R 2 /P -4 /O <" +
                   zeros + "> /U <" + zeros + "> >> ");
  const auto out = clean(pdf(bytes), {});
  REQUIRE_FALSE(out);
  CHECK(out.error().message.find("encrypted") != std::string::npos);
}

TEST_CASE("a run that takes too long or prints too much is ended") {
  CleanRules rules;
  rules.formats.max_unpacked_megabytes = 1;
  std::vector<std::vector<PdfText>> pages(
      400, column(std::vector<std::string>(40, "The same line of text again and again, until it is too much of it.")));
  const auto out = clean(pdf(make_pdf(pages)), rules);
  REQUIRE_FALSE(out);
  CHECK(out.error().kind == ErrorKind::limit);
}

TEST_CASE("joining lines") {
  Vocabulary vocabulary;
  vocabulary.add_line("x state-of-the-art methods are well-known x");
  vocabulary.add_line("x 데이터베이스를 다루는 방법은 인덱스를 x");
  CHECK(join_lines({"this is well-", "known to all"}, vocabulary) == "this is well-known to all");
  CHECK(join_lines({"the data-", "base grows"}, vocabulary) == "the database grows");
  CHECK(join_lines({"from A-", "Z"}, vocabulary) == "from A- Z");
  CHECK(join_lines({"soft\u00ad", "ware"}, vocabulary) == "software");
  CHECK(join_lines({"데이터베", "이스를 쓴다"}, vocabulary) == "데이터베이스를 쓴다");
  CHECK(join_lines({"인덱스를", "다루는 방법"}, vocabulary) == "인덱스를 다루는 방법");
  CHECK(join_lines({"정리하면 다음과 같", "습니다."}, vocabulary) == "정리하면 다음과 같습니다.");
  CHECK(join_lines({"中文没有", "空格"}, vocabulary) == "中文没有空格");
  CHECK(join_lines({"영어 word", "다음 줄"}, vocabulary) == "영어 word 다음 줄");
}
