#include "feature/chunk/chunk.h"

#include <algorithm>
#include <utility>

#include "core/hash.h"
#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/chunk/pack.h"
#include "feature/chunk/sections.h"
#include "feature/chunk/units.h"

namespace twin::feature {
namespace {

constexpr int separator_tokens = 1;  // " > " between title and headings of the retrieval view

// What stands around the passages of a section in the retrieval view, and the tokens it leaves them.
struct Frame {
  std::string title;
  std::vector<std::string> headings;
  int capacity = 0;
};

class DocumentChunker {
 public:
  DocumentChunker(const std::string& document_id, int version, const std::string& title, const ProseView& prose,
                  const ChunkRules& rules, int window_tokens, const TokenCount& count,
                  const text::SentenceSplitter& sentences)
      : document_id_(document_id),
        version_(version),
        title_(collapse_space(title)),
        prose_(prose),
        rules_(rules),
        window_(window_tokens - special_tokens),
        count_(count),
        sentences_(sentences),
        splitter_(prose, count, sentences) {}

  Result<std::vector<stores::Chunk>> run() {
    for (const Section& section : sections(prose_, title_)) {
      if (Result<void> done = add_section(section); !done) return tl::unexpected(done.error());
    }
    return std::move(chunks_);
  }

 private:
  Result<void> add_section(const Section& section) {
    const Result<Frame> frame = frame_of(section);
    if (!frame) return tl::unexpected(frame.error());
    const int overlap = std::clamp(rules_.overlap_tokens, 0, frame->capacity / 2);
    const int capacity = frame->capacity - overlap;
    std::vector<Unit> units;
    for (std::size_t block = section.first; block < section.last; ++block) {
      if (Result<void> done = splitter_.split(block, capacity, units); !done) return done;
    }
    const std::vector<Group> groups = pack(units, capacity, std::min(rules_.min_tokens, capacity));
    for (std::size_t i = 0; i < groups.size(); ++i) {
      std::size_t start = units[groups[i].first].span.start;
      if (i > 0 && overlap > 0) {
        const Result<std::size_t> earlier = overlap_start(units, groups[i - 1], start, overlap);
        if (!earlier) return tl::unexpected(earlier.error());
        start = *earlier;
      }
      if (Result<void> done = add_chunk(section, *frame, units, groups[i], start); !done) return done;
    }
    return {};
  }

  // Title and headings, shortened where they would leave the passage less than half of the window: outer headings go
  // first, then the end of the title.
  Result<Frame> frame_of(const Section& section) {
    Frame frame{title_, section.headings, 0};
    const int wanted = std::min(rules_.max_tokens, window_ / 2);
    Result<int> title = label_size(frame.title);
    if (!title) return tl::unexpected(title.error());
    int used = *title;
    for (const std::string& heading : frame.headings) {
      const Result<int> size = label_size(heading);
      if (!size) return tl::unexpected(size.error());
      used += *size + separator_tokens;
    }
    while (window_ - used < wanted && !frame.headings.empty()) {
      used -= *label_size(frame.headings.front()) + separator_tokens;
      frame.headings.erase(frame.headings.begin());
    }
    while (window_ - used < wanted && !frame.title.empty()) {
      frame.title = std::string(text::clip(frame.title, frame.title.size() / 2));
      title = label_size(frame.title);
      if (!title) return tl::unexpected(title.error());
      used = *title;
    }
    frame.capacity = std::min(rules_.max_tokens, window_ - used);
    return frame;
  }

  // Titles and headings repeat: each is counted once. One too long to be counted at all is taken by its bytes.
  Result<int> label_size(const std::string& label) {
    if (label.empty()) return 0;
    if (const auto it = labels_.find(label); it != labels_.end()) return it->second;
    if (label.size() > static_cast<std::size_t>(window_) * max_bytes_per_token) return window_;
    Result<int> tokens = count_(label);
    if (tokens) labels_[label] = *tokens;
    return tokens;
  }

