#include "training/trainer/metrics.h"

#include <nlohmann/json.hpp>
#include <string>

#include "core/files.h"
#include "core/i18n.h"

namespace twin::training {

void Metrics::keep_until(std::int64_t step) {
  out_.close();
  std::string kept;
  std::ifstream in(file_);
  for (std::string line; step >= 0 && std::getline(in, line);) {
    const auto json = Json::parse(line, nullptr, false);
    if (json.is_object() && json.value("step", std::int64_t{0}) <= step) kept += line + "\n";
  }
  value_or_throw(disk().write(file_, kept));
  out_.open(file_, std::ios::app);
  if (!out_) throw Fatal(ErrorKind::io, tr("The metrics file cannot be opened"), file_.string());
}

void Metrics::append(const Json& event) {
  out_ << event.dump() << '\n' << std::flush;
  if (!out_) throw Fatal(ErrorKind::io, tr("Writing metrics failed: is the disk full?"), file_.string());
}

}  // namespace twin::training
