"""A web server on loopback that misbehaves in every way it knows, one host name for each: NAME.hostile.test.

CASES says what reading each name must come to: a good document, or an error that matches a pattern. Standard library
only. Run by itself, it serves until stopped and prints its port.
"""

import dataclasses
import functools
import gzip
import socket
import socketserver
import struct
import threading
import time
import zlib

DOMAIN = "hostile.test"


@dataclasses.dataclass
class Case:
    serve: object  # called with a Peer; None: nothing is ever asked
    error: object = ""  # pattern of "KIND: MESSAGE"; a tuple: each must come; empty: the feed is read
    robots: object = None  # answers /robots.txt; None: 404
    scheme: str = "http"
    host: str = ""  # instead of NAME.hostile.test
    source: str = "feed"  # type of the source that reads it
    path: str = "/feed.xml"
    options: str = "full: never"  # of the source, as YAML
    good: str = ""  # what the document holds; empty: the address of the feed's entry


CASES = {}

# What several cases come to.
STALLED = r"^network: (nothing came for 1 s in the middle of the answer|the answer comes slower than 1000 bytes a second)$"
TOO_LARGE = r"^limit: the answer is larger than the limit of 8388608 bytes$"
BOMB = r"^limit: the answer (is larger than the limit of 8388608 bytes|unpacks to more than 200 times its size)$"
ILL_FORMED = "^invalid: the answer is not well-formed HTTP: "
CUT_SHORT = "^network: the answer ended before it was complete: "
ROBOTS_UNREAD = r"^network: robots.txt of \S+ cannot be read, so nothing there may be fetched: "
INSIDE = r"^limit: robots.txt of \S+ cannot be read, so nothing there may be fetched: \S+ is at "
LOOPBACK = INSIDE + r"127\.0\.0\.1, which is not on the public internet \(loopback\)$"
LOOPBACK_V6 = INSIDE + r"::1, which is not on the public internet \(loopback\)$"
METADATA = INSIDE + r"169\.254\.169\.254, which is not on the public internet \(cloud metadata\)$"
BINARY = r"^invalid: The content is binary data, not text$"


def case(error="", **options):
    def register(function):
        name = function.__name__.replace("_", "-")
        CASES[name] = Case(function, error, **options)
        return function

    return register


def feed(name, body=None):
    """A feed with one entry that names the case."""
    text = body or f"The words of {name} arrived whole and in good order, as they were written."
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/">'
        "<channel><title>t</title>"
        f"<item><title>{name}</title><link>https://example.org/{name}</link>"
        f"<content:encoded><![CDATA[<p>{text}</p>]]></content:encoded></item></channel></rss>\n"
    ).encode()


@functools.cache
def zeros(layers=1):
    """24 MiB of zeros, packed."""
    data = gzip.compress(b"\0" * (24 << 20), 1)
    return data if layers == 1 else gzip.compress(data)


@functools.cache
def blanks():
    """12 MiB of blanks, packed."""
    return zlib.compress(b" " * (12 << 20), 1)


class Peer:
    """One request: who asked for what, and ways to answer it."""

    def __init__(self, connection, request):
        self.socket = connection
        head = request.decode("latin-1").split("\r\n")
        self.path = head[0].split(" ")[1] if " " in head[0] else "/"
        self.headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in head[1:] if ": " in line)}
        self.host = self.headers.get("host", "").split(":")[0]
        self.name = self.host.removesuffix("." + DOMAIN)
        self.port = connection.getsockname()[1]

    def send(self, data):
        self.socket.sendall(data)

    def answer(self, body=b"", status="200 OK", headers=(), length=None):
        lines = [f"HTTP/1.1 {status}", *headers]
        if length != "none":
            lines.append(f"Content-Length: {len(body) if length is None else length}")
        self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    def feed(self, headers=("Content-Type: application/rss+xml",), **more):
        self.answer(feed(self.name), headers=headers, **more)

    def redirect(self, location, status="302 Found"):
        self.answer(status=status, headers=[f"Location: {location}"])

    def forever(self, data, pause=0.0):
        while True:
            self.send(data)
            if pause:
                time.sleep(pause)

    def hang(self):
        """Until the client has gone."""
        self.socket.settimeout(60)
        while self.socket.recv(4096):
            pass


