#include "feature/datasets/samples_file.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/hash.h"
#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/samples/steps.h"

namespace twin::feature {
namespace {

constexpr auto invalid_utf8 = Json::error_handler_t::replace;  // never thrown over one bad byte

std::string dump(const Json& json, int indent = -1) {
  return json.dump(indent, ' ', false, invalid_utf8) + "\n";
}

std::string to_jsonl(const std::vector<Rejection>& rejections) {
  std::string out;
  for (const Rejection& rejection : rejections) {
    out += dump(Json{{"sample_id", rejection.sample_id},
                     {"document_id", rejection.document_id},
                     {"start", rejection.start},
                     {"end", rejection.end},
                     {"reason", rejection.reason},
                     {"detail", rejection.detail}});
  }
  return out;
}

std::string to_jsonl(const std::vector<PiiRecord>& records) {
  std::string out;
  for (const PiiRecord& record : records) {
    out += dump(Json{{"sample_id", record.sample_id},
                     {"document_id", record.document_id},
                     {"part", record.part},
                     {"kind", record.kind},
                     {"start", record.start},
                     {"end", record.end},
                     {"action", record.action}});
  }
  return out;
}

Json steps_json(const DatasetReport& report) {
  int kept = 0;
  for (const auto& [split, count] : report.counts) kept += count;
  Json steps = Json::array();
  for (const StepCount& step : step_counts(report.reasons, kept)) {
    Json json{{"step", step.step}, {"unit", step.unit}, {"removed", step.removed}};
    if (step.in >= 0) json.update(Json{{"in", step.in}, {"out", step.out}});
    steps.push_back(std::move(json));
  }
  return steps;
}

Json pii_json(const std::vector<PiiRecord>& records) {
  std::map<std::string, int> kinds;
  std::map<std::string, int> samples;  // by action; records of a sample follow each other
  const std::string* last = nullptr;
  for (const PiiRecord& record : records) {
    ++kinds[record.kind];
    if (!last || *last != record.sample_id) ++samples[record.action];
    last = &record.sample_id;
  }
  return Json{{"found", kinds}, {"samples", samples}};
}

class FolderWriter {
 public:
  explicit FolderWriter(const std::filesystem::path& folder) : folder_(folder) {}

  void write(const std::string& name, const std::string& bytes, std::size_t lines) {
    value_or_throw(disk().write(folder_ / name, bytes));
    files_[name] = Json{{"sha256", sha256_hex(bytes)}, {"bytes", bytes.size()}, {"lines", lines}};
  }
  [[nodiscard]] const Json& files() const { return files_; }

 private:
  const std::filesystem::path& folder_;
  Json files_ = Json::object();
};

}  // namespace

std::string to_jsonl(const std::vector<Sample>& samples) {
  std::string out;
  for (const Sample& sample : samples) out += dump(to_json(sample));
  return out;
}

void write_dataset(const std::filesystem::path& folder, const std::string& kind,
                   const std::map<std::string, std::vector<Sample>>& by_split, const Json& facts,
                   DatasetReport& report) {
  FolderWriter writer(folder);
  for (const auto& [split, samples] : by_split) {
    report.counts[kind + "/" + split] = static_cast<int>(samples.size());
    writer.write(split + ".jsonl", to_jsonl(samples), samples.size());
  }
  for (const Rejection& rejection : report.rejections) ++report.reasons[rejection.reason];
  writer.write("rejected.jsonl", to_jsonl(report.rejections), report.rejections.size());
  writer.write("pii.jsonl", to_jsonl(report.pii), report.pii.size());
  const Json manifest{{"kind", kind},
                      {"dataset_version", dataset_version},
                      {"made_with", facts},
                      {"counts", report.counts},
                      {"rejected", report.reasons},
                      {"steps", steps_json(report)},
                      {"pii", pii_json(report.pii)},
                      {"coverage", report.coverage},
                      {"files", writer.files()}};
  const std::string bytes = dump(manifest, 2);
  value_or_throw(disk().write(folder / "manifest.json", bytes));
  report.sha256 = sha256_hex(bytes);
}

Result<std::vector<Sample>> read_samples(const std::filesystem::path& jsonl) {
  std::ifstream in(jsonl, std::ios::binary);
  if (!in) return fail(ErrorKind::not_found, tr("There is no such dataset file"), jsonl.string());
  std::vector<Sample> out;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (text::trim(line).empty()) continue;
    const std::string where = jsonl.string() + ":" + std::to_string(number);
    const Json json = Json::parse(line, nullptr, false);
    if (json.is_discarded()) return fail(ErrorKind::invalid, tr("Not a line of JSON"), where);
    Result<Sample> sample = sample_from_json(json);
    if (!sample) {
      sample.error().where = where;
      return tl::unexpected(std::move(sample.error()));
    }
    out.push_back(std::move(*sample));
  }
  if (in.bad()) return fail(ErrorKind::io, tr("Reading failed"), jsonl.string());
  return out;
}

}  // namespace twin::feature
