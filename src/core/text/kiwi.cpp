#include "core/text/kiwi.h"

#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "core/i18n.h"
#include "core/process.h"
#include "core/text/enclosures.h"
#include "core/text/unicode.h"

namespace twin::text {
namespace {

namespace fs = std::filesystem;

// The part of Kiwi's C interface (kiwi/capi.h of 0.24) that is used. Its structures are passed by value, so another
// version of the library is refused.
constexpr std::string_view interface_version = "0.24.";

struct TokenInfo {
  std::uint32_t position = 0, word = 0, sentence = 0, line = 0;  // in UTF-16 units
  std::uint16_t length = 0;
  std::uint8_t tag = 0, sense = 0;
  // what follows is not read
};

struct AnalyzeOptions {
  int match = 0;
  void* blocklist = nullptr;
  int open_ending = 0;
  int dialects = 0;
  float dialect_cost = 3;
  void* typos = nullptr;
  float typo_threshold = 2.5F;
};

constexpr int build_default = 15;                    // allomorphs integrated, all dictionaries
constexpr int match_all = 0x3F | 1 << 23 | 1 << 16;  // addresses, tags, serial numbers, emoji; codas split, normalized

struct Interface {
  const char* (*version)() = nullptr;
  const char* (*error)() = nullptr;
  void* (*init)(const char* model, int threads, int options, int dialects) = nullptr;
  int (*close)(void* kiwi) = nullptr;
  void* (*analyze)(void* kiwi, const char16_t* text, int top, AnalyzeOptions options, void* pretokenized) = nullptr;
  int (*res_size)(void* result) = nullptr;
  int (*res_words)(void* result, int index) = nullptr;
  const TokenInfo* (*res_info)(void* result, int index, int number) = nullptr;
  const char* (*res_form)(void* result, int index, int number) = nullptr;
  const char* (*res_tag)(void* result, int index, int number) = nullptr;
  int (*res_close)(void* result) = nullptr;
  void* (*split)(void* kiwi, const char16_t* text, int match, void** tokens) = nullptr;
  int (*ss_size)(void* result) = nullptr;
  int (*ss_begin)(void* result, int index) = nullptr;
  int (*ss_end)(void* result, int index) = nullptr;
  int (*ss_close)(void* result) = nullptr;

  /// The name of the first function that is missing, or null.
  const char* bind(void* library) {
    const char* missing = nullptr;
    const auto find = [&](auto& function, const char* name) {
      function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(::dlsym(library, name));
      if (function == nullptr && missing == nullptr) missing = name;
    };
    find(version, "kiwi_version");
    find(error, "kiwi_error");
    find(init, "kiwi_init");
    find(close, "kiwi_close");
    find(analyze, "kiwi_analyze_w");
    find(res_size, "kiwi_res_size");
    find(res_words, "kiwi_res_word_num");
    find(res_info, "kiwi_res_token_info");
    find(res_form, "kiwi_res_form");
    find(res_tag, "kiwi_res_tag");
    find(res_close, "kiwi_res_close");
    find(split, "kiwi_split_into_sents_w");
    find(ss_size, "kiwi_ss_size");
    find(ss_begin, "kiwi_ss_begin_position");
    find(ss_end, "kiwi_ss_end_position");
    find(ss_close, "kiwi_ss_close");
    return missing;
  }
};

/// A text as Kiwi takes it, and where each of its units lies in ours.
class Utf16 {
 public:
  explicit Utf16(std::string_view utf8) {
    for (const Codepoint& point : codepoints(utf8)) {
      const char32_t c = point.value == 0 ? U' ' : point.value;  // a NUL would end the text
      if (c >= 0x10000) {
        put(static_cast<char16_t>(0xD800 + ((c - 0x10000) >> 10u)), point.offset);
        put(static_cast<char16_t>(0xDC00 + ((c - 0x10000) & 0x3FFu)), point.offset);
      } else {
        put(static_cast<char16_t>(c), point.offset);
      }
    }
    offsets_.push_back(utf8.size());
  }
  [[nodiscard]] const char16_t* data() const { return units_.c_str(); }
  [[nodiscard]] std::size_t offset(std::int64_t unit) const {
    return offsets_[static_cast<std::size_t>(std::clamp<std::int64_t>(unit, 0, std::ssize(offsets_) - 1))];
  }

