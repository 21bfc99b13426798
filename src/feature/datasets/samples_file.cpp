#include "feature/datasets/samples_file.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/hash.h"
#include "core/i18n.h"
#include "core/text/unicode.h"

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
  const Json manifest{{"kind", kind},
                      {"dataset_version", dataset_version},
                      {"made_with", facts},
                      {"counts", report.counts},
                      {"rejected", report.reasons},
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
