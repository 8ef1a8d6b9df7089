"""The servers, each as its own documentation advises for static files that were compressed beforehand.

A contestant is a class: its label, where it has the bytes from, what it serves, and the command of a running one. A server
that is not installed, or does not start, is left out with its reason.
"""

import importlib.util
import os
import pathlib
import re
import shutil
import subprocess
import sys

import serving

FOLDER = pathlib.Path(__file__).resolve().parent
TARGET = FOLDER / "target"
BUILT = TARGET / "release"
PYTHON = TARGET / "venv" / "bin" / "python"
FOR_EVER = 1_000_000_000  # requests of one connection: no server closes one while it is measured

DISK, MEMORY = "disk", "memory"  # what HttpArena calls production, and tuned


class Left(Exception):
    """A contestant is left out; says why."""


class Context:
    """The things that a server needs to start."""

    def __init__(self, site, certificate, scratch, threads, core):
        self.site, self.certificate, self.scratch, self.threads, self.core = site, certificate, scratch, threads, core
        self.origin = None  # of Varnish: the port of an nginx

    def folder(self, name):
        folder = self.scratch / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder


class Contestant(serving.Server):
    label = ""
    bytes_from = DISK
    programs = ()  # (command, Debian package)
    twins = ""  # where the compressed bytes come from
    configuration = ""
    tls = False

    def __init__(self, context):
        self.context = context
        self.ports = {"http": serving.free_port()} | ({"https": serving.free_port()} if self.tls else {})
        self.folder = context.folder(self.label)
        super().__init__(self.label, self.command(), self.folder / "output", context.core)

    @property
    def address(self):
        return f"127.0.0.1:{self.ports['http']}"

    def is_ready(self):
        return all(serving.accepts(port) for port in self.ports.values())

    @classmethod
    def check(cls):
        for program, package in cls.programs:
            if not shutil.which(program):
                raise Left(f"there is no {program}: apt-get install {package}")

    @classmethod
    def version(cls):
        return ""

    def write(self, name, text):
        file = self.folder / name
        file.write_text(text)
        serving.make_readable(self.folder)
        return file


def first_version(*command):
    """The first number with dots that the command says."""
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    found = re.search(r"\d+\.\d+[\w.~+-]*", result.stdout)
    return found[0] if found else "?"


class Crate(Contestant):
    """A program of the workspace here; its version is that in the lock file."""

    binary, crate = "", ""

    @classmethod
    def check(cls):
        if not (BUILT / cls.binary).exists():
            raise Left(f"{cls.binary} was not built")

    @classmethod
    def version(cls):
        lock = (FOLDER / "Cargo.lock").read_text()
        found = re.search(rf'name = "{cls.crate}"\nversion = "(.*?)"', lock)
        return found[1] if found else "?"


class Floor(Crate):
    label, binary, bytes_from = "floor", "floor", MEMORY
    twins = "the twins"
    configuration = "one `recv`, a search for the path, one `send` of a response that is ready; checks nothing"

    def command(self):
        return [BUILT / self.binary, self.address, str(self.context.threads), self.context.site.twins]

    @classmethod
    def version(cls):
        return ""


class Hardtack(Contestant):
    label, bytes_from, tls = "Hardtack", MEMORY, True
    twins = "its own, which all others get"
    configuration = f"`--max-requests {FOR_EVER} --max-connection-age 86400`; else its defaults"

    def command(self):
        context = self.context
        listen = ["--listen", self.address, "--listen", f"https://127.0.0.1:{self.ports['https']}"]
        tls = ["--tls-certificate", context.certificate.file, "--tls-key", context.certificate.key]
        limits = ["--max-requests", str(FOR_EVER), "--max-connection-age", "86400"]
        return [context.site.packed, "serve", *listen, *tls, *limits, "--threads", str(context.threads)]