 private:
  void put(char16_t unit, std::size_t offset) {
    units_ += unit;
    offsets_.push_back(offset);
  }
  std::u16string units_;
  std::vector<std::size_t> offsets_;
};

/// ㅋㅋ, ^^, emoji: no sentence of their own.
bool only_signs(std::string_view text) {
  const auto points = codepoints(text);
  return std::none_of(points.begin(), points.end(), [](const Codepoint& point) {
    const bool jamo = point.value >= 0x3131 && point.value <= 0x318E;
    return (is_letter(point.value) && !jamo) || is_digit(point.value);
  });
}

class LoadedKiwi final : public Kiwi {
 public:
  LoadedKiwi(Interface functions, void* handle) : functions_(functions), handle_(handle) {}
  ~LoadedKiwi() override { functions_.close(handle_); }

  [[nodiscard]] std::string version() const override { return functions_.version(); }

  [[nodiscard]] Result<std::vector<Morpheme>> morphemes(std::string_view utf8) const override {
    const Utf16 text(utf8);
    AnalyzeOptions options;
    options.match = match_all;
    const auto close = functions_.res_close;
    const std::unique_ptr<void, int (*)(void*)> result(functions_.analyze(handle_, text.data(), 1, options, nullptr),
                                                       close);
    if (!result) return failed();
    std::vector<Morpheme> out;
    const int count = functions_.res_size(result.get()) > 0 ? functions_.res_words(result.get(), 0) : 0;
    for (int i = 0; i < count; ++i) {
      const TokenInfo* info = functions_.res_info(result.get(), 0, i);
      const char* form = functions_.res_form(result.get(), 0, i);
      const char* tag = functions_.res_tag(result.get(), 0, i);
      if (info == nullptr || form == nullptr || tag == nullptr) return failed();
      const std::int64_t start = info->position, end = start + info->length;
      out.push_back({form, tag, {text.offset(start), text.offset(end)}, info->word, info->sentence});
    }
    return out;
  }

  [[nodiscard]] Result<std::vector<Span>> sentences(std::string_view utf8) const override {
    std::vector<Span> out;
    for (const Span& line : line_spans(utf8)) {
      const std::string_view text = utf8.substr(line.start, line.end - line.start);
      const auto ends = boundaries(text);
      if (!ends) return tl::unexpected(ends.error());
      for (const Span& sentence : text::sentences(text)) divide(text, sentence, *ends, line.start, out);
    }
    return out;
  }

 private:
  /// Where Kiwi begins a sentence within the line, quotations and brackets left whole.
  [[nodiscard]] Result<std::vector<std::size_t>> boundaries(std::string_view line) const {
    const Utf16 text(line);
    const std::unique_ptr<void, int (*)(void*)> result(functions_.split(handle_, text.data(), match_all, nullptr),
                                                       functions_.ss_close);
    if (!result) return failed();
    const std::vector<Span> closed = closed_spans(line);
    std::vector<std::size_t> out;
    for (int i = 1; i < functions_.ss_size(result.get()); ++i) {
      const std::size_t at = text.offset(functions_.ss_begin(result.get(), i));
      const bool inside =
          std::any_of(closed.begin(), closed.end(), [&](const Span& s) { return at > s.start && at < s.end; });
      if (!inside) out.push_back(at);
    }
    return out;
  }

  /// A sentence of the free rules, at the ends that only Kiwi sees: those without a mark. What a mark means is settled.
  static void divide(std::string_view line, Span sentence, const std::vector<std::size_t>& ends, std::size_t at,
                     std::vector<Span>& out) {
    std::size_t begin = sentence.start;
    for (const std::size_t end : ends) {
      if (end <= begin || end >= sentence.end) continue;
      const std::string_view before = trim(line.substr(begin, end - begin));
      if (!ends_in_word(before) || only_signs(line.substr(end, sentence.end - end))) continue;
      out.push_back({begin + at, begin + before.size() + at});
      begin = end;
    }
    if (begin < sentence.end) out.push_back({begin + at, sentence.end + at});
  }

