#include "stores/index/fts5_tokenizer.h"

#include <sqlite3.h>

#include <exception>
#include <new>

#include "core/result.h"
#include "stores/index/tokenizer.h"

namespace twin::stores {
namespace {

using TokenCallback = int (*)(void* context, int flags, const char* token, int size, int start, int end);

int create(void*, const char**, int, Fts5Tokenizer** out) {
  try {
    *out = reinterpret_cast<Fts5Tokenizer*>(new Tokenizer());
    return SQLITE_OK;
  } catch (const std::exception&) {
    return SQLITE_NOMEM;  // an exception must not pass through C
  }
}

void destroy(Fts5Tokenizer* tokenizer) {
  delete reinterpret_cast<Tokenizer*>(tokenizer);
}

int tokenize(Fts5Tokenizer* tokenizer, void* context, int flags, const char* text, int size, TokenCallback callback) {
  // Query tokens are final: stemming a stem again would change it.
  if (flags & FTS5_TOKENIZE_QUERY) return size > 0 ? callback(context, 0, text, size, 0, size) : SQLITE_OK;
  int status = SQLITE_OK;
  const auto send = [&](const Token& token) {
    if (status != SQLITE_OK) return;
    status = callback(context, token.colocated ? FTS5_TOKEN_COLOCATED : 0, token.text.data(),
                      static_cast<int>(token.text.size()), static_cast<int>(token.start), static_cast<int>(token.end));
  };
  try {
    reinterpret_cast<Tokenizer*>(tokenizer)->tokenize({text, static_cast<std::size_t>(size)},
                                                      Tokenizer::Purpose::document, send);
  } catch (const std::bad_alloc&) {
    return SQLITE_NOMEM;
  } catch (const std::exception&) {
    return SQLITE_ERROR;
  }
  return status;
}

fts5_api* api_of(SQLite::Database& database) {
  fts5_api* api = nullptr;
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(database.getHandle(), "SELECT fts5(?1)", -1, &statement, nullptr) == SQLITE_OK) {
    sqlite3_bind_pointer(statement, 1, &api, "fts5_api_ptr", nullptr);
    sqlite3_step(statement);
  }
  sqlite3_finalize(statement);
  return api;
}

}  // namespace

void register_tokenizer(SQLite::Database& database) {
  fts5_api* api = api_of(database);
  if (!api) throw Fatal(ErrorKind::internal, "this SQLite was built without FTS5");
  fts5_tokenizer functions{&create, &destroy, &tokenize};
  if (api->xCreateTokenizer(api, "twin", nullptr, &functions, nullptr) != SQLITE_OK) {
    throw Fatal(ErrorKind::internal, "FTS5 refused the tokenizer");
  }
}

std::string match_any(const std::vector<std::string>& tokens) {
  std::string expression;
  for (const auto& token : tokens) {
    if (!expression.empty()) expression += " OR ";
    expression += '"';
    for (const char c : token) expression.append(c == '"' ? 2 : 1, c);
    expression += '"';
  }
  return expression;
}

}  // namespace twin::stores
