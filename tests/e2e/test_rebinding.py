"""A name whose address changes under way: the real resolver, asking a DNS server of this test.

It runs in a network of its own (unshare): a name server at port 53, /etc/resolv.conf that names it, and an address of the
public internet that lies on the loopback device. Where that is not permitted, the tests are skipped with the reason.
"""

import fcntl
import json
import os
import pathlib
import socket
import socketserver
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

from harness import BIN, ProjectTest

PUBLIC = "8.8.8.8"  # only in the network of the test, where it is this machine
INSIDE = "127.0.0.1"
PORT = 8080

# Name → answers, one list of addresses for each time it is asked; the last stays.
ZONE = {
    "steady.example": [[PUBLIC]],
    "rebound.example": [[INSIDE]],
    "later.example": [[PUBLIC], [INSIDE]],
    "both.example": [[INSIDE, PUBLIC]],  # the guard must look at each address that is tried
    "fallback.example": [["9.9.9.9", INSIDE]],  # there is no way to the first
    "v6.example": [["::1"]],
    "mapped.example": [["::ffff:127.0.0.1"]],
    "metadata.example": [["169.254.169.254"]],
}

FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>t</title><item><title>One</title>
<link>http://{host}/{n}</link><description>{words}</description></item></channel></rss>"""
WORDS = "The words of this page arrived whole and in good order, as they were written down for it one evening."


# ---- in the network of the test


class Names:
    """A name server (RFC 1035) that answers A and AAAA from ZONE."""

    def __init__(self):
        self.asked = {}
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            query, peer = self.socket.recvfrom(1500)
            self.socket.sendto(self.answer(query), peer)

    def answer(self, query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1 : at + 1 + query[at]].decode())
            at += query[at] + 1
        name, (kind,) = ".".join(labels).lower(), struct.unpack(">H", query[at + 1 : at + 3])
        known = ZONE.get(name)
        records = []
        if known:
            times = self.asked.setdefault((name, kind), 0)
            self.asked[name, kind] = times + 1
            for address in known[min(times, len(known) - 1)]:
                v6 = ":" in address
                if kind == (28 if v6 else 1):
                    data = socket.inet_pton(socket.AF_INET6 if v6 else socket.AF_INET, address)
                    records.append(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 0, len(data)) + data)
        head = query[:2] + struct.pack(">HHHHH", 0x8180 if known else 0x8183, 1, len(records), 0, 0)
        return head + query[12 : at + 5] + b"".join(records)


class Web(socketserver.ThreadingTCPServer):
    """Notes at which of its addresses it was asked."""

    allow_reuse_address = daemon_threads = True
    reached = []

    class RequestHandlerClass(socketserver.StreamRequestHandler):
        def handle(self):
            lines = []
            while (line := self.rfile.readline().strip()) != b"":
                lines.append(line.decode("latin-1"))
            if not lines:
                return
            path = lines[0].split(" ")[1]
            host = next(l.split(": ", 1)[1] for l in lines if l.lower().startswith("host: "))
            at = self.connection.getsockname()[0].removeprefix("::ffff:")
            Web.reached.append((host, path, at))
            status, more, body = "200 OK", "", FEED.format(host=host, n=path.strip("/"), words=WORDS)
            if path == "/robots.txt":
                status, body = "404 Not Found", ""
            if path == "/moved.xml":  # to a name that lies inside by now
                status, more, body = "302 Found", f"Location: http://rebound.example:{PORT}/secret.xml\r\n", ""
            data = body.encode()
            self.wfile.write(
                f"HTTP/1.1 {status}\r\n{more}Content-Length: {len(data)}\r\nConnection: close\r\n\r\n".encode() + data
            )

    def __init__(self):
        self.address_family = socket.AF_INET6
        super().__init__(("::", PORT), self.RequestHandlerClass)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def server_bind(self):
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()


def loopback_with(address):
    """Brings the loopback device up, with a second address."""
    up, running, set_flags, set_address = 0x1, 0x40, 0x8914, 0x8916
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, set_flags, struct.pack("16sh14x", b"lo", up | running))
        request = struct.pack("16sHH4s8x", b"lo:1", socket.AF_INET, 0, socket.inet_aton(address))
        fcntl.ioctl(control, set_address, request)
        fcntl.ioctl(control, set_flags, struct.pack("16sh14x", b"lo:1", up | running))


def inside(arguments):
    """Sets the network up and runs twin so many times as there are lists of arguments; prints what happened as JSON."""
    loopback_with(PUBLIC)
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write("nameserver 127.0.0.1\noptions timeout:2 attempts:1\n")
        file.flush()
        subprocess.run(["mount", "--bind", file.name, "/etc/resolv.conf"], check=True)
        Names()
        Web()
        runs = []
        environment = {k: v for k, v in os.environ.items() if "proxy" not in k.lower()}
        for one in arguments:
            done = subprocess.run(one, capture_output=True, text=True, errors="replace", env=environment, timeout=120)
            runs.append({"code": done.returncode, "out": done.stdout, "err": done.stderr})
    print(json.dumps({"runs": runs, "reached": Web.reached}))


