#include "training/trainer/model_card.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/hash.h"
#include "training/trainer/data_summary.h"
#include "training/trainer/footprint.h"
#include "training/trainer/testing/tiny_model.h"

using namespace twin;
using namespace twin::training;

namespace {

std::string sample_line(const std::string& answer, const std::string& document) {
  return Json{{"messages", {{{"role", "user"}, {"content", "?"}}, {{"role", "assistant"}, {"content", answer}}}},
              {"metadata", {{"document_id", document}, {"generator", "extractive"}}}}
             .dump() +
         "\n";
}

}  // namespace

TEST_CASE("data summary: lines, languages, documents and generators; lines that are no JSON are counted") {
  const TempFolder folder;
  const auto file = folder.path() / "train.jsonl";
  const std::string text = sample_line("데비안은 자유 소프트웨어로 이루어진 운영체제입니다.", "d1") + "\n" +
                           sample_line("김치는 배추와 고춧가루로 담그는 음식입니다.", "d2") +
                           sample_line("한국어 문장을 하나 더 씁니다.", "d2") + "{broken\n";
  REQUIRE(disk().write(file, text).has_value());
  const DataSummary data = summarize_data(file);
  CHECK(data.lines == 4);
  CHECK(data.inspected == 3);
  CHECK(data.languages == std::map<std::string, std::int64_t>{{"ko", 3}});
  CHECK(data.documents == 2);
  CHECK(data.generators == std::map<std::string, std::int64_t>{{"extractive", 3}});
  CHECK(data.sha256 == sha256_hex(text));
  CHECK(summarize_data(folder.path() / "absent").lines == 0);
}

TEST_CASE("footprint: cores times time times watts times the grid's carbon") {
  const Footprint cost = footprint_of(2, 1800, {.core_watts = 10, .grid_co2 = 400});
  CHECK(cost.cpu_seconds == doctest::Approx(3600));
  CHECK(cost.watt_hours == doctest::Approx(10));
  CHECK(cost.grams_co2e == doctest::Approx(4));
  CHECK(estimate_footprint(10, {}).cores > 0);
}

TEST_CASE("model card: data with hashes, all settings, results, the base's licence, the cost") {
  const TempFolder folder;
  TrainJob job;
  job.base = folder.path() / "base.gguf";
  job.data = job.eval_data = folder.path() / "train.jsonl";
  job.base_name = "org/base: \"one\"";
  REQUIRE(disk().write(job.base, testing::tiny_model()).has_value());
  REQUIRE(disk().write(job.data, sample_line("한국어로 쓴 답입니다.", "d1")).has_value());
  TrainingSet set;
  set.train.resize(1);
  set.eval.resize(1);
  TrainResult result;
  result.base_eval_loss = 2;
  result.eval_loss = 1;
  result.seconds = 3600;
  const std::string card = model_card(job, result, set);
  const std::string hash = sha256_file(job.data).value();
  for (const std::string& part :
       {std::string("base_model: \"org/base: \\\"one\\\"\"\n"), std::string("language: [ko]\n"),
        "| training | `train.jsonl` | 1 | 1 | 0 | ko 100 % | `" + hash + "` |", std::string("| validation |"),
        std::string("from 1 documents"), sha256_file(job.base).value(), std::string("Its licence is not known."),
        std::string("| loss | 2.0000 | 1.0000 |"), std::string("\"weight_decay\": 0.0"), std::string("g CO2e")}) {
    CAPTURE(part);
    CHECK(card.find(part) != std::string::npos);
  }
}
