#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/chunk/sections.h"
#include "feature/datasets/datasets.h"
#include "feature/datasets/drafts.h"
#include "feature/datasets/order.h"
#include "feature/datasets/rag_samples.h"
#include "feature/datasets/samples_file.h"
#include "feature/datasets/split.h"
#include "feature/generators/draft_verdicts.h"
#include "feature/quality/quality.h"
#include "feature/samples/leaks.h"
#include "feature/samples/sample_privacy.h"
#include "feature/samples/sample_rules.h"
#include "feature/training_sets/decisions.h"
#include "stores/warehouse/picture_texts.h"

namespace twin::feature {
namespace {

// Test and validation come first: of two duplicates the one that would leak into training is removed.
constexpr std::array<const char*, 3> splits = {"test", "validation", "train"};

class InstructBuilder {
 public:
  InstructBuilder(const DatasetConfig& config, const DatasetContext& context)
      : config_(config),
        context_(context),
        prompts_(value_or_throw(models::load_prompts())),
        entry_(find_generator(config.generator, "instruct")),
        generator_(entry_.make({config_, context_.tools, prompts_, templates_})),
        verdicts_(config, entry_),
        generated_(config) {}

  DatasetReport run() {
    static_cast<void>(score_limits(config_));  // said before the work, not after it
    read_documents();
    if (stopped()) return std::move(report_);
    std::vector<Draft*> ordered;
    for (const char* split : splits) {
      for (Draft& draft : drafts_) {
        if (draft.sample.split == split) ordered.push_back(&draft);
      }
    }
    for (const Draft* draft : ordered) verdicts_.judge(*draft);
    verdicts_.generate(*generator_, context_);
    if (stopped()) return std::move(report_);
    for (std::size_t i = 0; i < ordered.size(); ++i) settle(*ordered[i], verdicts_.all()[i]);
    const auto held_out = remove_leaks(kept_, config_, report_);
    limit_samples(kept_, config_, report_.rejections);
    if (context_.index) {
      const auto usable = [&](const stores::Chunk& chunk) {
        const auto split = split_.find(chunk.document_id);
        if (split == split_.end() || split->second != "train") return false;
        const auto own = own_writing_.find(chunk.document_id);
        // What OCR read in pictures stands behind the author's writing, and is not trained on.
        if (own != own_writing_.end() && chunk.end > own->second) return false;
        return !held_out || !held_out->find(chunk.text);
      };
      report_.rag_samples = add_passages(kept_, config_, *context_.index, prompts_, usable);
    }
    verify();
    apply_decisions(context_.decisions, config_, kept_, report_.rejections);
    note_empty_splits();
    write();
    return std::move(report_);
  }

 private:
  void read_documents() {
    const auto progress = context_.progress.start("dataset", "documents");
    progress->total(static_cast<std::uint64_t>(context_.warehouse.counts().documents));
    context_.warehouse.each({}, [&](stores::Document&& document) {
      split_[document.id] = split_of(document, config_);
      if (context_.duplicates.contains(document.id)) return !context_.stop.stop_requested();
      const ProseView prose = prose_view(document.body);
      vocabulary_.add(prose);
      if (!stores::picture_texts(document).empty()) own_writing_[document.id] = prose.text.size();
      return !context_.stop.stop_requested();
    });
    context_.warehouse.each({}, [&](stores::Document&& document) {
      progress->add();
      add_document(document);
      return !context_.stop.stop_requested();
    });
  }

  void add_document(const stores::Document& document) {
    if (const auto same = context_.duplicates.find(document.id); same != context_.duplicates.end()) {
      reject({"", document.id, 0, 0, "duplicate_document", "near duplicate of " + same->second});
      return;
    }
    const auto category = context_.categories.find(document.category);
    if (category == context_.categories.end()) {
      report_.failures.push_back(
          {ErrorKind::not_found, tr("There is no category '{}'", document.category), document.url,
           tr("add {}.yaml to a categories folder, or correct the source's category", document.category)});
      return;
    }
    const DatasetRules& rules = category->second.dataset;
    if (!rules.enabled) {
      reject({"", document.id, 0, 0, "category_disabled", document.category});
      return;
    }
    const ProseView prose = prose_view(document.body);
    if (const auto flags = judge(prose, document.language, category->second.quality); !flags.empty()) {
      reject({"", document.id, 0, prose.text.size(), "low_quality", describe(flags)});
      return;
    }
    templates_.try_emplace(document.category, rules.questions);
    std::vector<Draft> drafts = make_drafts(document, rules, config_, vocabulary_, report_.rejections);
    documents_.push_back(document.id);
    std::move(drafts.begin(), drafts.end(), std::back_inserter(drafts_));
  }