# ---- slow


@case(r"^network: no complete headers within 3 s$")
def silent(peer):
    peer.hang()


@case(r"^network: no complete headers within 3 s$")
def slow_loris_headers(peer):
    peer.send(b"HTTP/1.1 200 OK\r\n")
    peer.forever(b"X: y\r\n", 0.1)


@case(r"^network: no complete headers within 3 s$")
def slow_loris_status(peer):
    for byte in b"HTTP/1.1 200 OK\r\n" * 100:
        peer.send(bytes([byte]))
        time.sleep(0.1)


@case(r"^network: the answer comes slower than 1000 bytes a second$")
def slow_loris_body(peer):
    peer.answer(b"<rss>", length=1000000)
    peer.forever(b" ", 0.05)


@case(STALLED)
def stalled_body(peer):
    peer.answer(feed(peer.name)[:50], length=10000)
    peer.hang()


@case(STALLED)
def stalled_chunk(peer):
    peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<rss>\r\n")
    peer.hang()


@case(ROBOTS_UNREAD + "no encrypted connection within 3 s$", scheme="https")
def tls_stall(peer):
    peer.hang()


@case(ROBOTS_UNREAD + "no encrypted connection: .*wrong version number$", scheme="https")
def tls_plain_answer(peer):
    peer.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


# ---- endless


@case(TOO_LARGE)
def endless_body(peer):
    peer.send(b"HTTP/1.1 200 OK\r\n\r\n<rss>")
    peer.forever(b"<a>words</a>" * 1000)


@case(TOO_LARGE)
def endless_chunks(peer):
    peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    peer.forever(b"2000\r\n" + b"x" * 0x2000 + b"\r\n")


@case(STALLED)
def endless_chunk_extension(peer):
    peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;")
    peer.forever(b"extension=" * 1000)


@case(r"^limit: the headers are larger than the limit of 262144 bytes$")
def endless_trailers(peer):
    peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<rss>\r\n0\r\n")
    peer.forever(b"Trailer: value\r\n" * 100)


@case(r"^limit: the headers are larger than the limit of 262144 bytes$")
def endless_headers(peer):
    peer.send(b"HTTP/1.1 200 OK\r\n")
    peer.forever(b"Name: value\r\n" * 100)


@case(r"^limit: the headers are larger than the limit of 262144 bytes$")
def endless_header_line(peer):
    peer.send(b"HTTP/1.1 200 OK\r\nName: ")
    peer.forever(b"v" * 10000)


@case(r"^limit: the headers are larger than the limit of 262144 bytes$")
def endless_early_hints(peer):
    peer.forever(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 100)


@case(TOO_LARGE)
def announced_huge(peer):
    peer.answer(b"<rss>", length=10**12)


# ---- compressed


@case(BOMB)
def gzip_bomb(peer):
    peer.answer(zeros(), headers=["Content-Encoding: gzip"])


@case(BOMB)
def deflate_bomb(peer):
    peer.answer(blanks(), headers=["Content-Encoding: deflate"])


@case(BOMB)
def brotli_bomb(peer):  # 14 bytes that unpack to 16 MiB
    peer.answer(bytes.fromhex("9fffffff002400e2b14072efff01"), headers=["Content-Encoding: br"])


@case(BOMB)
def zstd_bomb(peer):  # blocks of four bytes that unpack to 128 KiB each
    body = b"\x28\xb5\x2f\xfd\x00\x58" + b"\x02\x00\x10\x00" * 1000 + b"\x03\x00\x10\x00"
    peer.answer(body, headers=["Content-Encoding: zstd"])


@case(BOMB)
def gzip_in_gzip_bomb(peer):
    peer.answer(zeros(2), headers=["Content-Encoding: gzip, gzip"])


