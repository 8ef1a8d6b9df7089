"""What the measurements of a server share: a site to serve, servers to compare, and what their processes take.

For `compare`, `idle-connections`, `slow-clients`, `soak` and `tls`. A server is what a user would start, and counts with
all its processes: of Hardtack the supervisor and its worker, of nginx the master and its workers.
"""

import contextlib
import dataclasses
import json
import os
import pathlib
import random
import re
import resource
import shutil
import socket
import subprocess
import sys
import time

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = pathlib.Path(sys.argv[0]).name
START = 10  # seconds that a server may take until it listens
SMALL = 1024  # bytes of the body that most requests are for
LARGE = 8 << 20  # more than the buffers of a socket take


def need(parser, *programs):
    """Refuses to go on where one of the (program, Debian package) is missing."""
    os.environ["PATH"] += ":/usr/sbin"  # where nginx is, and not on everybody's path
    for program, package in programs:
        if not shutil.which(program):
            parser.error(f"there is no {program}: apt-get install {package}")


def raise_descriptor_limit(least):
    """To the hard limit, for this process and the servers it starts."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < least:
        sys.exit(f"{PROGRAM}: a process may open {hard:,} files, and this takes {least:,}: raise `ulimit -Hn`")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def machine():
    return f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"


@dataclasses.dataclass
class Site:
    """Two assets of random bytes, which have no coding: in a folder, and in a binary that serves them."""

    folder: pathlib.Path
    binary: pathlib.Path
    small: str  # the hashed path
    large: str

    def body(self, path):
        return (self.folder / path.removeprefix("/")).read_bytes()


def make_site(hardtack, scratch):
    """Packs the folder, and gives it the hashed names as well, for the servers that serve from a disk."""
    folder, binary = scratch / "assets", scratch / "packed"
    folder.mkdir()
    chance = random.Random("hardtack")
    (folder / "small.png").write_bytes(chance.randbytes(SMALL))
    (folder / "large.png").write_bytes(chance.randbytes(LARGE))
    command = [hardtack or build(), "pack", folder, "-o", binary]
    environment = {**own_environment(), "HARDTACK_CACHE": str(scratch / "cache")}
    subprocess.run(command, cwd=scratch, env=environment, stdout=subprocess.DEVNULL, check=True)
    listed = json.loads(subprocess.check_output([binary, "list", "--json"]))
    large, small = (asset["url"] for asset in sorted(listed, key=lambda asset: asset["logical_path"]))
    for path, name in ((small, "small.png"), (large, "large.png")):
        shutil.copy(folder / name, folder / path.removeprefix("/"))
    make_readable(scratch)
    return Site(folder, binary, small, large)


def make_readable(scratch):
    """For workers that are not root."""
    for path in (scratch, *scratch.rglob("*")):
        path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))


def build():
    """Builds in the profile `dist`, and returns the executable that Cargo names."""
    cargo = ["cargo", "build", "--quiet", "--message-format=json", "--profile", "dist", "--bin", "hardtack"]
    result = subprocess.run(cargo, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    if result.returncode != 0:
        sys.exit(f"{PROGRAM}: exit status {result.returncode}: {' '.join(cargo)}")
    messages = [json.loads(line) for line in result.stdout.splitlines()]
    return [message["executable"] for message in messages if message.get("executable")][-1]


def own_environment():
    return {name: value for name, value in os.environ.items() if not name.startswith("HARDTACK_")}


@dataclasses.dataclass
class Certificate:
    """ECDSA on P-256, signed by itself."""

    file: pathlib.Path
    key: pathlib.Path


def make_certificate(scratch):
    made = Certificate(scratch / "certificate.pem", scratch / "key.pem")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-days", "30", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
            *("-keyout", made.key, "-out", made.file),
        ],
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return made


class Server:
    """A running server and all its processes. What it says goes to a file, which is shown if it fails."""

    def __init__(self, label, command, log, core=None, errors=None):
        self.label, self.log = label, log
        pinned = ["taskset", "-c", str(core)] if core is not None else []
        with open(log, "wb") as output:
            # In a session of its own: a lighttpd with workers ends by a signal to its whole group.
            self.process = subprocess.Popen(
                [*pinned, *command],
                env=own_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors or output,
                start_new_session=True,
            )

    def __enter__(self):
        deadline = time.monotonic() + START
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                sys.exit(f"{PROGRAM}: {self.label} does not listen: {self.process.args}\n{self.log.read_text()}")
            time.sleep(0.02)
        return self

    def __exit__(self, *_):
        """It may take its time to drain, but not for ever."""
        processes = self.processes()
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            for process in processes:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, 9)
            self.process.wait()

    def processes(self):
        """Its own and all that came from it, as they are now."""
        parents = dict(parents_of_all())
        found = [self.process.pid]
        for process in found:
            found += [child for child, parent in parents.items() if parent == process]
        return found

    def cpu_seconds(self):
        """So far, of all threads, also those that have ended: by each process's own clock (clock_getcpuclockid(3))."""
        return sum(time.clock_gettime(~pid << 3 | 2) for pid in self.processes())

    def memory(self):
        """PSS in bytes: what is its own, and its share of what it shares."""
        return sum(take(pid).pss for pid in self.processes())


