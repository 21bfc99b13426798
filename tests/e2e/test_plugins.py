"""Adding a source is one .cpp, adding a category one YAML: both are added here, and the line runs over them."""

import pathlib
import shutil
import subprocess
import textwrap
import unittest

from harness import BIN, SOURCE, ProjectTest

BUILD = BIN.parent

NEW_SOURCE = textwrap.dedent(
    """\
    // Lines of one file, each a document: the smallest source there can be.
    #include <fstream>

    #include "feature/sources/source.h"

    namespace twin::feature {
    namespace {

    class Lines final : public Source {
     public:
      void bind(config::Binder& b) override { b.field("path", path_, "File", {.required = true, .path = true}); }
      std::string location() const override { return path_; }
      std::optional<std::string> fingerprint(SourceContext&) override { return std::nullopt; }
      Result<SourceReport> collect(SourceContext& context, const ItemSink& sink) override {
        std::ifstream in(path_);
        int number = 0;
        for (std::string line; std::getline(in, line);) {
          RawDocument raw;
          raw.url = "lines:" + path_ + "#" + std::to_string(++number);
          if (!context.wants(raw.url)) continue;
          raw.media_type = "text/plain";
          raw.bytes = line;
          raw.title = "Line " + std::to_string(number);
          if (!sink(std::move(raw))) break;
        }
        return SourceReport{.complete = true, .unchanged = false, .cursor = {}};
      }

     private:
      std::string path_;
    };

    TWIN_SOURCE(lines, {.description = "Lines of a file",
                        .needs = "nothing",
                        .examples = {{"notes.lines", true}, {"notes.md", false}},
                        .accepts = [](const std::string& l) {
                          return l.ends_with(".lines") ? Claim{Claim::site, "a file of lines"} : Claim{};
                        },
                        .make = [] { return std::make_unique<Lines>(); }})

    }  // namespace
    }  // namespace twin::feature
    """
)

NEW_CATEGORY = """\
description: Notes of one line
chunk: {max_tokens: 100}
dataset: {enabled: false}
retrieval_weight: 2.0
"""


class PlugIns(ProjectTest):
    def test_a_new_source_and_a_new_category(self):
        extra = BUILD / "extra-sources"
        extra.mkdir(exist_ok=True)
        self.addCleanup(shutil.rmtree, extra, ignore_errors=True)
        (extra / "lines.cpp").write_text(NEW_SOURCE)
        built = subprocess.run(
            ["cmake", "--build", str(BUILD), "--target", "twin-extra"], capture_output=True, text=True
        )
        self.assertEqual(built.returncode, 0, built.stdout[-3000:] + built.stderr[-3000:])

        (self.home / "categories").mkdir()
        (self.home / "categories" / "notes.yaml").write_text(NEW_CATEGORY)
        (self.home / "notes.lines").write_text("The lighthouse keeper counts ships.\nThe baker counts loaves.\n")
        config = (self.home / "twin.yaml").read_text()
        (self.home / "twin.yaml").write_text(
            config.replace("sources:\n", "sources:\n  - {type: lines, path: notes.lines, category: notes}\n")
        )
        subprocess.run([str(BIN / "twin-extra"), "--home", str(self.home), "-q", "index"], check=True, timeout=600)
        hit = self.twin("search", "who counts ships at the lighthouse?", "-k", 1, "--json", code=None)
        # twin itself does not know the source "lines": the project's configuration is an error there.
        self.assertEqual(hit.code, 2)
        result = subprocess.run(
            [str(BIN / "twin-extra"), "--home", str(self.home), "search", "who counts ships?", "-k", "1", "--json"],
            capture_output=True,
            text=True,
            check=True,
        )
        self.assertIn("lighthouse", result.stdout)

    def test_every_source_file_is_registered(self):
        files = {p.stem for p in pathlib.Path(SOURCE / "src/feature/sources").glob("*.cpp") if "_test" not in p.stem}
        (self.home / "bad.yaml").write_text("")
        refused = self.twin("init", "--name", "x", "--force", "gopher://nowhere", code=2, home=self.home)
        for name in files:
            self.assertIn(name, refused.err)


if __name__ == "__main__":
    unittest.main()
