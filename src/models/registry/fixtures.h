// Small model files for tests: a GGUF with a few keys and tensors, safetensors files, a tiny BERT-type encoder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace twin::models::testing {

namespace fs = std::filesystem;

void write_file(const fs::path& path, const std::string& bytes);
std::string read_file(const fs::path& path);

/// A well-formed GGUF with two tensors: 8 x 4 f32 and 32 f16.
void write_gguf(const fs::path& path, const std::string& architecture = "llama",
                const std::map<std::string, std::string>& texts = {});

/// Header length, header, data.
std::string safetensors_bytes(const std::string& header, const std::string& data);
/// f32 tensors of the given shapes with values 0.01, 0.02, … in order of name.
std::string safetensors_f32(const std::map<std::string, std::vector<std::int64_t>>& shapes);

/// One layer, 4 dimensions, 2 heads, 8 tokens, 16 positions.
void write_tiny_bert(const fs::path& folder);

/// A zip with these files (name to content), as Python wheels are.
void write_zip(const fs::path& path, const std::map<std::string, std::string>& files);

}  // namespace twin::models::testing
