"""The cases: what is asked for, by how many connections, and how an answer is checked before it is measured."""

import dataclasses
import gzip
import http.client
import shutil
import subprocess

import content
from servers import Left

CONNECTIONS = 64
CODINGS = "br;q=1, gzip;q=0.8"
NO_TLS, NO_FLOOR = MEANT = ("no TLS", "no floor")  # nothing to report
ACCEPT = {"Accept-Encoding": CODINGS}


@dataclasses.dataclass
class Case:
    key: str
    label: str
    files: object  # of a site, the files that are asked for in turn
    fields: dict = dataclasses.field(default_factory=dict)
    connections: int = CONNECTIONS
    status: int = 200
    fresh: bool = False
    h2load: tuple = ()  # its options, where it is the client; it speaks TLS
    main: bool = False  # also measured on both cores
    calls: bool = False  # also traced
    wrk: bool = False  # also measured by wrk
    latency: bool = False  # also measured at a fixed rate
    floor: bool = True

    def requests(self, server, site):
        """The requests to `server`, and the answers it must give: one line a file, as `load` reads it. Or `Left`."""
        files = self.files(site)
        if not files:
            raise Left("corpora/django-admin is not there: scripts/fetch-corpora fetches it")
        if self.h2load and "https" not in server.ports:
            raise Left(NO_TLS)
        if server.label == "floor" and not self.floor:
            raise Left(NO_FLOOR)
        return "".join(self.request(server, file) for file in files)

    def request(self, server, file):
        fields = dict(self.fields)
        first = ask(server, file.url, fields)
        if self.status == 304:
            fields |= validators(first.fields)
        answer = ask(server, file.url, fields) if self.status == 304 else first
        check(answer, file, self.status, fields)
        parts = [str(self.status), str(len(answer.body)), "GET", file.url, *(f"{name}: {value}" for name, value in fields.items())]
        return "\t".join(parts) + "\n"


def validators(fields):
    """The precondition that a browser would send (RFC 9111 §4.3.1)."""
    if "etag" in fields:
        return {"If-None-Match": fields["etag"]}
    if "last-modified" in fields:
        return {"If-Modified-Since": fields["last-modified"]}
    raise Left("neither an entity tag nor a date")


def one(name):
    return lambda site: [site.files[name]]


ALL = [
    Case("1k", "1 KB", one("1k.png"), main=True, calls=True, wrk=True, latency=True),
    Case("10k", "10 KB", one("10k.png")),
    Case("text", "text, 48 KB, coded", one(content.TEXT[0]), ACCEPT, main=True, latency=True),
    Case("100k", "100 KB", one("100k.png"), calls=True, wrk=True, latency=True),
    Case("1m", "1 MB", one("1m.png"), calls=True),
    Case("10m", "10 MB, 8 connections", one("10m.png"), connections=8),
    Case("304", "304", one("10k.png"), status=304, floor=False),
    Case("range", "range of 1,000 bytes", one("100k.png"), {"Range": "bytes=5000-5999"}, status=206, floor=False),
    Case("fresh", "fresh connection, 1 KB", one("1k.png"), fresh=True, calls=True),
    Case("8", "1 KB, 8 connections", one("1k.png"), connections=8),
    Case("1000", "1 KB, 1,000 connections", one("1k.png"), connections=1000),
    Case("page", "files of a page, coded", content.Site.page, ACCEPT, main=True, latency=True),
    Case("arena", "HttpArena, 1,024 connections", content.Site.arena, ACCEPT, connections=1024, main=True),
    Case("tls", "TLS, HTTP/1.1, 1 KB", one("1k.png"), h2load=("--h1",)),
    Case("h2", "TLS, HTTP/2, 1 KB, 8 at once", one("1k.png"), h2load=("-m8",), main=True, calls=True),
    Case("h2-page", "TLS, HTTP/2, files of a page, 8 at once", content.Site.page, ACCEPT, h2load=("-m8",)),
]


@dataclasses.dataclass
class Answer:
    status: int
    fields: dict
    body: bytes


def ask(server, path, fields):
    """Twice, since some servers compress or fetch a file when it is first asked for; the last one counts."""
    for _ in range(2):
        connection = http.client.HTTPConnection("127.0.0.1", server.ports["http"], timeout=20)
        try:
            # Without the "Accept-Encoding: identity" that the module would add.
            connection.putrequest("GET", path, skip_accept_encoding=True)
            for name, value in fields.items():
                connection.putheader(name, value)
            connection.endheaders()
            response = connection.getresponse()
            answer = Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
        except (OSError, http.client.HTTPException) as error:
            raise Left(f"no answer: {error!r}") from None
        finally:
            connection.close()
    return answer


def check(answer, file, status, fields):
    """Every server must send the bytes of the file, whichever coding it chose."""
    if answer.status != status:
        raise Left(f"answers {answer.status}, not {status}")
    if status == 304:
        return
    expected, coding = file.plain.read_bytes(), answer.fields.get("content-encoding", "identity")
    if "Range" in fields:
        first, last = fields["Range"].removeprefix("bytes=").split("-")
        expected = expected[int(first) : int(last) + 1]
    if decode(answer.body, coding) != expected:
        raise Left(f"sends other bytes than {file.url} has, coding {coding}")


def decode(body, coding):
    if coding == "gzip":
        return gzip.decompress(body)
    if coding == "br":
        if not shutil.which("brotli"):
            raise Left("its answer cannot be checked: there is no brotli")
        return subprocess.run(["brotli", "--decompress", "--stdout"], input=body, stdout=subprocess.PIPE).stdout
    return body
