// Every target over its seeds and over mutations of them, without libFuzzer: twin_fuzz_replay CORPUS [TARGET]
//
// The mutations are the same in every run. A failure leaves the input in twin_fuzz_replay.<target>.input of the working
// folder, for scripts/fuzz.sh or a debugger.
#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "../fuzz.h"

namespace fs = std::filesystem;

namespace {

constexpr int mutations_of_a_seed = 200;

std::string current_input;  // what the signal handler writes down
char input_file[256];

void write_down(int signal) {
  const int file = ::open(input_file, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file >= 0) {
    if (::write(file, current_input.data(), current_input.size()) < 0) std::_Exit(128 + signal);
    ::close(file);
  }
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

/// xorshift64: the same numbers with every library.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed | 1u) {}
  std::size_t below(std::size_t limit) {
    state_ ^= state_ << 13u;
    state_ ^= state_ >> 7u;
    state_ ^= state_ << 17u;
    return limit == 0 ? 0 : static_cast<std::size_t>(state_ % limit);
  }

 private:
  std::uint64_t state_;
};

std::string mutated(const std::vector<std::string>& seeds, std::size_t which, Random& random) {
  std::string out = seeds[which];
  for (std::size_t times = 1 + random.below(4); times > 0; --times) {
    const std::size_t at = random.below(out.size() + 1);
    switch (random.below(6)) {
      case 0:
        if (at < out.size()) out[at] = static_cast<char>(random.below(256));
        break;
      case 1:
        out.resize(at);
        break;
      case 2:
        out.erase(at, random.below(16));
        break;
      case 3: {
        const std::string& other = seeds[random.below(seeds.size())];
        const std::size_t from = random.below(other.size() + 1);
        out.insert(at, other.substr(from, random.below(64)));
        break;
      }
      case 4:
        out.insert(at, random.below(50), static_cast<char>(random.below(256)));
        break;
      default: {
        const std::string piece = out.substr(at, random.below(32));
        for (std::size_t i = random.below(20); i > 0; --i) out.insert(at, piece);
      }
    }
  }
  return out;
}

std::vector<std::string> read_seeds(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<std::string> seeds = {""};
  for (const fs::path& file : files) {
    std::ifstream in(file, std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return seeds;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "twin_fuzz_replay CORPUS [TARGET]\n");
    return 2;
  }
  for (const int signal : {SIGABRT, SIGSEGV, SIGFPE, SIGILL, SIGBUS}) std::signal(signal, write_down);
  int ran = 0;
  for (const auto& [id, target] : twin::fuzz::targets()) {
    if (argc > 2 && id != argv[2]) continue;
    const fs::path folder = fs::path(argv[1]) / id;
    if (!fs::is_directory(folder) || fs::is_empty(folder)) {
      std::fprintf(stderr, "%s: no seeds; add some small inputs of your own\n", folder.c_str());
      return 1;
    }
    std::snprintf(input_file, sizeof input_file, "twin_fuzz_replay.%s.input", id.c_str());
    const std::vector<std::string> seeds = read_seeds(folder);
    std::size_t inputs = 0;
    for (std::size_t seed = 0; seed < seeds.size(); ++seed) {
      Random random(0x9E3779B97F4A7C15u + seed);
      for (int i = 0; i <= mutations_of_a_seed; ++i) {
        current_input = i == 0 ? seeds[seed] : mutated(seeds, seed, random);
        target(current_input);
        ++inputs;
      }
    }
    std::printf("%-16s %3zu seeds, %zu inputs\n", id.c_str(), seeds.size() - 1, inputs);
    std::fflush(stdout);
    ++ran;
  }
  if (ran == 0) {
    std::fprintf(stderr, "no such target\n");
    return 1;
  }
  return 0;
}