  bool stopped() {
    if (!context_.stop.stop_requested()) return false;
    report_.failures.push_back(
        {ErrorKind::cancelled, tr("Making the dataset was stopped; nothing was written"), "", ""});
    return true;
  }

  /// Names the reason of what is rejected; gives what is not the first question that no other sample asks.
  void settle(Draft& draft, DraftVerdict& verdict) {
    if (verdict.rejected) {
      reject(std::move(*verdict.rejected));
      return;
    }
    if (verdict.like != DraftVerdict::none) {
      reject(verdicts_.duplicate(verdict));
      return;
    }
    Generated outcome = verdict.made ? std::move(*verdict.made) : generator_->make(draft, nullptr);
    verdict.made.reset();
    if (outcome.failure) {
      outcome.failure->where = fmt::format("{}:{}", draft.sample.provenance.document_id, draft.sample.provenance.start);
      report_.failures.push_back(std::move(*outcome.failure));
      return;
    }
    for (Rejection& refused : outcome.refused) reject(std::move(refused));
    for (Proposal& proposal : outcome.proposals) {
      if (auto refused = generated_.refuse(proposal.ways.front())) {
        reject(std::move(*refused));
        continue;
      }
      if (Sample* sample = first_free(proposal)) {
        if (draft.sample.id.empty()) draft.sample.id = sample->id;  // how its duplicates call it
        kept_.push_back(std::move(*sample));
      } else {
        reject(draft.sample, "no_question", "every question that fits is taken");
      }
    }
  }

  /// Takes the first question of a proposal that no other sample asks; nullptr when there is none.
  Sample* first_free(Proposal& proposal) {
    for (Sample& sample : proposal.ways) {
      if (!questions_.insert(text::fold(collapse_space(sample.prompt.back().content))).second) continue;
      sample.scores["characters"] = characters(sample.answer);
      identify(sample);
      return &sample;
    }
    return nullptr;
  }

  // Reads every document once more, holds the answers against it and takes personal data out; measures how much of its
  // prose they cover.
  void verify() {
    std::stable_sort(kept_.begin(), kept_.end(), [](const Sample& a, const Sample& b) {
      return std::tie(a.provenance.document_id, a.provenance.start) <
             std::tie(b.provenance.document_id, b.provenance.start);
    });
    std::map<std::string, std::pair<std::size_t, std::size_t>> covered;  // split → covered bytes, all bytes
    std::vector<Sample> verbatim;
    auto sample = kept_.begin();
    for (const std::string& id : documents_) {
      const std::optional<stores::Document> document = context_.warehouse.document(id);
      const ProseView prose = document ? prose_view(document->body) : ProseView{};
      const auto personal = config_.pii == "off" ? std::vector<PiiFinding>() : find_pii(prose.text);
      std::vector<bool> inside(prose.text.size(), false);
      for (; sample != kept_.end() && sample->provenance.document_id == id; ++sample) {
        const auto [start, end] = std::pair(sample->provenance.start, sample->provenance.end);
        // Before and after masking: what was cut is the author's, and what is masked is known span by span.
        if (!is_proven(*sample, prose.text) || !protect(*sample, personal) || !is_proven(*sample, prose.text)) continue;
        std::fill(inside.begin() + static_cast<std::ptrdiff_t>(start),
                  inside.begin() + static_cast<std::ptrdiff_t>(end), true);
        verbatim.push_back(std::move(*sample));
      }
      auto& [yes, all] = covered[split_.at(id)];
      for (const Block& block : prose.blocks) {
        if (!is_prose(block)) continue;
        for (std::size_t i = block.span.start; i < block.span.end; ++i) yes += inside[i] ? 1u : 0u;
        all += block.span.end - block.span.start;
      }
    }
    kept_ = std::move(verbatim);
    for (const auto& [split, bytes] : covered) {
      report_.coverage[split] =
          bytes.second == 0 ? 0 : static_cast<double>(bytes.first) / static_cast<double>(bytes.second);
    }
  }

