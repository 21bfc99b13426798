// A line of a program that has no source of its own.
#include <nlohmann/json.hpp>

#include "check.h"
#include "feature/sources/command/record.h"
#include "feature/sources/json/fields.h"
#include "fuzz.h"

using namespace twin;

TWIN_FUZZ(command_record, bytes) {
  const Json record = feature::json::parse(bytes);
  if (record.is_discarded()) return;
  feature::command::RecordRules rules;
  rules.fields = {{"title", "a.b"}, {"tags", "labels"}};
  std::vector<Error> notes;
  const auto document =
      feature::command::read_record(record, rules, {.name = "tap", .stream = "s", .keys = {"id"}}, notes);
  if (document) {
    fuzz::require(!document->url.empty() && !document->bytes.empty(), "a document has an address and content");
    fuzz::require_utf8(document->url + document->title + document->bytes, "it is UTF-8");
  } else {
    fuzz::require(!document.error().message.empty(), "an error says what happened");
  }
  rules.url_template = "https://example.org/{id}";
  static_cast<void>(feature::command::read_record(record, rules, {.name = "tap", .stream = {}, .keys = {}}, notes));
  bool deleted = false;
  static_cast<void>(feature::command::read_export(record, {{"user_1", record}}, deleted));
}
