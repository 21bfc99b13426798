#include "feature/training_sets/decisions.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "core/files.h"
#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/datasets/answers.h"
#include "feature/generators/draft_verdicts.h"

namespace twin::feature {
namespace {

std::string optional_text(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Json decision_json(const Decision& decision) {
  Json scores = Json::object();
  for (const auto& [name, value] : decision.scores) scores[name] = value;
  return Json{{"id", decision.sample_id},   {"decision", decision.verdict}, {"question", decision.question},
              {"answer", decision.answer},  {"reason", decision.reason},    {"edited_id", decision.edited_id},
              {"scores", std::move(scores)}};
}

/// The limit of a score that a sample does not reach, or nothing.
std::optional<std::string> missed_limit(const Sample& sample, const std::map<std::string, double>& limits) {
  for (const auto& [name, limit] : limits) {
    const auto found = sample.scores.find(name);
    if (found != sample.scores.end() && found->second < limit) {
      return fmt::format("{} {:.3g}, below {:.3g}", name, found->second, limit);
    }
  }
  return std::nullopt;
}

struct Labelled {
  double score = 0;
  bool accepted = false;
};

Calibration best_threshold(const std::string& name, const std::vector<Labelled>& labelled) {
  Calibration best;
  best.score = name;
  std::set<double> candidates;
  for (const Labelled& one : labelled) {
    candidates.insert(one.score);
    ++(one.accepted ? best.accepted : best.rejected);
  }
  for (const double threshold : candidates) {
    int taken = 0, right = 0;
    for (const Labelled& one : labelled) {
      if (one.score < threshold) continue;
      ++taken;
      right += one.accepted ? 1 : 0;
    }
    const double precision = static_cast<double>(right) / taken;  // its own value is taken: never zero
    const double recall = static_cast<double>(right) / best.accepted;
    const double f1 = right == 0 ? 0 : 2 * precision * recall / (precision + recall);
    if (threshold == *candidates.begin()) best.f1_of_all = f1;
    if (f1 <= best.f1) continue;
    best.threshold = threshold;
    best.precision = precision;
    best.recall = recall;
    best.f1 = f1;
  }
  return best;
}

}  // namespace

Result<Decision> decision_from_json(const Json& json) {
  if (!json.is_object()) return fail(ErrorKind::invalid, tr("A decision is no JSON object"));
  Decision decision;
  decision.sample_id = optional_text(json, "id");
  decision.verdict = optional_text(json, "decision");
  decision.question = optional_text(json, "question");
  decision.answer = optional_text(json, "answer");
  decision.reason = optional_text(json, "reason");
  decision.edited_id = optional_text(json, "edited_id");
  if (decision.sample_id.empty()) return fail(ErrorKind::invalid, tr("A decision needs the id of its sample"));
  if (decision.verdict != "accept" && decision.verdict != "reject" && decision.verdict != "edit") {
    return fail(ErrorKind::invalid, tr("A decision is accept, reject or edit, not '{}'", decision.verdict));
  }
  if (decision.verdict == "edit" && decision.question.empty() && decision.answer.empty()) {
    return fail(ErrorKind::invalid, tr("An edit needs a question or an answer"));
  }
  if (const auto scores = json.find("scores"); scores != json.end() && scores->is_object()) {
    for (const auto& [name, value] : scores->items()) {
      if (value.is_number()) decision.scores[name] = value.get<double>();
    }
  }
  return decision;
}

Result<std::map<std::string, Decision>> read_decisions(const std::filesystem::path& file) {
  std::map<std::string, Decision> decisions;
  std::ifstream in(file, std::ios::binary);
  std::string line;
  for (int number = 1; in && std::getline(in, line); ++number) {
    if (text::trim(line).empty()) continue;
    const Json json = Json::parse(line, nullptr, false);
    auto decision = decision_from_json(json);
    if (!decision) {
      // A line that was being written when the machine stopped has no end.
      if (json.is_discarded() && in.eof()) break;
      decision.error().where = fmt::format("{}:{}", file.string(), number);
      return tl::unexpected(decision.error());
    }
    decisions[decision->sample_id] = std::move(*decision);
  }
  return decisions;
}

Result<void> add_decision(const std::filesystem::path& file, const Decision& decision) {
  std::error_code ignored;
  std::filesystem::create_directories(file.parent_path(), ignored);
  const std::string line = decision_json(decision).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  // A line that was being written when the machine stopped is taken away.
  if (const auto before = disk().read(file); before && !before->empty() && before->back() != '\n') {
    const std::size_t newline = before->rfind('\n');
    std::filesystem::resize_file(file, newline == std::string::npos ? 0 : newline + 1, ignored);
  }
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  const bool done =
      fd >= 0 && ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size()) && ::fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (!done) return fail(ErrorKind::io, tr("Cannot write the file: {}", std::strerror(error)), file.string());
  return {};
}

void edit_sample(Sample& sample, const Decision& decision, const DatasetConfig& config) {
  const auto clean = [&](const std::string& text) {
    return config.pii == "off" ? text : mask_pii(text, find_pii(text));
  };
  if (!decision.answer.empty()) sample.answer = clean(decision.answer);
  if (!decision.question.empty() && sample.provenance.passages.empty() && !sample.prompt.empty()) {
    sample.prompt.back().content = clean(decision.question);
  }
  sample.provenance.masked.clear();
  if (is_author_text(sample) || !sample.provenance.generator.ends_with(edited_suffix)) {
    sample.provenance.generator += edited_suffix;
  }
  sample.scores["characters"] = characters(sample.answer);
  identify(sample);
}

std::map<std::string, double> score_limits(const DatasetConfig& config) {
  std::map<std::string, double> limits;
  for (const auto& [name, text] : config.min_scores) {
    char* end = nullptr;
    limits[name] = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != '\0') {
      throw Fatal(ErrorKind::usage, tr("'{}' is no number", text), "dataset.min_scores." + name);
    }
  }
  return limits;
}