class Nginx(Contestant):
    label, tls = "nginx", True
    programs = (("nginx", "nginx"),)
    twins = "`gzip_static`, `brotli_static`"
    configuration = "`sendfile`, `tcp_nopush`, `open_file_cache` with its errors, no access log, one worker a core"

    @classmethod
    def check(cls):
        super().check()
        if not cls.module().exists():
            raise Left("nginx has no brotli_static: apt-get install libnginx-mod-http-brotli-static")

    @classmethod
    def version(cls):
        return serving.nginx_version()

    @staticmethod
    def module():
        return pathlib.Path("/usr/lib/nginx/modules/ngx_http_brotli_static_module.so")

    def command(self):
        folder, certificate = self.folder, self.context.certificate
        temporary = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        return ["nginx", "-c", self.write("nginx.conf", f"""
            load_module {self.module()};
            daemon off; pid {folder}/pid; error_log {folder}/error.log;
            worker_processes {self.context.threads}; worker_rlimit_nofile 16384;
            events {{ worker_connections 8192; }}
            http {{
                include /etc/nginx/mime.types;
                access_log off; sendfile on; tcp_nopush on; keepalive_requests {FOR_EVER};
                open_file_cache max=1000 inactive=60s; open_file_cache_valid 60s; open_file_cache_errors on;
                gzip_static on; gzip_vary on; brotli_static on;
                ssl_certificate {certificate.file}; ssl_certificate_key {certificate.key};
                ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:tls:1m;
                {" ".join(f"{kind}_temp_path {folder}/{kind};" for kind in temporary)}
                server {{
                    listen {self.address} backlog=4096; listen 127.0.0.1:{self.ports["https"]} ssl http2 backlog=4096;
                    root {self.context.site.twins};
                    add_header Cache-Control "public, max-age=31536000, immutable";
                }}
            }}""")]


class H2o(Contestant):
    label, tls = "h2o", True
    programs = (("h2o", "h2o"),)
    twins = "`file.send-compressed`"
    configuration = "one thread a core, no access log, `neverbleed: OFF`"

    @classmethod
    def version(cls):
        return first_version("h2o", "--version")

    def command(self):
        certificate = self.context.certificate
        return ["h2o", "--conf", self.write("h2o.yaml", f"""
num-threads: {self.context.threads}
max-connections: 8192
listen:
  host: 127.0.0.1
  port: {self.ports["http"]}
listen:
  host: 127.0.0.1
  port: {self.ports["https"]}
  ssl:
    certificate-file: {certificate.file}
    key-file: {certificate.key}
    minimum-version: TLSv1.2
    neverbleed: OFF
file.send-compressed: ON
header.set: "Cache-Control: public, max-age=31536000, immutable"
hosts: {{ default: {{ paths: {{ /: {{ file.dir: {self.context.site.twins} }} }} }} }}
{"user: root" if os.getuid() == 0 else ""}
""")]


class Lighttpd(Contestant):
    label, tls = "lighttpd", True
    programs = (("lighttpd", "lighttpd lighttpd-mod-openssl lighttpd-mod-deflate"),)
    twins = "none; `mod_deflate` compresses at the first request, and keeps that in `deflate.cache-dir`"
    configuration = "`server.max-keep-alive-requests`; one worker, two where there are two cores; else its defaults"

    @classmethod
    def version(cls):
        return first_version("lighttpd", "-v")

    def command(self):
        cache, certificate = self.context.folder(f"{self.label}/cache"), self.context.certificate
        workers = self.context.threads if self.context.threads > 1 else 0
        return ["lighttpd", "-D", "-f", self.write("lighttpd.conf", f"""
server.modules = ("mod_setenv", "mod_deflate", "mod_openssl")
server.bind = "127.0.0.1"
server.port = {self.ports["http"]}
server.document-root = "{self.context.site.plain}"
server.max-worker = {workers}
server.max-fds = 16384
server.max-connections = 8192
server.listen-backlog = 4096
server.max-keep-alive-requests = {FOR_EVER}
include_shell "/usr/share/lighttpd/create-mime.conf.pl"
setenv.add-response-header = ("Cache-Control" => "public, max-age=31536000, immutable")
deflate.cache-dir = "{cache}"
deflate.allowed-encodings = ("br", "gzip")
deflate.mimetypes = ("text/", "application/javascript", "application/json", "image/svg+xml")
deflate.params = ("BROTLI_PARAM_QUALITY" => 11)
$SERVER["socket"] == "127.0.0.1:{self.ports["https"]}" {{
    ssl.engine = "enable"
    ssl.pemfile = "{certificate.file}"
    ssl.privkey = "{certificate.key}"
}}
""")]