@case(ILL_FORMED + ".*more than 5 content encodings$")
def many_encodings(peer):
    peer.answer(b"x", headers=["Content-Encoding: " + ", ".join(["gzip"] * 20)])


@case(r"^invalid: the answer is not compressed as its Content-Encoding says$")
def gzip_of_nothing_forever(peer):
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n")
    peer.forever(gzip.compress(b"") * 1000)


@case(ILL_FORMED + ".*incorrect header check$")
def not_gzip_at_all(peer):
    peer.feed(headers=["Content-Encoding: gzip"])


@case("")
def gzip_cut_short(peer):
    whole = gzip.compress(feed(peer.name))
    peer.answer(whole[:-6], headers=["Content-Encoding: gzip"])


@case(ILL_FORMED + "Unrecognized content encoding type")
def unknown_encoding(peer):
    peer.feed(headers=["Content-Encoding: rot13"])


# ---- lengths


@case("")
def body_beyond_its_length(peer):
    peer.send(
        f"HTTP/1.1 200 OK\r\nContent-Length: {len(feed(peer.name))}\r\n\r\n".encode() + feed(peer.name) + b"<more>" * 5000
    )


@case(CUT_SHORT + "transfer closed with 4900 bytes remaining")
def body_short_of_its_length(peer):
    peer.answer(feed(peer.name)[:100], length=5000)


@case(CUT_SHORT + "transfer closed with outstanding read data remaining$")
def chunks_without_an_end(peer):
    peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<rss>\r\n")


@case(ILL_FORMED + "Illegal or missing hexadecimal sequence in chunked-encoding$")
def chunk_size_of_letters(peer):
    peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzzz\r\n<rss>\r\n0\r\n\r\n")


@case(ILL_FORMED + "Too long hexadecimal number in chunked-encoding$")
def chunk_size_overflows(peer):
    peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n<rss>\r\n0\r\n\r\n")


@case(ILL_FORMED + "Invalid Content-Length: value$")
def negative_length(peer):
    peer.answer(feed(peer.name), length=-5)


@case(CUT_SHORT + "transfer closed with 99\\d+ bytes remaining")
def two_lengths(peer):
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nContent-Length: 100000\r\n\r\n" + feed(peer.name))


# ---- no HTTP


@case(ILL_FORMED + "Received HTTP/0.9 when not allowed$")
def http_0_9(peer):
    peer.send(feed(peer.name))


@case(ILL_FORMED + "Received HTTP/0.9 when not allowed$")
def garbage_for_a_status(peer):
    peer.send(b"\x00\x01\x02\xff\xfe\xfd garbage\r\n\r\n")


@case(ILL_FORMED + "Unsupported response code in HTTP response$")
def status_out_of_range(peer):
    peer.send(b"HTTP/1.1 9999999 What\r\n\r\n" + feed(peer.name))


@case(r"^network: the server closed the connection without an answer$")
def closes_at_once(peer):
    pass


@case(r"^network: the connection broke: .*reset by peer$")
def resets(peer):
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n<rss>")
    time.sleep(0.2)
    peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.socket.close()  # not shut down before: what leaves is a reset


@case("")
def nuls_in_headers(peer):
    peer.feed(headers=["X-Note: a\tb\x7f", "Content-Type: text/xml"])


@case("")
def a_thousand_cookies(peer):
    if "cookie" in peer.headers:
        peer.answer(status="400 Cookies came back")
    else:
        peer.feed(headers=[f"Set-Cookie: c{i}=v; Path=/" for i in range(1000)])


# ---- redirects


@case(r"^invalid: the redirects go in a circle: ")
def redirect_to_itself(peer):
    peer.redirect(peer.path)


@case(r"^invalid: the redirects go in a circle: ")
def redirect_in_a_triangle(peer):
    peer.redirect({"/feed.xml": "/a", "/a": "/b", "/b": "/feed.xml"}[peer.path])


@case(r"^limit: more than 5 redirects, the last one to http://redirect-without-end\.hostile\.test:")
def redirect_without_end(peer):
    peer.redirect(f"/{time.time_ns()}")


