#include "feature/chunk/chunk.h"

#include <algorithm>
#include <utility>

#include "core/hash.h"
#include "core/i18n.h"
#include "feature/chunk/frame.h"
#include "feature/chunk/meaning.h"
#include "feature/chunk/overlap.h"
#include "feature/chunk/pack.h"
#include "feature/chunk/parents.h"
#include "feature/chunk/sections.h"
#include "feature/chunk/units.h"
#include "feature/chunk/windows.h"

namespace twin::feature {
namespace {

/// A section on its way to chunks.
struct CutSection {
  std::size_t section = 0;  ///< index into the sections
  Frame frame;
  int overlap = 0;
  int capacity = 0;  ///< of a chunk without its overlap
};

class DocumentChunker {
 public:
  DocumentChunker(const std::string& document_id, int version, const std::string& title, const ProseView& prose,
                  const ChunkRules& rules, int window_tokens, const TokenCount& count,
                  const text::SentenceSplitter& sentences, const EmbedTexts& embed)
      : document_id_(document_id),
        version_(version),
        prose_(prose),
        rules_(rules),
        window_(window_tokens - special_tokens),
        count_(count),
        sentences_(sentences),
        embed_(embed),
        framer_(title, rules.max_tokens, window_, count),
        splitter_(prose, count, sentences, rules.strategy == "structure" ? Whole::code_points : Whole::graphemes),
        sections_(sections(prose, collapse_space(title))) {}

  Result<std::vector<stores::Chunk>> run() {
    const bool fixed = rules_.strategy == "fixed";
    Result<void> done = fixed ? add_windows() : add_sections();
    if (done && rules_.parent_tokens > 0) {
      done = set_parents(prose_, sections_, parts_, rules_.parent_tokens, !fixed, framer_, chunks_);
    }
    if (!done) return tl::unexpected(done.error());
    return std::move(chunks_);
  }

 private:
  Result<CutSection> begin_section(std::size_t section) {
    Result<Frame> frame = framer_.frame_of(sections_[section]);
    if (!frame) return tl::unexpected(frame.error());
    const int overlap = std::clamp(rules_.overlap_tokens, 0, frame->capacity / 2);
    const int capacity = frame->capacity - overlap;
    return CutSection{section, std::move(*frame), overlap, capacity};
  }

  /// structure, sentence and semantic.
  Result<void> add_sections() {
    std::vector<CutSection> cuts;
    std::vector<std::vector<Unit>> units(sections_.size());
    for (std::size_t s = 0; s < sections_.size(); ++s) {
      Result<CutSection> cut = begin_section(s);
      if (!cut) return tl::unexpected(cut.error());
      for (std::size_t block = sections_[s].first; block < sections_[s].last; ++block) {
        Result<void> done = rules_.strategy == "structure" ? splitter_.split(block, cut->capacity, units[s])
                                                           : splitter_.split_sentences(block, cut->capacity, units[s]);
        if (!done) return done;
      }
      cuts.push_back(std::move(*cut));
    }
    Steps steps;
    if (rules_.strategy == "semantic") {
      Result<Steps> found = meaning_steps(prose_, units, rules_.semantic, rules_.min_tokens, window_, embed_);
      if (!found) return tl::unexpected(found.error());
      steps = std::move(*found);
    }
    for (std::size_t s = 0; s < cuts.size(); ++s) {
      const int capacity = cuts[s].capacity;
      const int least = std::min(rules_.min_tokens, capacity);
      const std::vector<Group> groups = steps.of.empty()
                                            ? pack(units[s], capacity, least)
                                            : pack_by_meaning(units[s], steps.of[s], steps.threshold, capacity, least);
      if (Result<void> done = add_groups(cuts[s], units[s], groups); !done) return done;
    }
    return {};
  }

  Result<void> add_groups(const CutSection& cut, const std::vector<Unit>& units, const std::vector<Group>& groups) {
    const Overlap overlap{prose_, sentences_, splitter_, cut.overlap};
    for (std::size_t i = 0; i < groups.size(); ++i) {
      std::size_t start = units[groups[i].first].span.start;
      if (i > 0 && cut.overlap > 0) {
        const Result<std::size_t> earlier = rules_.strategy == "structure"
                                                ? overlap.sentences_before(units, groups[i - 1], start)
                                                : overlap.units_before(units, groups[i - 1], start);
        if (!earlier) return tl::unexpected(earlier.error());
        start = *earlier;
      }
      if (Result<void> done = add_chunk(cut, units, groups[i], start); !done) return done;
    }
    return {};
  }

  Result<void> add_windows() {
    if (sections_.empty()) return {};
    const std::size_t end = prose_.blocks[sections_.back().last - 1].span.end;
    text::Span rest{prose_.blocks[sections_.front().first].span.start, end};
    rest = trimmed(prose_.text, rest, Whole::graphemes);
    double bytes_per_token = first_guess_bytes_per_token;
    Unit before;
    for (std::size_t s = 0; rest.start < rest.end;) {
      while (prose_.blocks[sections_[s].last - 1].span.end <= rest.start) ++s;
      const Result<CutSection> cut = begin_section(s);
      if (!cut) return tl::unexpected(cut.error());
      const int least = std::min(rules_.min_tokens, cut->capacity);
      const Result<Unit> window = first_window(prose_, splitter_, rest, cut->capacity, least, bytes_per_token);
      if (!window) return tl::unexpected(window.error());
      std::size_t start = window->span.start;
      if (before.size > 0 && cut->overlap > 0) {
        const Overlap overlap{prose_, sentences_, splitter_, cut->overlap};
        const Result<std::size_t> earlier = overlap.words_before(before, start);
        if (!earlier) return tl::unexpected(earlier.error());
        start = *earlier;
      }
      if (Result<void> done = add_chunk(*cut, {*window}, {0, 1, window->size}, start); !done) return done;
      before = *window;
      rest = trimmed(prose_.text, {window->span.end, rest.end}, Whole::graphemes);
    }
    return {};
  }