class Caddy(Contestant):
    label, tls = "Caddy", True
    programs = (("caddy", "caddy"),)
    twins = "`precompressed br gzip`"
    configuration = "`file_server`; no access log"

    @classmethod
    def version(cls):
        return first_version("caddy", "version")

    def command(self):
        certificate = self.context.certificate
        return ["env", f"XDG_CONFIG_HOME={self.folder}", "caddy", "run", "--adapter", "caddyfile", "--config", self.write("Caddyfile", f"""
{{
    admin off
    auto_https off
    storage file_system {self.folder}
}}
(files) {{
    root * {self.context.site.twins}
    header Cache-Control "public, max-age=31536000, immutable"
    file_server {{
        precompressed br gzip
    }}
}}
http://:{self.ports["http"]} {{
    bind 127.0.0.1
    import files
}}
https://:{self.ports["https"]} {{
    bind 127.0.0.1
    tls {certificate.file} {certificate.key}
    import files
}}
""")]


class Varnish(Contestant):
    label, bytes_from = "Varnish", MEMORY
    programs = (("varnishd", "varnish"),)
    twins = "gzip from nginx, its origin: it asks for no other coding by default"
    configuration = "all in its cache, `malloc`; its origin, nginx, is not asked and not counted"

    @classmethod
    def version(cls):
        return first_version("varnishd", "-V")

    def command(self):
        if not self.context.origin:
            raise Left("its origin, nginx, is left out")
        vcl = f'vcl 4.1; backend default {{ .host = "127.0.0.1"; .port = "{self.context.origin}"; }}'
        return [
            *("varnishd", "-F", "-n", self.context.folder(f"{self.label}/run"), "-a", self.address),
            *("-f", self.write("site.vcl", vcl), "-s", "malloc,256m", "-p", "default_grace=0", "-p", "default_ttl=86400"),
        ]


class StaticWebServer(Crate):
    label, binary, crate, tls = "static-web-server", "compare-static-web-server", "static-web-server", True
    twins = "`compression-static`"
    configuration = "two processes, one of them for TLS; else its defaults"

    def command(self):
        certificate, threads = self.context.certificate, self.context.threads
        common = f"-a 127.0.0.1 -d {self.context.site.twins} --compression-static true -g error -n {threads}"
        tls = f"--http2 true --http2-tls-cert {certificate.file} --http2-tls-key {certificate.key}"
        program, ports = f"cd {self.folder}; exec {BUILT / self.binary} {common}", self.ports
        script = f"({program} -p {ports['http']}) & ({program} -p {ports['https']} {tls}) & trap 'kill 0' TERM; wait"
        return ["sh", "-c", script]


class RustEmbed(Crate):
    label, binary, crate, bytes_from = "rust-embed", "compare-rust-embed", "rust-embed", MEMORY
    twins = "embedded twins"
    configuration = "by axum-embed in axum"

    def command(self):
        return [BUILT / self.binary, self.address]


class MemoryServe(Crate):
    label, binary, crate, bytes_from = "memory-serve", "compare-memory-serve", "memory-serve", MEMORY
    twins = "its own, made by its build script"
    configuration = "in axum"

    def command(self):
        return [BUILT / self.binary, self.address]


class ServeDir(Crate):
    label, binary, crate = "ServeDir", "compare-serve-dir", "tower-http"
    twins = "`precompressed_br`, `precompressed_gzip`"
    configuration = "of tower-http in axum"

    def command(self):
        return [BUILT / self.binary, self.address, self.context.site.twins]


