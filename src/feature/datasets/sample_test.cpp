#include "feature/datasets/sample.h"

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "feature/datasets/datasets.h"
#include "feature/datasets/samples_file.h"

namespace twin::feature {
namespace {

Sample instruct() {
  Sample sample;
  sample.id = "sample_1";
  sample.kind = "instruct";
  sample.prompt = {{"system", "You write as the author."}, {"user", "“따옴표”와 \\ 줄\n바꿈?"}};
  sample.answer = "답: \"yes\"\n\n\ttab 🙂";
  sample.split = "train";
  sample.category = "articles";
  sample.language = "ko";
  sample.provenance = {"doc_1", 2, 10, 42, "extractive", "ko.heading/1", 17};
  sample.provenance.masked = {{{12, 20}, PiiKind::email}};
  sample.scores = {{"characters", 12}, {"prose_share", 0.5}};
  return sample;
}

Sample preference() {
  Sample sample = instruct();
  sample.kind = "preference";
  sample.rejected = "I am a language model.";
  return sample;
}

// The shape of a value: what decides the Arrow schema of a line.
std::string shape(const Json& json) {
  if (json.is_object()) {
    std::string out = "{";
    for (const auto& [key, value] : json.items()) out += key + ":" + shape(value) + ",";
    return out + "}";
  }
  if (json.is_array()) return "[" + (json.empty() ? "" : shape(json.front())) + "]";
  return json.type_name();
}

TEST_CASE("samples survive the way to JSON and back") {
  for (const Sample& sample : {instruct(), preference()}) {
    const auto back = sample_from_json(Json::parse(to_json(sample).dump()));
    REQUIRE(back.has_value());
    CHECK(to_json(*back) == to_json(sample));
    CHECK(back->answer == sample.answer);
    CHECK(back->rejected == sample.rejected);
    CHECK(back->prompt.size() == 2);
    CHECK(back->provenance.end == 42);
    CHECK(back->provenance.masked == sample.provenance.masked);
    CHECK(back->scores == sample.scores);
  }
}

TEST_CASE("the datasets library's columns are there") {
  const Json one = to_json(instruct());
  CHECK(one["messages"].size() == 3);
  CHECK(one["messages"][2]["role"] == "assistant");
  const Json two = to_json(preference());
  CHECK(two["prompt"].size() == 2);
  CHECK(two["chosen"][0]["content"] == instruct().answer);
  CHECK(two["rejected"][0]["role"] == "assistant");
}

TEST_CASE("every line of a kind has the same schema") {
  Sample other = instruct();
  other.scores = {{"another", 1}};
  other.language.clear();
  other.provenance = {};
  other.provenance.masked = instruct().provenance.masked;  // of a list, the shape of what it may hold
  CHECK(shape(to_json(other)["metadata"]) == shape(to_json(instruct())["metadata"]));
  CHECK(shape(to_json(preference())["metadata"]) == shape(to_json(instruct())["metadata"]));
}

TEST_CASE("anything else than a sample is an error that says what is wrong") {
  const auto error_of = [](const Json& json) {
    const auto sample = sample_from_json(json);
    return sample ? std::string() : sample.error().message;
  };
  CHECK(error_of(Json::array()) != "");
  CHECK(error_of(Json::object()).find("metadata") != std::string::npos);
  Json json = to_json(instruct());
  json["metadata"].erase("split");
  CHECK(error_of(json).find("split") != std::string::npos);
  json = to_json(instruct());
  json["metadata"]["start"] = "ten";
  CHECK(error_of(json).find("start") != std::string::npos);
  json = to_json(instruct());
  json["messages"].erase(2);
  CHECK(error_of(json).find("assistant") != std::string::npos);
  json = to_json(instruct());
  json["messages"][1] = 3;
  CHECK(error_of(json) != "");
  json = to_json(preference());
  json["rejected"] = "text";
  CHECK(error_of(json) != "");
  json = to_json(preference());
  json["metadata"]["kind"] = "poem";
  CHECK(error_of(json).find("poem") != std::string::npos);
}

TEST_CASE("files are read line by line; a malformed line is named") {
  const TempFolder folder;
  const auto file = folder.path() / "train.jsonl";
  const std::string good = to_jsonl({instruct(), preference()});
  REQUIRE(disk().write(file, good).has_value());
  const auto samples = read_samples(file);
  REQUIRE(samples.has_value());
  CHECK(to_jsonl(*samples) == good);
  for (const std::string& bad :
       {std::string("{\"messages\": ["), std::string("\xff\xfe"), std::string("[]"), std::string("7")}) {
    REQUIRE(disk().write(file, good + bad + "\n" + good).has_value());
    const auto broken = read_samples(file);
    REQUIRE(!broken.has_value());
    CHECK(broken.error().kind == ErrorKind::invalid);
    CHECK(broken.error().where == file.string() + ":3");
  }
  CHECK(read_samples(folder.path() / "absent.jsonl").error().kind == ErrorKind::not_found);
}

}  // namespace
}  // namespace twin::feature