  // The retrieval view is counted once more as a whole; where the sum of its parts was too small, the group is halved.
  Result<void> add_chunk(const CutSection& cut, const std::vector<Unit>& units, const Group& group, std::size_t start) {
    stores::Chunk chunk;
    chunk.start = start;
    chunk.end = units[group.last - 1].span.end;
    chunk.text = std::string(text_of(prose_, {chunk.start, chunk.end}));
    chunk.retrieval = retrieval_view(cut.frame.title, cut.frame.headings, chunk.text);
    const Result<int> tokens = count_(chunk.retrieval);
    if (!tokens) return tl::unexpected(tokens.error());
    if (*tokens > window_) return shrink(cut, units, group, start);
    chunk.document_id = document_id_;
    chunk.document_version = version_;
    chunk.headings = sections_[cut.section].headings;
    chunk.tokens = *tokens + special_tokens;
    chunk.id = stable_id(
        "chunk", {document_id_, std::to_string(version_), std::to_string(chunk.start), std::to_string(chunk.end)});
    chunks_.push_back(std::move(chunk));
    Part part{cut.section, 0};
    for (std::size_t i = group.first; i < group.last; ++i) part.tokens += units[i].size;
    parts_.push_back(part);
    return {};
  }

  Result<void> shrink(const CutSection& cut, const std::vector<Unit>& units, const Group& group, std::size_t start) {
    const std::size_t own_start = units[group.first].span.start;
    if (start != own_start) return add_chunk(cut, units, group, own_start);
    if (group.last - group.first > 1) {
      const std::size_t middle = group.first + (group.last - group.first) / 2;
      if (Result<void> done = add_chunk(cut, units, {group.first, middle, 0}, own_start); !done) return done;
      return add_chunk(cut, units, {middle, group.last, 0}, units[middle].span.start);
    }
    const Unit& unit = units[group.first];
    std::vector<Unit> pieces;
    if (unit.size > 1) {
      if (Result<void> split = splitter_.split_words(unit.span, unit.block, unit.size / 2, pieces); !split)
        return split;
    }
    if (pieces.size() < 2) {
      return fail(ErrorKind::limit, tr("The passage at byte {} does not fit the embedding model's window", own_start),
                  document_id_, tr("use an embedding model with a larger window than {} tokens", window_));
    }
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      if (Result<void> done = add_chunk(cut, pieces, {i, i + 1, 0}, pieces[i].span.start); !done) return done;
    }
    return {};
  }

  const std::string& document_id_;
  int version_;
  const ProseView& prose_;
  const ChunkRules& rules_;
  int window_;  // tokens left by the special tokens
  const TokenCount& count_;
  const text::SentenceSplitter& sentences_;
  const EmbedTexts& embed_;
  Framer framer_;
  UnitSplitter splitter_;
  std::vector<Section> sections_;
  std::vector<stores::Chunk> chunks_;
  std::vector<Part> parts_;  // of chunks_
};

}  // namespace

Result<void> check_strategy(const std::string& strategy, bool has_embedder) {
  if (strategy == "semantic" && !has_embedder) {
    return fail(ErrorKind::usage, tr("Passages cannot be cut by meaning without an embedding model"), "chunk.strategy",
                tr("name an embedding model, or choose structure, sentence or fixed"));
  }
  if (strategy != "structure" && strategy != "sentence" && strategy != "semantic" && strategy != "fixed") {
    return fail(ErrorKind::usage, tr("There is no way of cutting passages called '{}'", strategy), "chunk.strategy",
                tr("write structure, sentence, semantic or fixed"));
  }
  return {};
}

Result<std::vector<stores::Chunk>> chunk_document(const std::string& document_id, int version, const std::string& title,
                                                  const ProseView& prose, const ChunkRules& rules, int window_tokens,
                                                  const TokenCount& count, const EmbedTexts& embed) {
  if (window_tokens < min_window_tokens) {
    return fail(ErrorKind::limit,
                tr("The embedding model's window of {} tokens is too small to cut text for", window_tokens),
                document_id, tr("use an embedding model with a window of at least {} tokens", min_window_tokens));
  }
  if (Result<void> known = check_strategy(rules.strategy, embed != nullptr); !known)
    return tl::unexpected(known.error());
  const Result<text::SentenceSplitter> sentences =
      text::sentence_splitter(rules.strategy == "fixed" ? "free" : rules.sentences);
  if (!sentences) return tl::unexpected(sentences.error());
  return DocumentChunker(document_id, version, title, prose, rules, window_tokens, count, *sentences, embed).run();
}

}  // namespace twin::feature