@case(INSIDE + r"10\.0\.0\.1, which is not on the public internet \(private\)$")
def redirect_to_a_private_address(peer):
    peer.redirect("http://10.0.0.1/")


@case(METADATA)
def redirect_to_metadata(peer):
    peer.redirect("http://169.254.169.254/latest/meta-data/iam/security-credentials/")


@case(LOOPBACK)
def redirect_to_loopback(peer):
    peer.redirect(f"http://127.0.0.1:{peer.port}/feed.xml")


@case(LOOPBACK)
def redirect_to_loopback_in_decimal(peer):
    peer.redirect(f"http://2130706433:{peer.port}/feed.xml")


@case(LOOPBACK)
def redirect_to_loopback_in_ipv6(peer):
    peer.redirect(f"http://[::1]:{peer.port}/feed.xml")


@case(LOOPBACK)
def redirect_to_mapped_loopback(peer):
    peer.redirect(f"http://[::ffff:127.0.0.1]:{peer.port}/feed.xml")


@case(LOOPBACK)
def redirect_to_zero(peer):
    peer.redirect(f"http://0.0.0.0:{peer.port}/feed.xml")


@case(INSIDE + r"64:ff9b::a00:1, which is not on the public internet \(private\)$")
def redirect_to_nat64_of_private(peer):
    peer.redirect("http://[64:ff9b::10.0.0.1]/")


@case(LOOPBACK)
def redirect_to_a_name_that_is_rebound(peer):
    peer.redirect(f"http://rebound.example:{peer.port}/feed.xml")  # its address is this machine's


@case(r'^invalid: it redirects to "file:///etc/passwd", which is no web address$')
def redirect_to_a_file(peer):
    peer.redirect("file:///etc/passwd")


@case(r'^invalid: it redirects to "gopher://127\.0\.0\.1:25/_HELO", which is no web address$')
def redirect_to_gopher(peer):
    peer.redirect("gopher://127.0.0.1:25/_HELO")


@case(r"^network: The server answered with status 302$")
def redirect_to_nowhere(peer):
    peer.answer(status="302 Found")


@case(r'^invalid: it redirects to "http://\[not-an-address/.*", which is no web address$')
def redirect_to_rubbish(peer):
    peer.redirect("http://[not-an-address/\x01\x02")


CASES["rebound-from-the-start"] = Case(None, LOOPBACK, host="rebound.example")


# ---- statuses


@case(r"^network: The server asks for fewer requests \(429\)$")
def too_many_requests_forever(peer):
    peer.answer(status="429 Too Many Requests")


@case(r"^network: \S+ is left alone in this run: it asks for a pause of 8760\.0 hours")
def retry_after_a_year(peer):
    peer.answer(status="503 Busy", headers=["Retry-After: 31536000"])


@case(r"^network: \S+ is left alone in this run: it asks for a pause of 87600\.0 hours")
def retry_after_in_the_year_9999(peer):
    peer.answer(status="503 Busy", headers=["Retry-After: Fri, 31 Dec 9999 23:59:59 GMT"])


@case(r"^network: The server answered with status 500$")
def always_500(peer):
    peer.answer(status="500 Oops", headers=["Retry-After: soon"])


@case(r"^network: The server refuses access \(401\)$")
def asks_for_a_login(peer):
    peer.answer(status="401 Unauthorized", headers=['WWW-Authenticate: Basic realm="x"'])


@case(r"^not_found: The server says that this address does not exist \(410\)$")
def gone(peer):
    peer.answer(b"x" * 100000, status="410 Gone")


@case(r'^invalid: The server says "not modified" \(304\) although nothing was asked$')
def not_modified_although_never_seen(peer):
    peer.answer(status="304 Not Modified", headers=['ETag: "x"'])


FLAKY = {}


@case("")
def fails_once(peer):
    FLAKY[peer.port] = FLAKY.get(peer.port, 0) + 1
    if FLAKY[peer.port] % 2 == 1:
        peer.answer(status="503 Busy", headers=["Retry-After: 0"])
    else:
        peer.feed()


