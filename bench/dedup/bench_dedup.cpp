// bench_dedup FILE THRESHOLD: near-duplicate detection on documents that lie in FILE, a NUL byte behind each.
//
// Prints one JSON object: CPU seconds of each part, and the pairs that hashing finds against all pairs there are.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "exact_pairs.h"
#include "feature/dedup/lsh.h"
#include "feature/dedup/shingles.h"

using namespace twin;
using namespace twin::feature;

namespace {

double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

std::vector<std::string> read_documents(const char* file) {
  std::ifstream in(file, std::ios::binary);
  std::vector<std::string> out;
  for (std::string document; std::getline(in, document, '\0');) out.push_back(document);
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "bench_dedup FILE THRESHOLD\n");
    return 2;
  }
  const std::vector<std::string> documents = read_documents(argv[1]);
  const double threshold = std::atof(argv[2]);

  double start = cpu_seconds();
  std::vector<std::vector<std::uint64_t>> sets;
  std::size_t shingle_count = 0;
  for (const std::string& document : documents) {
    sets.push_back(shingle_hashes(document));
    shingle_count += sets.back().size();
  }
  const double shingling = cpu_seconds() - start;

  start = cpu_seconds();
  std::vector<Signature> signatures;
  for (const auto& hashes : sets) signatures.push_back(minhash(hashes));
  const double signing = cpu_seconds() - start;

  for (auto& set : sets) make_set(set);

  start = cpu_seconds();
  SignatureIndex index(choose_bands(threshold));
  std::vector<bench::Pair> found;
  std::size_t candidates = 0, estimated = 0, estimated_right = 0;
  std::vector<std::uint32_t> near;
  for (std::uint32_t i = 0; i < documents.size(); ++i) {
    index.candidates(signatures[i], least_estimate(threshold), near);
    for (const std::uint32_t other : near) {
      ++candidates;
      const bool duplicate = jaccard(sets[i], sets[other]) >= threshold;
      if (duplicate) found.emplace_back(other, i);
      if (estimate(signatures[i], signatures[other]) >= threshold) {
        ++estimated;
        estimated_right += duplicate ? 1u : 0u;
      }
    }
    index.add(signatures[i]);
  }
  const double joining = cpu_seconds() - start;
  std::sort(found.begin(), found.end());

  start = cpu_seconds();
  const std::vector<bench::Pair> truth = bench::exact_pairs(sets, threshold);
  const double exact = cpu_seconds() - start;

  std::vector<bench::Pair> right;
  std::set_intersection(found.begin(), found.end(), truth.begin(), truth.end(), std::back_inserter(right));
  const auto ratio = [](std::size_t a, std::size_t b) {
    return b == 0 ? 1.0 : static_cast<double>(a) / static_cast<double>(b);
  };
  const Bands bands = choose_bands(threshold);
  std::printf(
      "{\"documents\": %zu, \"shingles\": %zu, \"bands\": %zu, \"rows\": %zu, \"shingling_s\": %.3f, \"signing_s\": "
      "%.3f, "
      "\"joining_s\": %.3f, \"exact_s\": %.3f, \"candidates\": %zu, \"found\": %zu, \"truth\": %zu, \"right\": %zu, "
      "\"precision\": %.5f, \"recall\": %.5f, \"precision_without_verification\": %.5f, "
      "\"recall_without_verification\": %.5f}\n",
      documents.size(), shingle_count, bands.count, bands.rows, shingling, signing, joining, exact, candidates,
      found.size(), truth.size(), right.size(), ratio(right.size(), found.size()), ratio(right.size(), truth.size()),
      ratio(estimated_right, estimated), ratio(estimated_right, truth.size()));
  return 0;
}
