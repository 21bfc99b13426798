// twin-encode --model FILE.gguf --threads N [--alone] [--f32]: token ids on stdin, vectors on stdout
// (models/engines/encoder_wire.h). With --alone each text by itself (Batching::alone), with --f32 in float32 where
// bfloat16 would be faster. A program of its own, so that `twin` links no oneDNN.
#include <fmt/format.h>
#include <omp.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "models/encoder/bert_encoder.h"
#include "models/engines/encoder_wire.h"

namespace {

using twin::models::Batching;
using twin::models::BertEncoder;
using twin::models::Precision;
namespace wire = twin::models::wire;

bool read_all(void* bytes, std::size_t count) {
  return std::fread(bytes, 1, count, stdin) == count;
}

template <class T>
void write_all(const std::vector<T>& values) {
  std::fwrite(values.data(), sizeof(T), values.size(), stdout);
}

void write_error(const twin::Error& error) {
  const std::string message = error.where.empty() ? error.message : error.where + ": " + error.message;
  write_all(std::vector<std::uint32_t>{wire::failed, static_cast<std::uint32_t>(message.size())});
  std::fwrite(message.data(), 1, message.size(), stdout);
}

/// False at the end of the input, or when it is not a request.
bool read_request(std::vector<std::vector<std::int32_t>>& texts) {
  std::uint32_t count = 0;
  if (!read_all(&count, sizeof(count)) || count > wire::most_texts) return false;
  texts.assign(count, {});
  for (auto& text : texts) {
    std::uint32_t tokens = 0;
    if (!read_all(&tokens, sizeof(tokens)) || tokens > wire::most_tokens) return false;
    text.resize(tokens);
    if (!read_all(text.data(), tokens * sizeof(std::int32_t))) return false;
  }
  return true;
}

void serve(const BertEncoder& encoder, int threads) {
  write_all(std::vector<std::uint32_t>{wire::ok, static_cast<std::uint32_t>(encoder.dimension()),
                                       static_cast<std::uint32_t>(encoder.window())});
  std::fflush(stdout);
  for (std::vector<std::vector<std::int32_t>> texts; read_request(texts);) {
    if (const auto vectors = encoder.encode(texts, threads)) {
      write_all(std::vector<std::uint32_t>{wire::ok});
      write_all(*vectors);
    } else {
      write_error(vectors.error());
    }
    std::fflush(stdout);
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count == 2 && std::string_view(arguments[1]) == "--version") {
    std::puts("twin-encode " TWIN_VERSION);
    return 0;
  }
  const std::vector<std::string_view> words(arguments + 1, arguments + count);
  const int threads = words.size() >= 4 ? std::atoi(arguments[4]) : 0;
  bool alone = false, f32 = false, wrong = threads < 1 || words[0] != "--model" || words[2] != "--threads";
  for (std::size_t i = 4; i < words.size(); ++i) {
    alone = alone || words[i] == "--alone";
    f32 = f32 || words[i] == "--f32";
    wrong = wrong || (words[i] != "--alone" && words[i] != "--f32");
  }
  if (wrong) {
    std::fputs("usage: twin-encode --model FILE.gguf --threads N [--alone] [--f32] < requests > vectors\n", stderr);
    return 2;
  }
  omp_set_num_threads(1);
  try {
    const auto encoder = BertEncoder::load(arguments[2], alone ? Batching::alone : Batching::packed,
                                           f32 ? Precision::f32 : twin::models::best_precision());
    if (!encoder) {
      write_error(encoder.error());
      return 3;
    }
    serve(**encoder, threads);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "twin-encode: %s\n", error.what());
    return 1;
  }
}
