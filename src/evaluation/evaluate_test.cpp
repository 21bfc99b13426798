#include <doctest/doctest.h>
#include <fmt/core.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "evaluation/arms.h"
#include "evaluation/evaluation.h"
#include "evaluation/questions.h"
#include "evaluation/retrieval.h"

using namespace twin;
using namespace twin::evaluation;

namespace {

feature::Sample sample(const std::string& document, int n) {
  feature::Sample s;
  s.id = fmt::format("sample-{}-{}", document, n);
  s.kind = "instruct";
  s.prompt = {{"system", "You are the author."}, {"user", fmt::format("What about {} and {}?", document, n)}};
  s.answer = fmt::format(
      "It is perhaps worth saying that {} number {} was the one of those that we would have wanted to keep, although "
      "it "
      "has not always been so easy for us, and there are others who would rather not.",
      document, n);
  s.split = "test";
  s.language = "en";
  s.provenance.document_id = document;
  s.provenance.start = static_cast<std::size_t>(n) * 1000;
  s.provenance.end = s.provenance.start + s.answer.size();
  return s;
}

std::vector<feature::Sample> held_out() {
  std::vector<feature::Sample> samples;
  for (const char* document : {"alpha", "beta", "gamma", "delta"}) {
    for (int n = 0; n < 5; ++n) samples.push_back(sample(document, n));
  }
  return samples;
}

EvalConfig quick() {
  EvalConfig config;
  config.questions = 6;
  config.bootstrap = 200;
  return config;
}

/// A context whose tuned arms repeat the author and whose base arms talk about something else.
EvalContext context_of(std::vector<feature::Sample> samples) {
  EvalContext context{.held_out = std::move(samples), .progress = silent_progress()};
  context.ask = [](const Question& question, Arm arm) -> Result<ArmAnswer> {
    ArmAnswer answer;
    answer.text = is_tuned(arm)
                      ? question.reference
                      : "Buy bananas now! Big sale today, click here, great deals, fast shipping, low prices, "
                        "order online, save money, win prizes.";
    if (has_retrieval(arm)) answer.passages = {"some passage about " + question.document_id};
    return answer;
  };
  context.search = [](const std::string& question, int k) -> Result<std::vector<FoundPassage>> {
    std::vector<FoundPassage> found(static_cast<std::size_t>(k), FoundPassage{"other", 0, 10});
    const std::string document = question.substr(11, question.find(' ', 11) - 11);
    const auto n = static_cast<std::size_t>(question[question.size() - 2] - '0');
    if (document == "alpha") found[0] = {document, n * 1000, n * 1000 + 150};  // the source, first
    if (document == "beta") found[3] = {document, n * 1000, n * 1000 + 150};   // the source, fourth
    if (document == "gamma") found[1] = {document, 900'000, 900'100};          // only its document
    return found;
  };
  context.score = [](const std::vector<feature::Sample>& s, bool tuned) -> Result<std::vector<training::ScoredItem>> {
    return std::vector<training::ScoredItem>(s.size(), training::ScoredItem{10, 10 * std::log(tuned ? 8.0 : 16.0)});
  };
  return context;
}

}  // namespace

TEST_CASE("held-out questions are spread over the documents, the same whatever the order") {
  auto samples = held_out();
  const auto chosen = choose_samples(samples, 4, 17);
  std::set<std::string> documents;
  for (const auto& s : chosen) documents.insert(s.provenance.document_id);
  CHECK(documents.size() == 4);
  std::reverse(samples.begin(), samples.end());
  const auto again = choose_samples(samples, 4, 17);
  for (std::size_t i = 0; i < 4; ++i) CHECK(chosen[i].id == again[i].id);
  CHECK(choose_samples(samples, 100, 17).size() == 20);
  CHECK(choose_samples(samples, 8, 17)[3].id == chosen[3].id);  // more questions keep the first ones

  auto twice = sample("alpha", 0);
  twice.id = "another template";
  twice.prompt.back().content = "The same span, asked otherwise?";
  CHECK(choose_samples({sample("alpha", 0), twice}, 10, 17).size() == 1);
  auto preference = sample("beta", 1);
  preference.kind = "preference";
  CHECK(choose_samples({preference}, 10, 17).empty());
}

