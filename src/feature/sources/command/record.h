// JSON records of any program → documents.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/config/binder.h"
#include "core/json.h"
#include "feature/sources/source.h"

namespace twin::feature::command {

struct RecordRules {
  std::map<std::string, std::string> fields;  ///< our name → the record's, with dots into objects
  std::string url_template;
  std::vector<std::string> date_formats;
  std::string timezone = "+00:00";
  void bind(config::Binder& b);
};

/// What a record is called when it has no address of its own.
struct RecordPlace {
  std::string name;               ///< of the program
  std::string stream;             ///< of Singer; empty: none
  std::vector<std::string> keys;  ///< fields that identify a record of the stream
};

/// The simple form: url, title, text or markdown or html, published, modified, author or authors, author_email,
/// language, tags, category, and metadata. Every other field is kept as metadata. A date that cannot be read is kept as
/// text and noted. ErrorKind::invalid: no address, no content, or a field of the wrong type.
[[nodiscard]] Result<RawDocument> read_record(const Json& record, const RecordRules& rules, const RecordPlace& place,
                                              std::vector<Error>& notes);

/// A line of `twin docs export`; `users`: names by id, from its lines of the type "user".
[[nodiscard]] Result<RawDocument> read_export(Json line, const std::map<std::string, Json>& users, bool& deleted);

}  // namespace twin::feature::command