  /// In Hangul or an emoticon, after more than one syllable.
  static bool ends_in_word(std::string_view text) {
    const auto points = codepoints(text);
    if (points.size() < 3) return false;
    const char32_t last = points.back().value;
    return is_hangul(last) || (last >= 0x3131 && last <= 0x318E) || last == U'~' || last == U'^';
  }

  /// What lies between marks that close: no sentence ends there.
  static std::vector<Span> closed_spans(std::string_view line) {
    const auto points = codepoints(line);
    const auto closed_at = enclosures(points);
    std::vector<Span> out;
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (closed_at[i] == 0) continue;
      out.push_back({points[i].offset, points[closed_at[i]].offset + points[closed_at[i]].length});
      i = closed_at[i];
    }
    return out;
  }

  [[nodiscard]] tl::unexpected<Error> failed() const {
    const char* why = functions_.error();
    return fail(ErrorKind::internal, tr("Kiwi could not analyse the text: {}", why != nullptr ? why : ""));
  }

  Interface functions_;
  void* handle_;
};

std::string how_to_install() {
  return tr("build it with scripts/setup/setup.sh kiwi, or name its folder in TWIN_KIWI");
}

Result<fs::path> installed() {
  std::vector<fs::path> places;
  if (const char* folder = std::getenv("TWIN_KIWI"); folder != nullptr && *folder != '\0') {
    places.emplace_back(folder);
  } else {
    const fs::path here = program_folder();
    places = {here / "kiwi", here / ".." / "lib" / "twin" / "kiwi"};
  }
  std::error_code code;
  for (const fs::path& place : places) {
    if (fs::exists(place / "libkiwi.so", code)) return place.lexically_normal();
  }
  return fail(ErrorKind::not_found, tr("Kiwi is not installed"), places.front().string(), how_to_install());
}

}  // namespace

bool is_content(const Morpheme& morpheme) {
  const std::string_view tag = morpheme.tag;
  static constexpr std::array<std::string_view, 14> content = {"NNG", "NNP", "NNB", "NR", "NP", "VV", "VA",
                                                               "MM",  "MAG", "XR",  "SL", "SH", "SN", "W_"};
  return std::any_of(content.begin(), content.end(), [&](std::string_view prefix) { return tag.starts_with(prefix); });
}

Result<std::shared_ptr<const Kiwi>> Kiwi::load(const fs::path& folder) {
  const fs::path file = folder / "libkiwi.so";
  std::error_code code;
  if (!fs::exists(file, code) || !fs::exists(folder / "model", code)) {
    return fail(ErrorKind::not_found, tr("Kiwi is not installed"), folder.string(), how_to_install());
  }
  // Never unloaded: it keeps threads' state until the end of the program.
  void* library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* why = ::dlerror();
    return fail(ErrorKind::invalid, tr("Kiwi's library cannot be loaded: {}", why != nullptr ? why : ""), file.string(),
                how_to_install());
  }
  Interface functions;
  if (const char* missing = functions.bind(library)) {
    return fail(ErrorKind::invalid, tr("Kiwi's library has no function {}", missing), file.string(), how_to_install());
  }
  const std::string version = functions.version();
  if (!version.starts_with(interface_version)) {
    return fail(ErrorKind::invalid, tr("Kiwi is {}, but {} is needed", version, "0.24"), file.string(),
                how_to_install());
  }
  void* handle = functions.init((folder / "model").c_str(), 1, build_default, 0);
  if (handle == nullptr) {
    const char* why = functions.error();
    return fail(ErrorKind::invalid, tr("Kiwi's model cannot be read: {}", why != nullptr ? why : ""),
                (folder / "model").string(), how_to_install());
  }
  return std::make_shared<LoadedKiwi>(functions, handle);
}

Result<std::shared_ptr<const Kiwi>> Kiwi::shared() {
  static const Result<std::shared_ptr<const Kiwi>> kiwi = [] {
    const auto folder = installed();
    return folder ? load(*folder) : Result<std::shared_ptr<const Kiwi>>(tl::unexpected(folder.error()));
  }();
  return kiwi;
}

}  // namespace twin::text