  // Where the last whole sentences of the group before begin, at most `overlap` tokens of them and never all of it.
  Result<std::size_t> overlap_start(const std::vector<Unit>& units, const Group& before, std::size_t start,
                                    int overlap) {
    const Unit& unit = units[before.last - 1];
    if (!is_prose(prose_.blocks[unit.block])) return start;
    const std::vector<text::Span> found = sentences_.split(text_of(prose_, unit.span));
    int used = 0;
    for (std::size_t i = found.size(); i-- > 0;) {
      const text::Span sentence{unit.span.start + found[i].start, unit.span.start + found[i].end};
      if (sentence.start <= units[before.first].span.start) break;
      const Result<int> size = splitter_.size(sentence);
      if (!size) return tl::unexpected(size.error());
      if (used + *size > overlap) break;
      used += *size;
      start = sentence.start;
    }
    return start;
  }

  // The retrieval view is counted once more as a whole; where the sum of its parts was too small, the group is halved.
  Result<void> add_chunk(const Section& section, const Frame& frame, const std::vector<Unit>& units, const Group& group,
                         std::size_t start) {
    stores::Chunk chunk;
    chunk.start = start;
    chunk.end = units[group.last - 1].span.end;
    chunk.text = std::string(text_of(prose_, {chunk.start, chunk.end}));
    chunk.retrieval = retrieval_view(frame.title, frame.headings, chunk.text);
    const Result<int> tokens = count_(chunk.retrieval);
    if (!tokens) return tl::unexpected(tokens.error());
    if (*tokens > window_) return shrink(section, frame, units, group, start);
    chunk.document_id = document_id_;
    chunk.document_version = version_;
    chunk.headings = section.headings;
    chunk.tokens = *tokens + special_tokens;
    chunk.id = stable_id(
        "chunk", {document_id_, std::to_string(version_), std::to_string(chunk.start), std::to_string(chunk.end)});
    chunks_.push_back(std::move(chunk));
    return {};
  }

  Result<void> shrink(const Section& section, const Frame& frame, const std::vector<Unit>& units, const Group& group,
                      std::size_t start) {
    const std::size_t own_start = units[group.first].span.start;
    if (start != own_start) return add_chunk(section, frame, units, group, own_start);
    if (group.last - group.first > 1) {
      const std::size_t middle = group.first + (group.last - group.first) / 2;
      if (Result<void> done = add_chunk(section, frame, units, {group.first, middle, 0}, own_start); !done) return done;
      return add_chunk(section, frame, units, {middle, group.last, 0}, units[middle].span.start);
    }
    const Unit& unit = units[group.first];
    std::vector<Unit> pieces;
    if (unit.size > 1) {
      if (Result<void> cut = splitter_.split_words(unit.span, unit.block, unit.size / 2, pieces); !cut) return cut;
    }
    if (pieces.size() < 2) {
      return fail(ErrorKind::limit, tr("The passage at byte {} does not fit the embedding model's window", own_start),
                  document_id_, tr("use an embedding model with a larger window than {} tokens", window_));
    }
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      if (Result<void> done = add_chunk(section, frame, pieces, {i, i + 1, 0}, pieces[i].span.start); !done)
        return done;
    }
    return {};
  }

  const std::string& document_id_;
  int version_;
  std::string title_;
  const ProseView& prose_;
  const ChunkRules& rules_;
  int window_;  // tokens left by the special tokens
  const TokenCount& count_;
  const text::SentenceSplitter& sentences_;
  UnitSplitter splitter_;
  std::map<std::string, int> labels_;
  std::vector<stores::Chunk> chunks_;
};

}  // namespace

Result<std::vector<stores::Chunk>> chunk_document(const std::string& document_id, int version, const std::string& title,
                                                  const ProseView& prose, const ChunkRules& rules, int window_tokens,
                                                  const TokenCount& count) {
  if (window_tokens < min_window_tokens) {
    return fail(ErrorKind::limit,
                tr("The embedding model's window of {} tokens is too small to cut text for", window_tokens),
                document_id, tr("use an embedding model with a window of at least {} tokens", min_window_tokens));
  }
  const Result<text::SentenceSplitter> sentences = text::sentence_splitter(rules.sentences);
  if (!sentences) return tl::unexpected(sentences.error());
  return DocumentChunker(document_id, version, title, prose, rules, window_tokens, count, *sentences).run();
}

}  // namespace twin::feature