# ---- the tests


def namespace():
    """The command that gives a program a network and mounts of its own, or why there is none."""
    command = ["unshare", "--net", "--mount"] + ([] if os.geteuid() == 0 else ["--user", "--map-root-user"])
    try:
        tried = subprocess.run([*command, "true"], capture_output=True, text=True)
    except OSError as error:
        return None, str(error)
    return (command, "") if tried.returncode == 0 else (None, tried.stderr.strip())


COMMAND, WHY_NOT = namespace()


@unittest.skipIf(COMMAND is None, f"no network of its own for the test: {WHY_NOT}")
class Rebinding(ProjectTest):
    def collect(self, *urls, runs=1, options=""):
        sources = "".join(f"  - {{type: feed, name: '{url}', category: posts, full: never, url: '{url}'}}\n" for url in urls)
        (self.home / "twin.yaml").write_text(
            "name: rebinding\nauthors: [{name: Mina Park}]\ncollect:\n"
            f"  http: {{delay_seconds: 0, attempts: 1, connect_seconds: 5{options}}}\nsources:\n" + sources
        )
        command = [str(BIN / "twin"), "--home", str(self.home), "--json", "collect"]
        done = subprocess.run(
            [*COMMAND, sys.executable, os.path.abspath(__file__), json.dumps([command] * runs)],
            capture_output=True,
            text=True,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            timeout=300,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        result = json.loads(done.stdout)
        for run in result["runs"]:
            events = [json.loads(line) for line in run["err"].splitlines() if line.startswith("{")]
            run["failures"] = {e["source"]: e for e in events if e.get("event") == "collect.failure"}
        return result

    def refused(self, failure, address, block):
        self.assertEqual(failure["kind"], "limit", failure)
        self.assertIn(f"is at {address}, which is not on the public internet ({block})", failure["message"])
        self.assertIn("collect.http.allow_hosts", failure["hint"])

    def test_a_public_address_is_read(self):
        """The network of the test works: what follows is refused by the guard, not by chance."""
        result = self.collect(f"http://steady.example:{PORT}/a.xml")
        self.assertEqual(result["runs"][0]["code"], 0, result)
        self.assertIn(["steady.example:8080", "/a.xml", PUBLIC], result["reached"])
        self.assertIn(WORDS, self.twin("docs", "export").out)

    def test_names_that_lead_inside_are_refused_whatever_kind_of_address_the_resolver_gives(self):
        names = {
            "rebound.example": (INSIDE, "loopback"),
            "v6.example": ("::1", "loopback"),
            "mapped.example": (INSIDE, "loopback"),
            "metadata.example": ("169.254.169.254", "cloud metadata"),
        }
        urls = {name: f"http://{name}:{PORT}/a.xml" for name in names}
        result = self.collect(*urls.values())
        for name, (address, block) in names.items():
            with self.subTest(name):
                self.refused(result["runs"][0]["failures"][urls[name]], address, block)
        self.assertEqual(result["reached"], [])

    def test_a_name_that_was_public_and_then_leads_inside(self):
        url = f"http://later.example:{PORT}/a.xml"
        result = self.collect(url, runs=2)
        first, second = result["runs"]
        self.assertEqual(first["code"], 0, first)
        self.refused(second["failures"][url], INSIDE, "loopback")
        self.assertEqual({at for _, _, at in result["reached"]}, {PUBLIC})
        self.assertIn(WORDS, self.twin("docs", "export").out)  # what was read before stays

    def test_of_several_addresses_only_the_public_ones_are_connected_to(self):
        both, fallback = f"http://both.example:{PORT}/a.xml", f"http://fallback.example:{PORT}/a.xml"
        result = self.collect(both, fallback)
        self.refused(result["runs"][0]["failures"][fallback], INSIDE, "loopback")
        # The other one is read from its public address.
        self.assertIn(PUBLIC, {at for _, _, at in result["reached"]})
        self.assertNotIn(INSIDE, {at for _, _, at in result["reached"]})

    def test_a_redirect_to_a_name_that_leads_inside(self):
        url = f"http://steady.example:{PORT}/moved.xml"
        result = self.collect(url)
        self.refused(result["runs"][0]["failures"][url], INSIDE, "loopback")
        self.assertEqual({host for host, _, _ in result["reached"]}, {"steady.example:8080"})

    def test_a_name_that_is_allowed_may_lead_inside(self):
        result = self.collect(f"http://rebound.example:{PORT}/a.xml", options=", allow_hosts: [rebound.example]")
        self.assertEqual(result["runs"][0]["code"], 0, result)
        self.assertIn(["rebound.example:8080", "/a.xml", INSIDE], result["reached"])


if __name__ == "__main__":
    if len(sys.argv) == 2 and sys.argv[1].startswith("["):
        inside(json.loads(sys.argv[1]))
    else:
        unittest.main()