@case("")
def etag_of_64_kilobytes(peer):
    peer.feed(headers=['ETag: "' + "e" * 65000 + '"'])


# ---- robots.txt


def rules(text):
    return lambda peer: peer.answer(text if isinstance(text, bytes) else text.encode())


@case(r"^limit: robots.txt of \S+ does not allow this address$", robots=rules("User-agent: *\nDisallow: /\n"))
def robots_forbids(peer):
    peer.feed()


@case(ROBOTS_UNREAD + "The server answered with status 500$", robots=lambda peer: peer.answer(status="500 Oops"))
def robots_broken(peer):
    peer.feed()


@case(ROBOTS_UNREAD + "no complete headers within 3 s$", robots=lambda peer: peer.hang())
def robots_silent(peer):
    peer.feed()


@case("", robots=lambda peer: peer.redirect("/robots.txt"))
def robots_in_a_circle(peer):
    peer.feed()


@case(LOOPBACK, robots=lambda peer: peer.redirect(f"http://127.0.0.1:{peer.port}/robots.txt"))
def robots_redirects_inside(peer):
    peer.feed()


def endless_robots(peer):
    peer.send(b"HTTP/1.1 200 OK\r\n\r\nUser-agent: *\nAllow: /\n")
    peer.forever(b"# and so on\n" * 1000)


@case("", robots=endless_robots)
def robots_endless(peer):
    peer.feed()


@case("", robots=rules(b"\xff\xfe\x00\x01" * 5000 + b"\nUser-agent: *\nDisallow: /*a*b*c*d*e*f*g*h*i*j$\n" * 2000))
def robots_rubbish(peer):
    peer.feed()


@case(r"^limit: robots.txt of \S+ asks for 86400 s between two requests", robots=rules("User-agent: *\nCrawl-delay: 86400\n"))
def robots_asks_for_a_day_between_requests(peer):
    peer.feed()


@case(ROBOTS_UNREAD + r"\S+ is left alone in this run: it asks for a pause of \d+\.\d hours", robots=lambda peer: peer.answer(status="429 No", headers=["Retry-After: 99999999"]))
def robots_retry_after(peer):
    peer.feed()


# ---- content


@case(BINARY)
def bytes_of_an_image(peer):
    peer.answer(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)) * 100, headers=["Content-Type: text/html"])


@case(r"^invalid: This is a web page, not a feed$")
def a_page_instead(peer):
    peer.answer(b"<!DOCTYPE html><html><head><title>Soft 404</title></head><body><p>Not here.</body></html>")


@case(r"^invalid: The feed is empty: the answer holds no text$")
def nothing_at_all(peer):
    peer.answer(b"")


@case("")
def invalid_utf8(peer):
    peer.answer(feed(peer.name, "Good words \xff\xfe then more \xc3( good words.").replace("\xff".encode(), b"\xff"))


@case(BINARY)
def nul_bytes(peer):
    peer.answer(feed(peer.name).replace(b"words", b"wo\0rds"))


@case("")
def korean_under_a_wrong_header(peer):
    text = feed(peer.name, "한글 문장이 온전히 도착했습니다. 순서도 그대로입니다.").decode()
    body = text.replace('encoding="utf-8"', 'encoding="euc-kr"').encode("euc-kr")
    peer.answer(body, headers=["Content-Type: text/xml; charset=utf-8"])


@case("")
def utf_16_without_a_mark(peer):
    text = feed(peer.name, "두 바이트로 쓴 글입니다. Written in two bytes each.").decode()
    peer.answer(text.replace(' encoding="utf-8"', "").encode("utf-16-le"))


@case(r"^invalid: This is not well-formed XML: .* at byte \d+$")
def nested_a_hundred_thousand_deep(peer):
    peer.answer(b"<rss>" + b"<a>" * 100000)


@case("")
def html_nested_a_hundred_thousand_deep(peer):
    peer.answer(feed(peer.name, "<div>" * 100000 + "Deep words that are still to be read."))


@case("")
def attribute_of_five_megabytes(peer):
    peer.answer(feed(peer.name).replace(b"<item>", b'<item x="' + b"y" * (5 << 20) + b'">'))


