"""A token goes to the service it is for, and nowhere else: a source that leaks it everywhere it can is added, and run."""

import shutil
import subprocess
import textwrap
import unittest

from harness import BIN, ProjectTest, Result

BUILD = BIN.parent
TOKEN = 'tok-"en/1+2==\\x'

LEAKY = textwrap.dedent(
    """\
    // Gives its token to everything that takes a text.
    #include "core/log.h"
    #include "feature/sources/source.h"

    namespace twin::feature {
    namespace {

    class Leaky final : public Source {
     public:
      void bind(config::Binder& b) override { b.field("path", path_, "Anything", {.required = true}); }
      std::string location() const override { return path_; }
      std::optional<std::string> fingerprint(SourceContext&) override { return std::nullopt; }
      Result<SourceReport> collect(SourceContext& context, const ItemSink& sink) override {
        const auto token = context.secrets.get("LEAKY_TOKEN");
        if (!token) return tl::unexpected(token.error());
        log::warn("sending Authorization: Bearer {}", *token);
        RawDocument raw;
        raw.url = "leaky:page?token=" + *token;
        raw.media_type = "text/plain";
        raw.bytes = "The server says: you sent " + *token + " and it was long enough to keep.";
        raw.title = "Echo of " + *token;
        raw.authors = {"Author " + *token};
        raw.metadata["header"] = *token;
        sink(std::move(raw));
        sink(fail(ErrorKind::network, "refused: " + *token, "leaky:other?token=" + *token, "try " + *token));
        return fail(ErrorKind::network, "bad credentials: " + *token, path_ + *token, "renew " + *token);
      }

     private:
      std::string path_;
    };

    TWIN_SOURCE(leaky, {.description = "Leaks",
                        .needs = "LEAKY_TOKEN",
                        .examples = {{"x.leaky", true}, {"x.md", false}},
                        .accepts = [](const std::string& l) { return Claim{l.ends_with(".leaky") ? Claim::shape : Claim::none, "x"}; },
                        .make = [] { return std::make_unique<Leaky>(); }})

    }  // namespace
    }  // namespace twin::feature
    """
)


class SecretsStaySecret(ProjectTest):
    def extra(self, *arguments, code=0, env=None):
        command = [str(BIN / "twin-extra"), "--home", str(self.home), *arguments]
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(self.home), "LC_ALL": "C.UTF-8", **(env or {})}
        done = Result(subprocess.run(command, capture_output=True, text=True, errors="replace", env=environment, timeout=600))
        self.assertEqual(done.code, code, done)
        self.assert_clean(done.out + done.err, " ".join(arguments))
        return done

    def assert_clean(self, text, where):
        for form in (TOKEN, TOKEN.replace("\\", "\\\\").replace('"', '\\"'), "tok-%22en%2F1%2B2%3D%3D%5Cx"):
            self.assertNotIn(form, text, where)

    def test_a_leaking_source_leaks_nothing(self):
        extra = BUILD / "extra-sources"
        extra.mkdir(exist_ok=True)
        self.addCleanup(shutil.rmtree, extra, ignore_errors=True)
        (extra / "leaky.cpp").write_text(LEAKY)
        built = subprocess.run(["cmake", "--build", str(BUILD), "--target", "twin-extra"], capture_output=True, text=True)
        self.assertEqual(built.returncode, 0, built.stdout[-3000:] + built.stderr[-3000:])
        config = (self.home / "twin.yaml").read_text()
        (self.home / "twin.yaml").write_text(
            config.replace("sources:\n", "sources:\n  - {type: leaky, path: here, category: posts}\n")
        )
        # None given: the message says where it can be put, and the rest is collected.
        missing = self.extra("collect", code=3)
        self.assertIn("LEAKY_TOKEN", missing.err)
        self.assertIn("secrets.yaml", missing.err)
        # A file that others may read is refused.
        secrets = self.home / ".twin" / "secrets.yaml"
        secrets.write_text("LEAKY_TOKEN: '" + TOKEN + "'\n")
        secrets.chmod(0o644)
        self.assertIn("chmod 600", self.extra("collect", code=1).err)
        secrets.chmod(0o600)

        run = self.extra("--json", "-v", "collect", code=3)
        self.assertIn("***", run.err)
        self.assertIn("bad credentials: ***", run.out)
        self.assertIn("bad credentials: ***", self.extra("run", "show").out)
        self.assertIn("it was long enough to keep", self.extra("docs", "export").out)
        for command in (["run", "show", "--json"], ["runs", "--json"], ["docs", "list", "--json"], ["config", "show"]):
            self.extra(*command)
        # The user's own file and the environment are read, too.
        secrets.unlink()
        own = self.home / ".config" / "twin" / "secrets.yaml"
        own.parent.mkdir(parents=True)
        own.write_text("LEAKY_TOKEN: '" + TOKEN + "'\n")
        own.chmod(0o600)
        self.assertIn("bad credentials: ***", self.extra("--json", "collect", code=3).out)
        own.unlink()
        self.extra("--json", "collect", code=3, env={"LEAKY_TOKEN": TOKEN})

        for path in self.home.rglob("*"):
            if path.is_file():
                self.assert_clean(path.read_bytes().decode("utf-8", "replace"), str(path))


if __name__ == "__main__":
    unittest.main()
