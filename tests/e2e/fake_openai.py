"""An OpenAI-compatible server on loopback that answers by a function, streams as the real ones do, and misbehaves when
told to. Standard library only."""

import contextlib
import http.server
import json
import threading


class Fault(Exception):
    """What a reply function raises to misbehave: an HTTP status with headers, or "cut" in the midst of the stream."""

    def __init__(self, status=0, headers=(), cut=False):
        super().__init__(status)
        self.status, self.headers, self.cut = status, dict(headers), cut


class FakeOpenAI:
    """`reply(body, number)` gives the text of the answer to request `number`, counted from 1. Log-probabilities of the
    first token are refused, unless `odds(body)` gives them by token."""

    def __init__(self, reply, odds=None):
        self.odds = odds
        self.reply, self.bodies, self.keys, self.lock = reply, [], [], threading.Lock()
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if body.get("logprobs") and owner.odds is None:
                    return self.plain(400, {})
                with owner.lock:
                    owner.bodies.append(body)
                    owner.keys.append(self.headers.get("Authorization"))
                    number = len(owner.bodies)
                if body.get("logprobs"):
                    return self.first_token(owner.odds(body))
                try:
                    self.stream(owner.reply(body, number))
                except Fault as fault:
                    if fault.cut:
                        self.stream("half of an ans", whole=False)
                    else:
                        self.plain(fault.status, fault.headers)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def plain(self, status, headers):
                text = json.dumps({"error": {"message": "not now", "code": status}}).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def first_token(self, odds):
                top = [{"token": token, "logprob": logprob} for token, logprob in odds.items()]
                choice = {"message": {"content": top[0]["token"]}, "logprobs": {"content": [{"top_logprobs": top}]}}
                text = json.dumps({"choices": [choice]}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def stream(self, text, whole=True):
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Connection", "close")
                self.end_headers()
                middle = len(text) // 2
                for piece in (text[:middle], text[middle:]):
                    self.event({"choices": [{"delta": {"content": piece}, "finish_reason": None}]})
                if whole:
                    self.event({"choices": [{"delta": {}, "finish_reason": "stop"}]})
                    self.event({"choices": [], "usage": {"prompt_tokens": 300, "completion_tokens": 20}})
                    self.wfile.write(b"data: [DONE]\n\n")
                self.close_connection = True

            def event(self, value):
                self.wfile.write(b"data: " + json.dumps(value).encode() + b"\n\n")

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.server.shutdown()
            self.server.server_close()


def passage_of(body):
    """The text that a generator's prompt is about."""
    prompt = body["messages"][-1]["content"]
    return prompt[max(prompt.rfind("\nText: ") + 7, prompt.rfind("\n글: ") + 4):]


def wants(body):
    """The first property of the schema that the answer must fit: question, score, pairs or triples."""
    return next(iter(body["response_format"]["json_schema"]["schema"]["properties"]))


def obliging(body, _number=0):
    """What a good model would say: of a passage its first sentence."""
    passage = passage_of(body)
    first = passage.split(". ")[0].rstrip(".") + ("." if ". " in passage else "")
    if wants(body) == "question":
        return json.dumps({"question": "What is said about this: " + first[:40][::-1] + "?"})
    if wants(body) == "score":
        return json.dumps({"score": 5})
    if wants(body) == "pairs":
        return json.dumps({"pairs": [{"instruction": "Tell me: " + first[:40], "answer": first}]})
    return json.dumps({"triples": [{"instruction": "Say: " + first[:40], "answer": "As an assistant I cannot know.",
                                    "extract": first}]})