@case("")
def entities_that_multiply(peer):
    bomb = '<!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {c} "{f"&{p};" * 10}">' for p, c in zip("abcdefgh", "bcdefghi")
    )
    text = feed(peer.name).decode().replace("<rss ", bomb + "]><rss ").replace("<title>t", "<title>&i;")
    peer.answer(text.encode())


@case("")
def entity_of_a_file(peer):
    text = feed(peer.name).decode()
    text = text.replace("<rss ", '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss ')
    peer.answer(text.replace("The words of", "&x; The words of").replace("<![CDATA[<p>", "").replace("</p>]]>", "").encode())


@case(r"^limit: 49950 entries beyond max_entries were left out$", options="full: never, max_entries: 50")
def fifty_thousand_entries(peer):
    item = b"<item><guid>%d</guid><description>Words enough for one entry.</description></item>"
    peer.answer(b"<rss><channel>" + b"".join(item % i for i in range(50000)) + b"</channel></rss>")


# ---- pages and sites


def page(name, body="", head=""):
    words = f"<p>The words of {name} arrived whole and in good order, as they were written.</p>" * 3
    return f"<!DOCTYPE html><html><head><title>{name}</title>{head}</head><body><article>{words}{body}</article></body></html>"


def article(error="", **options):
    return case(error, **{"source": "article", "path": "/page", "options": "", "good": "" if error else "arrived whole", **options})


@article()
def page_nested_a_hundred_thousand_deep(peer):
    peer.answer(page(peer.name, "<div>" * 100000).encode(), headers=["Content-Type: text/html"])


@article()
def page_with_tables_in_tables(peer):
    peer.answer(page(peer.name, "<table><tr><td>" * 20000).encode(), headers=["Content-Type: text/html"])


@article()
def page_with_a_huge_attribute(peer):
    peer.answer(page(peer.name, '<p title="' + "x" * (5 << 20) + '">').encode(), headers=["Content-Type: text/html"])


@article()
def page_with_a_million_tags(peer):
    peer.answer(page(peer.name, "<b>" * 500000 + "</i>" * 500000).encode(), headers=["Content-Type: text/html"])


@article()
def page_with_an_open_comment(peer):
    peer.answer(page(peer.name, "<!-- " + "x" * (5 << 20)).encode(), headers=["Content-Type: text/html"])


@article(BINARY)
def page_that_is_a_program(peer):
    peer.answer(b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 1000, headers=["Content-Type: text/html"])


@article(BINARY)
def page_of_nuls(peer):
    peer.answer(b"\0" * 100000, headers=["Content-Type: text/html; charset=utf-8"])


@article(BINARY)
def page_of_a_type_unheard_of(peer):
    peer.answer(b"\x00\x01" * 1000, headers=["Content-Type: application/x-\xff\xfe; charset=\xff"])


@article(good="한글 문장이 온전히 도착했습니다")
def page_in_euc_kr_under_a_latin_header(peer):
    body = page("k", "<p>한글 문장이 온전히 도착했습니다. 순서도 그대로입니다.</p>" * 3, '<meta charset="euc-kr">')
    peer.answer(body.encode("euc-kr"), headers=["Content-Type: text/html; charset=iso-8859-1"])


@article(LOOPBACK)
def page_redirects_inside(peer):
    peer.redirect(f"http://127.0.0.1:{peer.port}/page")


def site(error="", **options):
    return case(error, **{"source": "site", "path": "/", "good": "arrived whole", "options": "max_pages: 5", **options})


def sitemap(*pages, indexes=()):
    if indexes:
        items = "".join(f"<sitemap><loc>{i}</loc></sitemap>" for i in indexes)
        return f"<sitemapindex>{items}</sitemapindex>".encode()
    return ("<urlset>" + "".join(f"<url><loc>{p}</loc></url>" for p in pages) + "</urlset>").encode()