  bool is_proven(const Sample& sample, std::string_view prose) {
    if (!is_author_text(sample)) return is_grounded(sample, prose);
    if (!is_verbatim(sample, prose)) {
      reject(sample, "not_verbatim", "the answer is not in the document at its offsets");
      return false;
    }
    const bool with_passages = !sample.provenance.passages.empty();
    if (with_passages && sample.prompt.back().content.find(sample.answer) == std::string::npos) {
      reject(sample, "not_in_passages", "the answer is not in the passages of its prompt");
      return false;
    }
    return true;
  }

  // What a model wrote is held against the passage once more, as the document has it now and as the model saw it.
  bool is_grounded(const Sample& sample, std::string_view prose) {
    const Provenance& from = sample.provenance;
    const bool inside = from.start < from.end && from.end <= prose.size();
    std::string passage(inside ? prose.substr(from.start, from.end - from.start) : std::string_view());
    if (config_.pii != "off") passage = mask_pii(passage, find_pii(passage));
    const auto grounding =
        inside && context_.tools.grounding ? context_.tools.grounding(sample.answer, passage) : std::nullopt;
    if (grounding && *grounding >= config_.generate.min_grounding) return true;
    reject(sample, "not_grounded", inside ? "the passage does not support the answer" : "there is no such passage");
    return false;
  }

  // Takes personal data out; false when that means the whole sample.
  bool protect(Sample& sample, const std::vector<PiiFinding>& of_document) {
    if (config_.pii == "off") return true;
    if (config_.pii == "mask") {
      mask_sample(sample, of_document, report_.pii);
      return true;
    }
    const std::vector<PiiRecord> found = pii_of_sample(sample, of_document, "dropped");
    if (found.empty()) return true;
    report_.pii.insert(report_.pii.end(), found.begin(), found.end());
    reject(sample, "pii", describe(found));
    return false;
  }

  void note_empty_splits() {
    std::map<std::string, int> documents;
    for (const std::string& id : documents_) ++documents[split_.at(id)];
    for (const char* split : splits) {
      const bool wanted = std::string_view(split) == "train" ||
                          (std::string_view(split) == "test" && config_.test_share > 0) ||
                          (std::string_view(split) == "validation" && config_.validation_share > 0);
      if (!wanted || documents[split] > 0 || documents_.empty()) continue;
      report_.notes.push_back({ErrorKind::limit, tr("No document falls into the {} split", split), "",
                               tr("add documents, or change dataset.seed or the shares")});
    }
  }

  void write() {
    std::map<std::string, std::vector<Sample>> by_split;
    for (const char* split : splits) by_split[split];
    for (Sample& sample : kept_) by_split[sample.split].push_back(std::move(sample));
    DatasetConfig config = config_;
    Json facts{{"config", config::canonical(config)},
               {"system_prompt", prompts_.system},
               {"held_out_ngrams", report_.held_out_ngrams},
               {"set_phrases", report_.set_phrases},
               {"rag_samples", report_.rag_samples}};
    if (entry_.calls > 0) facts["generated_by"] = {{"model", context_.tools.model}, {"prompts", generator_->version()}};
    write_dataset(context_.folder, "instruct", by_split, facts, report_);
  }

  void reject(Rejection rejection) { report_.rejections.push_back(std::move(rejection)); }
  void reject(const Sample& sample, std::string reason, std::string detail) {
    reject(rejection_of(sample, std::move(reason), std::move(detail)));
  }

  const DatasetConfig& config_;
  const DatasetContext& context_;
  const models::Prompts prompts_;
  std::map<std::string, QuestionTemplates> templates_;  // by category
  const GeneratorEntry& entry_;
  std::unique_ptr<Generator> generator_;
  DatasetReport report_;
  Vocabulary vocabulary_;
  std::map<std::string, std::size_t> own_writing_;  ///< of documents with more behind it: bytes of their prose view
  std::map<std::string, std::string> split_;        ///< of every document, by id
  std::vector<std::string> documents_;              ///< that samples are made of, in order of id
  std::vector<Draft> drafts_;
  DraftVerdicts verdicts_;
  GeneratedAnswers generated_;
  std::set<std::string> questions_;
  std::vector<Sample> kept_;
};

}  // namespace

DatasetReport build_instruct(const DatasetConfig& config, const DatasetContext& context) {
  return InstructBuilder(config, context).run();
}

}  // namespace twin::feature