TEST_CASE("a passage holds a source that it overlaps by half") {
  const Question question{"q", "r", "doc", "en", 100, 200};
  CHECK(holds_source({"doc", 0, 1000}, question));
  CHECK(holds_source({"doc", 120, 140}, question));
  CHECK(holds_source({"doc", 150, 400}, question));
  CHECK(!holds_source({"doc", 160, 400}, question));
  CHECK(!holds_source({"doc", 200, 300}, question));
  CHECK(!holds_source({"other", 100, 200}, question));
}

TEST_CASE("retrieval: known recall and reciprocal rank") {
  auto config = quick();
  config.recall_k = 3;
  const EvalReport report = evaluate(config, context_of(held_out()));
  // 5 questions each: alpha at rank 1, beta at rank 4, gamma and delta not found
  CHECK(report.retrieval.at("recall@3").mean == doctest::Approx(0.25));
  CHECK(report.retrieval.at("document_recall@3").mean == doctest::Approx(0.5));
  CHECK(report.retrieval.at("mrr@10").mean == doctest::Approx((1.0 + 0.25) / 4));
  CHECK(report.retrieval.at("mrr@10").n == 20);
  CHECK(report.retrieval.at("mrr@10").clusters == 4);
}

TEST_CASE("perplexity: known values, paired") {
  const EvalReport report = evaluate(quick(), context_of(held_out()));
  CHECK(report.perplexity.at("base").mean == doctest::Approx(16));
  CHECK(report.perplexity.at("tuned").mean == doctest::Approx(8));
  CHECK(report.perplexity.at("change").mean == doctest::Approx(-0.5));
  CHECK(report.perplexity.at("change").high == doctest::Approx(-0.5));
}

TEST_CASE("perplexity: a passage that cannot be scored is listed and left out of both") {
  auto context = context_of(held_out());
  context.score = [](const std::vector<feature::Sample>& s, bool tuned) -> Result<std::vector<training::ScoredItem>> {
    std::vector<training::ScoredItem> items(s.size(), training::ScoredItem{10, 10 * std::log(tuned ? 8.0 : 16.0)});
    if (tuned) items[0] = {0, 0};
    items[1].nll = std::nan("");
    return items;
  };
  const EvalReport report = evaluate(quick(), context);
  CHECK(report.perplexity.at("base").n == 18);
  CHECK(report.perplexity.at("change").mean == doctest::Approx(-0.5));
  CHECK(report.failures.size() == 2);
}

TEST_CASE("the four arms: the author's words are supported, close in style, and better than base") {
  const EvalReport report = evaluate(quick(), context_of(held_out()));
  REQUIRE(report.arms.size() == 4);
  const auto& base = report.arms[0].metrics;
  const auto& tuned = report.arms[2].metrics;
  CHECK(report.arms[2].name == "tuned");
  CHECK(tuned.at("support").mean == doctest::Approx(1));
  CHECK(tuned.at("coverage").mean == doctest::Approx(1));
  CHECK(base.at("support").mean < 0.2);
  // It is the author's own text, cut as the author's is.
  CHECK(tuned.at("style_distance").mean == doctest::Approx(report.author.at("style_distance").mean));
  CHECK(base.at("style_distance").mean > 1.2);
  CHECK(report.author.at("style_distance").mean == doctest::Approx(1));
  const Estimate& difference = report.differences.at("style_distance tuned-base");
  CHECK(difference.mean == doctest::Approx(tuned.at("style_distance").mean - base.at("style_distance").mean));
  CHECK(difference.high < 0);
  CHECK(difference.n == 6);
  CHECK(report.failures.empty());
}

TEST_CASE("an answer that fails is counted and listed, the others are measured, pairs stay pairs") {
  auto context = context_of(held_out());
  int asked = 0;
  context.ask = [&, inner = context.ask](const Question& question, Arm arm) -> Result<ArmAnswer> {
    ++asked;
    if (asked == 1) return fail(ErrorKind::network, "the worker is gone");
    if (asked == 2) return ArmAnswer{"  \n", {}, {}};
    return inner(question, arm);
  };
  const EvalReport report = evaluate(quick(), context);
  CHECK(asked == 24);
  REQUIRE(report.failures.size() == 2);
  CHECK(report.failures[0].message.find("the worker is gone") != std::string::npos);
  CHECK(report.arms[0].metrics.at("support").n == 5);
  CHECK(report.arms[1].metrics.at("support").n == 5);
  CHECK(report.arms[2].metrics.at("support").n == 6);
  CHECK(report.differences.at("support tuned-base").n == 5);
  CHECK(report.arms[0].answers.size() == 6);
}

