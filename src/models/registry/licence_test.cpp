#include "models/registry/licence.h"

#include <doctest/doctest.h>

#include "core/files.h"
#include "models/registry/fixtures.h"

using namespace twin;
using namespace twin::models;

TEST_CASE("the licence of a model card") {
  CHECK(card_licence("---\nlanguage: en\nlicense: apache-2.0\n---\n# Card\n") == "apache-2.0");
  CHECK(card_licence("---\r\nlicense: mit\r\n---\r\n") == "mit");
  CHECK(card_licence("---\nlicense: other\nlicense_name: gemma\n---\n") == "gemma");
  CHECK(card_licence("license: mit\n").empty());       // no front matter
  CHECK(card_licence("---\nlicense: mit\n").empty());  // never ends
  CHECK(card_licence("---\n\tlicense: [\n---\n").empty());
  CHECK(card_licence("---\nlicense: [a, b]\n---\n").empty());
  CHECK(card_licence("---\n" + std::string(70'000, '[') + "\n---\n").empty());
}

TEST_CASE("headers of package metadata end at the description") {
  const std::string metadata =
      "Name: x\r\nLicense: MIT\r\nRequires-Dist: a==1\r\nRequires-Dist: b\r\n\r\nLicense: no\r\n";
  CHECK(metadata_values(metadata, "License") == std::vector<std::string>{"MIT"});
  CHECK(metadata_values(metadata, "Requires-Dist") == std::vector<std::string>{"a==1", "b"});
  CHECK(metadata_values(metadata, "Lic").empty());
}

TEST_CASE("the weights' card goes before the package around them; texts are kept") {
  const TempFolder folder;
  testing::write_file(folder.path() / "x.dist-info/METADATA", "License: MIT\n\n");
  testing::write_file(folder.path() / "x.dist-info/LICENSE", "the text \xff");
  CHECK(find_licence(folder.path()).name == "MIT");
  testing::write_file(folder.path() / "x/README.md", "---\nlicense: apache-2.0\n---\n");
  const Licence licence = find_licence(folder.path());
  CHECK(licence.name == "apache-2.0");
  CHECK(licence.text == "the text \uFFFD");
  CHECK(find_licence(folder.path() / "none").name.empty());
}