void apply_decisions(const std::filesystem::path& file, const DatasetConfig& config, std::vector<Sample>& samples,
                     std::vector<Rejection>& rejections) {
  const auto decisions = file.empty() ? std::map<std::string, Decision>() : value_or_throw(read_decisions(file));
  if (decisions.empty() && config.min_scores.empty()) return;
  const auto limits = score_limits(config);
  std::vector<Sample> kept;
  for (Sample& sample : samples) {
    const auto found = decisions.find(sample.id);
    const std::string verdict = found == decisions.end() ? "" : found->second.verdict;
    if (verdict == "reject") {
      rejections.push_back(rejection_of(sample, "rejected_by_review", found->second.reason));
      continue;
    }
    if (verdict == "edit") edit_sample(sample, found->second, config);
    if (verdict.empty()) {
      if (auto missed = missed_limit(sample, limits)) {
        rejections.push_back(rejection_of(sample, "below_min_score", std::move(*missed)));
        continue;
      }
    }
    kept.push_back(std::move(sample));
  }
  samples = std::move(kept);
}

std::vector<Calibration> calibrate(const std::map<std::string, Decision>& decisions, int fewest) {
  std::map<std::string, std::vector<Labelled>> by_score;
  for (const auto& [id, decision] : decisions) {
    for (const auto& [name, value] : decision.scores) {
      by_score[name].push_back({value, decision.verdict == "accept"});
    }
  }
  std::vector<Calibration> out;
  for (const auto& [name, labelled] : by_score) {
    const auto accepted =
        std::count_if(labelled.begin(), labelled.end(), [](const Labelled& one) { return one.accepted; });
    const auto all = static_cast<std::ptrdiff_t>(labelled.size());
    if (all < fewest || accepted == 0 || accepted == all) continue;
    out.push_back(best_threshold(name, labelled));
  }
  return out;
}

}  // namespace twin::feature
