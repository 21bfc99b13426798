// Our tokenizer inside SQLite's FTS5.
#pragma once

#include <SQLiteCpp/Database.h>

#include <string>
#include <vector>

namespace twin::stores {

/// Registers `tokenize = 'twin'` on this connection. Documents go through Tokenizer; the strings of a MATCH expression
/// are taken as they are, each one token: make them with match_any().
void register_tokenizer(SQLite::Database& database);

/// The MATCH expression for passages with any of these tokens, whatever bytes they hold.
[[nodiscard]] std::string match_any(const std::vector<std::string>& tokens);

}  // namespace twin::stores