TEST_CASE("without an adapter two arms are measured") {
  auto context = context_of(held_out());
  context.tuned = false;
  const EvalReport report = evaluate(quick(), context);
  REQUIRE(report.arms.size() == 2);
  CHECK(report.arms[1].name == "base+RAG");
  CHECK(!report.perplexity.contains("tuned"));
  CHECK(report.differences.contains("support base+RAG-base"));
  CHECK(!report.differences.contains("support tuned-base"));
}

TEST_CASE("nothing held out, or a stop, ends the run") {
  CHECK_THROWS_AS((void)evaluate(quick(), context_of({})), Fatal);
  std::stop_source source;
  source.request_stop();
  auto context = context_of(held_out());
  context.stop = source.get_token();
  try {
    (void)evaluate(quick(), context);
    FAIL("must throw");
  } catch (const Fatal& fatal) {
    CHECK(fatal.error().kind == ErrorKind::cancelled);
  }
}

TEST_CASE("very short answers are noted, not failed, and never NaN") {
  auto context = context_of(held_out());
  context.ask = [](const Question&, Arm) -> Result<ArmAnswer> { return ArmAnswer{"Yes.", {}, {}}; };
  const EvalReport report = evaluate(quick(), context);
  CHECK(report.failures.empty());
  CHECK(!report.notes.empty());
  CHECK(!report.arms[0].metrics.at("style_distance").measured());
  for (const std::string& text : {to_json(report).dump(), to_markdown(report), to_html(report), to_table(report)}) {
    CHECK(text.find("nan") == std::string::npos);
    CHECK(text.find("NaN") == std::string::npos);
  }
  CHECK(to_json(report)["arms"]["base"]["style_distance"]["mean"].is_null());
}

TEST_CASE("the same answers give the same bytes") {
  const EvalReport a = evaluate(quick(), context_of(held_out())), b = evaluate(quick(), context_of(held_out()));
  CHECK(to_json(a).dump() == to_json(b).dump());
  CHECK(to_html(a) == to_html(b));
  CHECK(to_markdown(a) == to_markdown(b));
}

TEST_CASE("reports escape foreign text and hold every number") {
  auto context = context_of(held_out());
  context.lineage = {{"adapter", "sha256:abc"}};
  context.ask = [](const Question&, Arm arm) -> Result<ArmAnswer> {
    if (arm == Arm::base_rag) return fail(ErrorKind::network, "<b>gone</b>");
    return ArmAnswer{
        "<script>alert('x')</script> | # **bold** & \xff a `tick` of the one that we had over there.", {}, {}};
  };
  const EvalReport report = evaluate(quick(), context);
  const std::string html = to_html(report);
  CHECK(html.find("<script") == std::string::npos);
  CHECK(html.find("&lt;script&gt;alert(&#39;x&#39;)") != std::string::npos);
  CHECK(html.find("<b>gone") == std::string::npos);
  CHECK(html.find("http") == std::string::npos);  // nothing outside is loaded
  CHECK(html.find("sha256:abc") != std::string::npos);
  const std::string markdown = to_markdown(report);
  CHECK(markdown.find("<script") == std::string::npos);
  CHECK(markdown.find("\\*\\*bold") != std::string::npos);
  CHECK(markdown.find("base+RAG did not answer") != std::string::npos);
  const auto json = nlohmann::json::parse(to_json(report).dump());
  CHECK(json["failures"].size() == 6);
  CHECK(json["questions"].size() == 6);
  CHECK(json["questions"][0]["answers"]["base+RAG"]["failure"] == "<b>gone</b>");
  CHECK(json["lineage"]["adapter"] == "sha256:abc");
}

TEST_CASE("the table is aligned and names what failed") {
  auto context = context_of(held_out());
  context.ask = [inner = context.ask](const Question& question, Arm arm) -> Result<ArmAnswer> {
    if (arm == Arm::base) return fail(ErrorKind::network, "gone");
    return inner(question, arm);
  };
  const std::string table = to_table(evaluate(quick(), context));
  CHECK(table.find("base+RAG") != std::string::npos);
  CHECK(table.find("Failed: 6") != std::string::npos);
  CHECK(table.find("… and 1 more in the report") != std::string::npos);
  CHECK(table.find("-50.0 %") != std::string::npos);
  CHECK(table.find("recall@5") != std::string::npos);
}