class ActixFiles(Crate):
    label, binary, crate = "actix-files", "compare-actix-files", "actix-files"
    twins = "`try_compressed`"
    configuration = "one worker a core"

    def command(self):
        return [BUILT / self.binary, self.address, str(self.context.threads), self.context.site.twins]


class WhiteNoise(Contestant):
    label = "WhiteNoise"
    twins = "beside the files"
    configuration = "under gunicorn: `2 × cores + 1` workers of kind `gthread` with 4 threads, since others keep no connection"

    @classmethod
    def check(cls):
        if not PYTHON.exists():
            raise Left("its environment could not be made")

    @classmethod
    def version(cls):
        script = "from importlib.metadata import version as v; print(v('whitenoise') + ', gunicorn ' + v('gunicorn'))"
        return subprocess.check_output([PYTHON, "-c", script], text=True).strip()

    def command(self):
        self.write("app.py", f"""
from whitenoise import WhiteNoise

def not_found(environ, start_response):
    start_response("404 Not Found", [("Content-Length", "0")])
    return []

app = WhiteNoise(not_found, root={str(self.context.site.twins)!r}, max_age=31536000)
""")
        workers = 2 * self.context.threads + 1
        return [
            *(PYTHON, "-m", "gunicorn", "--chdir", self.folder, "--bind", self.address, "--workers", str(workers)),
            *("--worker-class", "gthread", "--threads", "4", "--worker-connections", "4096", "--keep-alive", "60", "app:app"),
        ]


ALL = [
    *(Floor, Hardtack, Nginx, H2o, Lighttpd, Caddy, Varnish, StaticWebServer),
    *(RustEmbed, MemoryServe, ServeDir, ActixFiles, WhiteNoise),
]


def start(kind, context):
    """A running server, or `Left`."""
    kind.check()
    try:
        return kind(context).__enter__()
    except (SystemExit, OSError) as error:
        raise Left(f"does not start: {last_lines(str(error))}") from None


def last_lines(text):
    return " ".join(text.split())[-300:]


def install():
    """Installs the free programs that are missing. One that cannot be installed is left out later, with its reason."""
    packages = ["nginx:nginx", "h2o:h2o", "lighttpd:lighttpd", "caddy:caddy", "varnishd:varnish", "h2load:nghttp2-client"]
    packages += ["openssl:openssl", "strace:strace", "brotli:brotli", "wrk:wrk", "taskset:util-linux"]
    if importlib.util.find_spec("ensurepip") is None:
        packages.append("python3-venv")
    if not Nginx.module().exists():
        packages.append("libnginx-mod-http-brotli-static")
    if not pathlib.Path("/usr/lib/lighttpd/mod_deflate.so").exists():
        packages += ["lighttpd-mod-deflate", "lighttpd-mod-openssl"]
    try_to([serving.REPOSITORY / "scripts" / "install-missing", *packages])
    if not (serving.REPOSITORY / "corpora" / "django-admin").exists():
        try_to([serving.REPOSITORY / "scripts" / "fetch-corpora"])
    if not PYTHON.exists():
        try_to([sys.executable, "-m", "venv", TARGET / "venv"])
    pip = [PYTHON, "-m", "pip", "--quiet", "--disable-pip-version-check", "install", "-r", FOLDER / "requirements.txt"]
    try_to(pip)


def try_to(command):
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL).returncode == 0
    except OSError:
        done = False
    if not done:
        print(f"{serving.PROGRAM}: failed, and what needs it is left out: {' '.join(map(str, command))}", file=sys.stderr)


def build():
    """The programs of the workspace here. One that does not build does not keep the others from it."""
    for crate in ("epoll", "serve-dir", "actix-files", "static-web-server", "rust-embed", "memory-serve"):
        cargo = ["cargo", "build", "--quiet", "--release", "--locked", "--package", f"compare-{crate}"]
        try_to([*cargo, "--manifest-path", FOLDER / "Cargo.toml"])
