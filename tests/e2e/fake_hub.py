"""A hub on loopback that speaks the part of Hugging Face's API that data sets need: make a repository, ask how files
go, Git LFS, commit, list, resolve. Standard library only. Refuses what the real one would refuse."""

import base64
import contextlib
import hashlib
import http.server
import json
import threading

TOKEN = "hf_test_token"


class FakeHub:
    """`repos`: name → {"private", "files": {path: bytes}, "commits"}; `log`: (method, path) of each request."""

    lfs_from = 20_000  # bytes from which a file goes by LFS

    def __init__(self):
        self.repos, self.store, self.log, self.samples = {}, {}, [], {}
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self, status, value=None, body=None, headers=()):
                body = json.dumps(value or {}).encode() if body is None else body
                self.send_response(status)
                for name, text in headers:
                    self.send_header(name, text)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def refused(self):
                owner.log.append((self.command, self.path))
                if self.headers.get("Authorization") == f"Bearer {TOKEN}":
                    return False
                self.answer(401, {"error": "Invalid credentials"})
                return True

            def body(self):
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))

            def do_PUT(self):
                owner.log.append((self.command, self.path))
                body = self.body()
                oid = self.path.rsplit("/", 1)[1]
                good = (hashlib.sha256(body).hexdigest() == oid and self.headers.get("X-Signature") == "s1"
                        and self.headers.get("Authorization") is None)
                if good:
                    owner.store[oid] = body
                self.answer(200 if good else 403, {"error": "bad upload"})

            def do_POST(self):
                body = self.body()
                if self.refused():
                    return
                if self.path == "/api/repos/create":
                    self.create(json.loads(body))
                elif self.path.endswith("/preupload/main"):
                    self.preupload(json.loads(body))
                elif self.path.endswith(".git/info/lfs/objects/batch"):
                    self.batch(json.loads(body))
                elif self.path == "/verify":
                    known = json.loads(body)
                    self.answer(200 if len(owner.store.get(known["oid"], b"")) == known["size"] else 422)
                elif self.path.endswith("/commit/main"):
                    self.commit(self.path.split("/api/datasets/")[1].split("/commit/")[0], body)
                else:
                    self.answer(404, {"error": "no such path"})

            def create(self, wish):
                name = f"{wish['organization']}/{wish['name']}"
                if wish["type"] != "dataset":
                    self.answer(400, {"error": "type"})
                elif name in owner.repos:
                    self.answer(409, {"error": "You already created this dataset repo"})
                else:
                    owner.repos[name] = {"private": wish["private"], "files": {}, "commits": []}
                    self.answer(200, {"url": f"{owner.url}/datasets/{name}"})

            def preupload(self, wish):
                files = []
                for file in wish["files"]:
                    owner.samples[file["path"]] = base64.b64decode(file["sample"], validate=True)
                    mode = "lfs" if file["size"] >= owner.lfs_from or file["path"].endswith(".parquet") else "regular"
                    files.append({"path": file["path"], "uploadMode": mode, "shouldIgnore": False})
                self.answer(200, {"files": files})

            def batch(self, wish):
                if self.headers["Accept"] != "application/vnd.git-lfs+json" or wish["operation"] != "upload":
                    self.answer(406, {"error": "not a batch"})
                    return
                objects = []
                for wanted in wish["objects"]:
                    item = dict(wanted)
                    if wanted["oid"] not in owner.store:
                        item["actions"] = {
                            "upload": {"href": f"{owner.url}/store/{wanted['oid']}", "header": {"X-Signature": "s1"}},
                            "verify": {"href": f"{owner.url}/verify"},
                        }
                    objects.append(item)
                self.answer(200, {"transfer": "basic", "objects": objects})

            def commit(self, name, body):
                if self.headers["Content-Type"] != "application/x-ndjson" or name not in owner.repos:
                    self.answer(400, {"error": "not a commit"})
                    return
                lines = [json.loads(line) for line in body.decode().split("\n")]
                if lines[0]["key"] != "header" or not lines[0]["value"]["summary"]:
                    self.answer(400, {"error": "no header"})
                    return
                files = {}
                for line in lines[1:]:
                    value = line["value"]
                    if line["key"] == "file":
                        content = base64.b64decode(value["content"], validate=True)
                    elif value["oid"] in owner.store and value["algo"] == "sha256":
                        content = owner.store[value["oid"]]
                    else:
                        self.answer(400, {"error": "an LFS file that was not uploaded"})
                        return
                    if not content.startswith(owner.samples[value["path"]]):
                        self.answer(400, {"error": "another content than was announced"})
                        return
                    files[value["path"]] = content
                repo = owner.repos[name]
                repo["files"].update(files)
                repo["commits"].append(lines[0]["value"]["summary"])
                oid = hashlib.sha1(body).hexdigest()
                self.answer(200, {"commitOid": oid, "commitUrl": f"{owner.url}/datasets/{name}/commit/{oid}"})

            do_HEAD = do_GET = lambda self: self.get()

            def get(self):
                if self.refused():
                    return
                path = self.path.split("?")[0]
                if path.startswith("/api/datasets/"):
                    name = "/".join(path.split("/")[3:5])
                    if name not in owner.repos:
                        self.answer(404, {"error": "Repository not found"})
                        return
                    siblings = [{"rfilename": file, "size": len(content)} | (
                        {"lfs": {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}}
                        if len(content) >= owner.lfs_from else {})
                        for file, content in owner.repos[name]["files"].items()]
                    siblings.append({"rfilename": "../../outside.jsonl", "size": 1})
                    self.answer(200, {"sha": "c0ffee", "siblings": siblings})
                    return
                parts = path.split("/")  # /datasets/ORG/NAME/resolve/REV/FILE…
                content = owner.repos.get("/".join(parts[2:4]), {"files": {}})["files"].get("/".join(parts[6:]))
                if content is None or parts[5] != "c0ffee":
                    self.answer(404, {"error": "Entry not found"})
                else:
                    self.answer(200, body=content)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.server.shutdown()
            self.server.server_close()
