#include "passages.h"

#include <fstream>
#include <utility>

#include "core/hash.h"

namespace twin::bench {

std::vector<Line> read_lines(const std::filesystem::path& file, std::size_t most) {
  std::vector<Line> lines;
  std::ifstream in(file);
  for (std::string line; lines.size() < most && std::getline(in, line);) {
    const auto first = line.find('\t'), second = line.find('\t', first + 1);
    lines.push_back({line.substr(0, first), line.substr(first + 1, second - first - 1), line.substr(second + 1)});
  }
  return lines;
}

Class class_of(std::size_t document) {
  const std::uint64_t number = (document + 1) * 0x9E3779B97F4A7C15ULL >> 32;
  return {number % 100 == 7, number % 10 == 3, number % 2 == 1};
}

std::string chunk_id(std::size_t line) {
  return stable_id("chunk", {std::to_string(line)});
}

MadeDocument made_document(const std::vector<Line>& lines, std::size_t first, std::size_t number) {
  MadeDocument made;
  stores::IndexedDocument& document = made.document;
  const Class c = class_of(number);
  document.id = lines[first].document;
  document.version = 1;
  document.title = lines[first].title;
  document.category = c.one ? "one" : "others";
  document.source = c.ten ? "ten" : "others";
  document.language = c.half ? "half" : "others";
  document.author_ids = {"author_" + std::to_string(number % 50)};
  for (std::size_t i = first; i < lines.size() && lines[i].document == document.id; ++i) {
    stores::Chunk chunk;
    chunk.id = chunk_id(i);
    chunk.document_id = document.id;
    chunk.document_version = 1;
    chunk.start = document.prose.size();
    chunk.end = chunk.start + lines[i].text.size();
    chunk.headings = {document.title};
    chunk.tokens = static_cast<int>(lines[i].text.size() / 5);
    chunk.text = lines[i].text;
    chunk.retrieval = document.title + "\n" + lines[i].text;
    document.prose += lines[i].text + "\n\n";
    made.chunks.push_back(std::move(chunk));
  }
  return made;
}

}  // namespace twin::bench