def serve_site(peer, sitemaps):
    """A page at every path that is no sitemap."""
    found = sitemaps(peer.path) if "sitemap" in peer.path else None
    if found is not None:
        peer.answer(found, headers=["Content-Type: application/xml"])
    elif "sitemap" in peer.path:
        peer.answer(status="404 Not Found")
    else:
        peer.answer(page(peer.name + peer.path).encode(), headers=["Content-Type: text/html"])


@site()
def sitemaps_in_a_circle(peer):
    maps = {"/sitemap.xml": sitemap(indexes=["/sitemap-1.xml"]), "/sitemap-1.xml": sitemap(indexes=["/sitemap.xml", "/sitemap-2.xml"])}
    maps["/sitemap-2.xml"] = sitemap("/words")
    serve_site(peer, maps.get)


@site(r"^limit: The sitemap indexes stand deeper in one another than 5$", good="")
def sitemaps_without_end(peer):
    serve_site(peer, lambda path: sitemap(indexes=[f"/sitemap-{time.time_ns()}.xml"]))


@site(r"^limit: More sitemaps than max_sitemaps \(4\) are left out$", options="max_sitemaps: 4")
def sitemaps_by_the_thousand(peer):
    many = [f"/sitemap-{i}.xml" for i in range(3000)]
    serve_site(peer, lambda path: sitemap(indexes=many) if path == "/sitemap.xml" else sitemap("/words"))


@site(r"^limit: \d+ pages beyond max_pages were left out$")
def calendar_without_end(peer):
    days = [f"/{year}/{month}/{day}" for year in range(1, 40) for month in range(12) for day in range(30)]
    serve_site(peer, lambda path: sitemap(*days) if path == "/sitemap.xml" else None)


@site((LOOPBACK, LOOPBACK_V6, METADATA), options="other_hosts: true")
def sitemap_of_private_addresses(peer):
    inside = [f"http://127.0.0.1:{peer.port}/words", "http://169.254.169.254/latest/meta-data/", "http://[::1]/", "/words"]
    serve_site(peer, lambda path: sitemap(*inside) if path == "/sitemap.xml" else None)


@site(r"^limit: The file unpacks to more than 200 times its size$", path="/sitemap.xml.gz", good="")
def sitemap_bomb(peer):
    serve_site(peer, lambda path: zeros())


@site(path="/sitemap.xml")
def sitemap_of_entities_that_multiply(peer):
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {c} "{f"&{p};" * 10}">' for p, c in zip("abcdefgh", "bcdefghi")
    )
    serve_site(peer, lambda path: (bomb + "]>").encode() + sitemap("/words", "/&amp;", "/&i;"))


@site(STALLED)
def one_page_of_a_site_hangs(peer):
    if peer.path == "/slow":
        peer.answer(b"<html>", length=100000)
        peer.hang()
    serve_site(peer, lambda path: sitemap("/words", "/slow", "/more") if path == "/sitemap.xml" else None)


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.settimeout(60)
        request = b""
        try:
            while b"\r\n\r\n" not in request:
                block = self.request.recv(4096)
                if not block:
                    return
                request += block
                if request[0] == 0x16:  # a TLS handshake; which of the two cases, its server name tells
                    CASES["tls-stall" if b"tls-stall" in request else "tls-plain-answer"].serve(
                        Peer(self.request, b"GET / HTTP/1.1\r\n\r\n")
                    )
                    return
            peer = Peer(self.request, request)
            with self.server.lock:
                self.server.asked.append((peer.host, peer.path, peer.headers))
            found = CASES.get(peer.name)
            if found is None or found.serve is None:
                peer.answer(feed("inside"))  # what nobody may get at
            elif peer.path == "/robots.txt":
                (found.robots or (lambda p: p.answer(status="404 Not Found")))(peer)
            else:
                found.serve(peer)
        except OSError:
            pass  # the client has gone, as it should


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        zeros(2), blanks()  # made before anybody waits for them
        self.lock = threading.Lock()
        self.asked = []  # (host, path, headers) of each request

    @property
    def port(self):
        return self.server_address[1]

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


if __name__ == "__main__":
    with Server() as server:
        print(server.port, flush=True)
        threading.Event().wait()
