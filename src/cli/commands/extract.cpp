// twin extract: the writing of any page or file, without a project. One, or a list of them in parallel.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "cli/commands.h"
#include "cli/session.h"
#include "core/i18n.h"
#include "core/process.h"
#include "core/text/unicode.h"
#include "feature/clean/extract.h"
#include "feature/collect/canonical_url.h"
#include "feature/collect/fetch.h"

namespace twin::cli {
namespace {

using feature::Extract;

Json optional_text(const std::optional<std::string>& text) {
  return text ? Json(*text) : Json(nullptr);
}

Json to_json(const Extract& extract) {
  return {{"title", extract.title},
          {"author", optional_text(extract.author)},
          {"published", optional_text(extract.published)},
          {"modified", optional_text(extract.modified)},
          {"language", extract.language},
          {"url", extract.url},
          {"text", extract.text},
          {"markdown", extract.markdown},
          {"source", extract.source}};
}

/// Reads places (files, URLs, "-") and extracts. Thread-safe.
class Reader {
 public:
  Reader(feature::CleanRules rules, std::uint64_t max_bytes, std::stop_token stop)
      : rules_(std::move(rules)), max_bytes_(max_bytes), stop_(std::move(stop)) {}

  /// `url`: where the bytes really come from, for relative links; empty: from the place.
  Result<Extract> read(const std::string& place, const std::string& url) {
    auto raw = feature::is_web(place) ? from_web(place) : from_file(place);
    if (!raw) return tl::unexpected(raw.error());
    if (!url.empty()) raw->url = url;
    return feature::extract(*raw, rules_);
  }

 private:
  Result<feature::RawDocument> from_web(const std::string& url) {
    HttpRequest request;
    request.url = url;
    request.max_bytes = max_bytes_;
    request.stop = stop_;
    auto response = feature::fetch(http(), system_clock(), request);
    if (!response) return tl::unexpected(response.error());
    feature::RawDocument raw;
    raw.url = response->url.empty() ? url : response->url;
    const std::string type = text::fold(response->header("content-type"));
    raw.media_type = std::string(text::trim(type.substr(0, type.find(';'))));
    if (const std::size_t at = type.find("charset="); at != std::string::npos) {
      const std::size_t from = at + 8;
      std::string charset = type.substr(from, type.find_first_of("; ", from) - from);
      std::erase(charset, '"');
      if (!charset.empty()) raw.metadata["charset"] = charset;
    }
    raw.bytes = std::move(response->body);
    if (raw.media_type.empty()) raw.media_type = feature::guess_media_type({}, raw.bytes);
    return raw;
  }

  Result<feature::RawDocument> from_file(const std::string& place) {
    feature::RawDocument raw;
    raw.url = place;
    if (place == "-") {
      raw.bytes.assign(std::istreambuf_iterator<char>(std::cin), {});
      if (raw.bytes.size() > max_bytes_) {
        return fail(ErrorKind::limit, tr("The input is larger than {} bytes", max_bytes_), place,
                    tr("raise --max-megabytes"));
      }
    } else {
      auto bytes = disk().read(place, max_bytes_);
      if (!bytes) return tl::unexpected(bytes.error());
      raw.bytes = std::move(*bytes);
    }
    raw.media_type = feature::guess_media_type(place, raw.bytes);
    return raw;
  }

  HttpClient& http() {
    const std::lock_guard lock(mutex_);
    if (!http_) http_ = make_http_client();
    return *http_;
  }

  feature::CleanRules rules_;
  std::uint64_t max_bytes_;
  std::stop_token stop_;
  std::mutex mutex_;
  std::unique_ptr<HttpClient> http_;
};

/// Lines of a list through several threads, answers in the order of the list. No more than a few lines for each thread
/// are held at a time, however long the list is.
class OrderedLines {
 public:
  using Work = std::function<std::string(const std::string&)>;

  OrderedLines(std::istream& in, unsigned threads, Work work, std::stop_token stop)
      : in_(in), window_(std::size_t{threads} * 4), work_(std::move(work)), stop_(std::move(stop)) {
    for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
  }
  ~OrderedLines() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    changed_.notify_all();
  }

  /// The next answer; nullopt at the end of the list.
  std::optional<std::string> next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return done_.contains(written_) || (ended_ && written_ == taken_); });
    const auto it = done_.find(written_);
    if (it == done_.end()) return std::nullopt;
    std::string line = std::move(it->second);
    done_.erase(it);
    ++written_;
    changed_.notify_all();
    return line;
  }

 private:
  void run() {
    for (;;) {
      std::string entry;
      std::size_t number = 0;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return ended_ || taken_ - written_ < window_; });
        while (!ended_ && entry.empty()) {
          if (stop_.stop_requested() || !std::getline(in_, entry)) ended_ = true;
          entry = std::string(text::trim(entry));
        }
        if (entry.empty()) {
          changed_.notify_all();
          return;
        }
        number = taken_++;
      }
      std::string answer = work_(entry);
      const std::lock_guard lock(mutex_);
      done_.emplace(number, std::move(answer));
      changed_.notify_all();
    }
  }

  std::istream& in_;
  const std::size_t window_;
  Work work_;
  std::stop_token stop_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::size_t, std::string> done_;
  std::size_t taken_ = 0, written_ = 0;
  bool ended_ = false;
  std::vector<std::jthread> threads_;
};

