#include "core/csv.h"

#include <csv.h>

#include "core/i18n.h"

namespace twin {
namespace {

constexpr std::size_t kSampleBytes = 1u << 16;

struct State {
  const std::function<bool(CsvRow&&)>& row;
  const CsvLimits& limits;
  CsvRow fields = {};
  std::size_t rows = 0;
  bool stopped = false, too_long = false, too_many = false;
};

void on_field(void* bytes, std::size_t size, void* data) {
  auto& state = *static_cast<State*>(data);
  if (size > state.limits.max_field_bytes) state.too_long = true;
  if (state.stopped || state.too_long || state.too_many) return;
  state.fields.emplace_back(static_cast<const char*>(bytes), size);
}

void on_row(int, void* data) {
  auto& state = *static_cast<State*>(data);
  if (++state.rows > state.limits.max_rows) state.too_many = true;
  if (!state.stopped && !state.too_long && !state.too_many) state.stopped = !state.row(std::move(state.fields));
  state.fields.clear();
}

Result<void> within_limits(const State& state) {
  if (state.too_long)
    return fail(ErrorKind::limit, tr("A field of the table is larger than {} bytes", state.limits.max_field_bytes));
  if (state.too_many) return fail(ErrorKind::limit, tr("The table has more than {} rows", state.limits.max_rows));
  return {};
}

struct Parser {
  csv_parser value{};
  bool good;
  Parser() : good(::csv_init(&value, 0) == 0) {}
  ~Parser() { ::csv_free(&value); }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;
};

}  // namespace

Result<void> read_csv(std::string_view utf8, const std::function<bool(CsvRow&&)>& row, const CsvLimits& limits) {
  if (utf8.starts_with("\xEF\xBB\xBF")) utf8.remove_prefix(3);
  Parser parser;
  if (!parser.good) return fail(ErrorKind::internal, "libcsv cannot be set up");
  State state{.row = row, .limits = limits};
  while (!utf8.empty() && !state.stopped) {
    const std::string_view part = utf8.substr(0, kSampleBytes);
    const std::size_t read = ::csv_parse(&parser.value, part.data(), part.size(), on_field, on_row, &state);
    if (read != part.size()) {
      return fail(ErrorKind::invalid, tr("This is no CSV: {}", ::csv_strerror(::csv_error(&parser.value))));
    }
    if (auto within = within_limits(state); !within) return within;
    utf8.remove_prefix(part.size());
  }
  if (state.stopped) return {};
  // csv_fini() would give what came of a field that never ended; only its strict mode, which refuses stray quotes, does
  // not.
  constexpr int field_begun = 2;
  if (parser.value.quoted != 0 && parser.value.pstate == field_begun) {
    return fail(ErrorKind::invalid, tr("The table ends in the middle of a quoted field (row {})", state.rows + 1));
  }
  ::csv_fini(&parser.value, on_field, on_row, &state);
  return within_limits(state);
}

}  // namespace twin