class Hardtack(Server):
    """The last lines of its banner say where it listens, one line for each `--listen`."""

    def __init__(self, site, log, *options, certificate=None, core=None, errors=None):
        listen = ["http://127.0.0.1:0", *(["https://127.0.0.1:0"] if certificate else [])]
        tls = ["--tls-certificate", certificate.file, "--tls-key", certificate.key] if certificate else []
        listeners = [part for url in listen for part in ("--listen", url.removeprefix("http://"))]
        super().__init__(
            "Hardtack",
            [site.binary, "serve", *listeners, *tls, "--log-format", "human", *options],
            log,
            core,
            errors,
        )
        self.listeners = len(listen)

    def is_ready(self):
        lines = self.log.read_text().splitlines()
        urls = [line.split()[-1] for line in lines if line.split()[:1] == ["listening"]]
        self.ports = {url.partition("://")[0]: int(re.search(r":(\d+)/?$", url)[1]) for url in urls}
        return len(urls) == self.listeners

    def worker(self):
        """The process that serves."""
        commands = {pid: command_line(pid) for pid in self.processes()}
        workers = [pid for pid, command in commands.items() if command[1:2] == ["worker"]]
        if len(workers) != 1:
            sys.exit(f"{PROGRAM}: {len(workers)} workers of {self.process.pid}, not one: {commands}")
        return workers[0]


class Nginx(Server):
    """nginx with its defaults, but for what is said here, and the versions of TLS that Debian's settings name."""

    def __init__(self, site, scratch, workers, connections, http="", certificate=None, core=None):
        self.ports = {"https" if certificate else "http": free_port()}
        folder = scratch / "nginx"
        folder.mkdir(exist_ok=True)
        listen, temporary = f"127.0.0.1:{self.port()}", ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        if certificate:
            listen += f" ssl http2; ssl_certificate {certificate.file}; ssl_certificate_key {certificate.key}"
            listen += "; ssl_protocols TLSv1.2 TLSv1.3"
        (folder / "nginx.conf").write_text(f"""
            daemon off; pid {folder}/pid; error_log {folder}/error.log;
            worker_processes {workers}; worker_rlimit_nofile {connections + 1000};
            events {{ worker_connections {connections}; }}
            http {{
                access_log off; sendfile on; tcp_nopush on; default_type image/png; {http}
                {" ".join(f"{kind}_temp_path {folder}/{kind};" for kind in temporary)}
                server {{ listen {listen}; root {site.folder}; }}
            }}""")
        super().__init__("nginx", ["nginx", "-c", folder / "nginx.conf"], folder / "output", core)

    def port(self):
        return next(iter(self.ports.values()))

    def is_ready(self):
        return accepts(self.port())


def nginx_version():
    return subprocess.run(["nginx", "-v"], stderr=subprocess.PIPE, text=True).stderr.split("/")[-1].split()[0]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True


def parents_of_all():
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            # The name of a process, in parentheses, may have blanks in it.
            yield int(stat.parent.name), int(stat.read_text().rpartition(")")[2].split()[1])


def command_line(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return []


@dataclasses.dataclass
class Taken:
    """What a process has at one moment."""

    pss: int  # bytes
    rss: int
    pss_anonymous: int  # of the first, what no file is behind
    descriptors: int
    threads: int


def take(pid):
    process = pathlib.Path(f"/proc/{pid}")
    pages = (process / "smaps_rollup").read_text()
    sizes = (int(re.search(rf"^{name}:\s+(\d+) kB", pages, re.M)[1]) << 10 for name in ("Pss", "Rss", "Pss_Anon"))
    return Taken(*sizes, *(len(os.listdir(process / folder)) for folder in ("fd", "task")))