class ExtractCommand final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "extract"; }
  [[nodiscard]] std::string description() const override {
    return tr("The writing of a page or file as Markdown, without a project");
  }
  void declare(Options& options) override {
    options.positional("place", place_, tr("File, URL, or - for standard input"), false);
    options.option("--list", list_, tr("File with one place a line (- for standard input): JSON lines in its order"));
    options.flag("--jsonl", jsonl_, tr("One JSON object a line (what --list writes)"));
    options.option("--url", url_, tr("Where the page comes from, for its relative links"));
    options.option("--category", category_, tr("Clean by the rules of this category"));
    options.option("--jobs", jobs_, tr("Threads for a list (0: one per core)"));
    options.option("--max-megabytes", max_megabytes_, tr("A larger page or file is an error"));
  }

  int run(Session& session) override {
    if (place_.empty() == list_.empty()) {
      throw Fatal(ErrorKind::usage, tr("twin extract takes one file or URL, or --list"), {}, "twin extract --help");
    }
    if (!list_.empty() && !url_.empty()) {
      throw Fatal(ErrorKind::usage, tr("--url belongs to one page, not to a list"));
    }
    if (jobs_ < 0 || max_megabytes_ < 1) {
      throw Fatal(ErrorKind::usage, tr("--jobs takes 0 or more, --max-megabytes 1 or more"));
    }
    Reader reader(rules(session), std::uint64_t{static_cast<unsigned>(max_megabytes_)} << 20, session.stop());
    return list_.empty() ? one(session, reader) : many(session, reader);
  }

 private:
  feature::CleanRules rules(Session& session) const {
    if (category_.empty()) return {};
    std::vector<std::filesystem::path> folders = {value_or_throw(find_data("categories"))};
    const std::filesystem::path home = session.flags().home.empty() ? "." : session.flags().home;
    if (std::filesystem::is_directory(home / "categories")) folders.push_back(home / "categories");
    const auto categories = value_or_throw(feature::load_categories(folders));
    const auto found = categories.find(category_);
    if (found == categories.end()) {
      std::vector<std::string> known;
      known.reserve(categories.size());
      for (const auto& [id, category] : categories) known.push_back(id);
      throw Fatal(ErrorKind::usage, tr("There is no category '{}'", category_), {},
                  tr("Did you mean '{}'?", text::nearest(category_, known)));
    }
    return found->second.clean;
  }

  int one(Session& session, Reader& reader) const {
    const Extract extract = value_or_throw(reader.read(place_, url_));
    if (session.json() || jsonl_) {
      session.print(to_json(extract));
    } else {
      session.print(extract.markdown);
    }
    return exit_code::done;
  }

  int many(Session& session, Reader& reader) const {
    std::ifstream file;
    if (list_ != "-") {
      file.open(list_, std::ios::binary);
      if (!file) throw Fatal(ErrorKind::not_found, tr("The file cannot be read"), list_);
    }
    std::atomic<std::size_t> failed = 0;
    const auto work = [&](const std::string& place) {
      Json json;
      try {
        const auto extract = reader.read(place, {});
        json = extract ? to_json(*extract) : Json{{"url", place}, {"error", extract.error().text()}};
      } catch (const std::exception& error) {  // a page must not end the list
        json = Json{{"url", place}, {"error", error.what()}};
      }
      if (json.contains("error")) ++failed;
      return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
    };
    const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
    OrderedLines lines(list_ == "-" ? std::cin : file, jobs_ == 0 ? cores : static_cast<unsigned>(jobs_), work,
                       session.stop());
    while (const auto line = lines.next()) {
      if (std::fwrite(line->data(), 1, line->size(), stdout) != line->size()) {
        throw Fatal(ErrorKind::io, tr("The file cannot be written"), "-");
      }
    }
    std::fflush(stdout);
    if (session.stop().stop_requested()) throw Fatal(ErrorKind::cancelled, tr("Stopped"));
    return failed > 0 ? exit_code::partial : exit_code::done;
  }

  std::string place_, list_, url_, category_;
  bool jsonl_ = false;
  int jobs_ = 0;
  int max_megabytes_ = 64;
};

}  // namespace

std::unique_ptr<Command> extract_command() {
  return std::make_unique<ExtractCommand>();
}

}  // namespace twin::cli
