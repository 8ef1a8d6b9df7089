"""Turns: a client loads a server for a moment, and says what came back and what the server took for it."""

import contextlib
import dataclasses
import json
import re
import signal
import subprocess
import time

import servers

PATIENCE = 20  # seconds, beyond those of a turn
CIPHER = "TLS_AES_128_GCM_SHA256"


class Failed(Exception):
    """A turn that says nothing of the server's speed."""


@dataclasses.dataclass
class Turn:
    requests: int
    seconds: float
    cpu_seconds: float
    bytes: int  # from the server, but for TLS
    p50: float = 0  # microseconds
    p99: float = 0
    p999: float = 0

    def summary(self):
        return {
            "cpu": self.cpu_seconds / self.requests * 1e6,
            "rate": self.requests / self.seconds,
            "bytes": self.bytes / self.requests,
            "p50": self.p50,
            "p99": self.p99,
            "p999": self.p999,
            "busy": self.cpu_seconds / self.seconds,
        }


class Client:
    """Runs on a core of its own, or where Linux puts it."""

    def __init__(self, scratch, core):
        self.scratch = scratch
        self.pinned = ["taskset", "-c", str(core)] if core is not None else []

    def turn(self, server, case, requests, seconds, warm_up=0.1, rate=None, count=None):
        """With h2load, `count` requests instead of what comes in so many seconds."""
        if case.h2load:
            return self.h2load(server, case, requests, seconds, count)
        file = self.scratch / "requests"
        file.write_text(requests)
        options = {"connections": case.connections, "seconds": seconds, "warm-up": warm_up}
        options |= {"fresh": "yes"} if case.fresh else {}
        options |= {"rate": rate} if rate else {}
        options["processes"] = ",".join(map(str, server.processes()))
        command = [servers.BUILT / "load", server.address, file, *(f"{name}={value}" for name, value in options.items())]
        report = json.loads(run([*self.pinned, *command], seconds))
        if report["errors"]:
            raise Failed(f"{report['errors']} errors, the first one: {report['first_error']}")
        if rate and report["requests"] < 0.97 * rate * report["seconds"]:
            raise Failed(f"{report['requests'] / report['seconds']:,.0f} requests a second, where {rate:,.0f} came")
        if not report["requests"]:
            raise Failed("no answer in time")
        return Turn(**{name: report[name] for name in (field.name for field in dataclasses.fields(Turn))})

    def wrk(self, server, case, requests, seconds):
        """The client that most comparisons use, for a case with one file: it reads 8 KB at a time, and keeps no rate."""
        path = requests.splitlines()[0].split("\t")[3]
        before = server.cpu_seconds()
        command = [*self.pinned, "wrk", "-t1", f"-c{case.connections}", f"-d{seconds}s", f"http://{server.address}{path}"]
        report = run(command, seconds)
        cpu = server.cpu_seconds() - before
        total = re.search(r"(\d+) requests in ([\d.]+)s", report)
        if not total or int(total[1]) == 0 or "Non-2xx" in report or "Socket errors" in report:
            raise Failed(f"wrk: {servers.last_lines(report)}")
        return Turn(int(total[1]), float(total[2]), cpu, 0)

    def h2load(self, server, case, requests, seconds, count):
        """The 64 handshakes are in the CPU time: a hundredth of it."""
        lines = [line.split("\t") for line in requests.splitlines()]
        urls = self.scratch / "urls"
        urls.write_text("".join(f"https://127.0.0.1:{server.ports['https']}{path}\n" for _, _, _, path, *_ in lines))
        fields = [part for field in lines[0][4:] for part in ("-H", field)]
        length = f"-n{count}" if count else f"-D{round(seconds * 1000)}ms"
        options = [f"-c{case.connections}", f"--tls13-ciphers={CIPHER}", length, *case.h2load]
        before = server.cpu_seconds()
        report = run([*self.pinned, "h2load", *options, *fields, "-i", urls], seconds)
        return self.read_h2load(report, case, seconds, server.cpu_seconds() - before)

    def read_h2load(self, report, case, seconds, cpu):
        wanted = ["Application protocol: " + ("http/1.1" if "--h1" in case.h2load else "h2"), f"Cipher: {CIPHER}"]
        missing = [line for line in wanted if line not in report]
        good = re.search(r"status codes: (\d+) 2xx, 0 3xx, 0 4xx, 0 5xx", report)
        traffic = re.search(r"traffic: .*?\((\d+)\) total", report)
        if missing or not good or not traffic or int(good[1]) == 0:
            raise Failed(f"h2load: {missing or servers.last_lines(report)}")
        return Turn(int(good[1]), seconds, cpu, int(traffic[1]))


def run(command, seconds):
    try:
        result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=seconds + PATIENCE)
    except subprocess.TimeoutExpired:
        raise Failed("does not come to an end") from None
    if result.returncode != 0:
        raise Failed(servers.last_lines(result.stderr))
    return result.stdout


def system_calls(client, server, case, requests, scratch):
    """Of one request: the difference of two traced turns, in which what a turn needs anyway cancels out."""
    how = [{"seconds": 0.2, "count": 1000}, {"seconds": 1.0, "count": 4000}]
    (few, calls_of_few), (many, calls_of_many) = (traced(client, server, case, requests, scratch, it) for it in how)
    if many <= few:
        raise Failed("too slow when it is traced")
    return (calls_of_many - calls_of_few) / (many - few)


def traced(client, server, case, requests, scratch, how):
    output = scratch / "calls"
    processes = [part for pid in server.processes() for part in ("-p", str(pid))]
    command = ["strace", "-f", "-c", "-o", output, *processes]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as strace:
        try:
            time.sleep(0.3)
            turn = client.turn(server, case, requests, warm_up=0, **how)
        finally:
            with contextlib.suppress(ProcessLookupError):
                strace.send_signal(signal.SIGINT)
            strace.wait()
    total = re.search(r"^\s*100\.00\s+[\d.]+\s+\d+\s+(\d+)\s.*total$", output.read_text(), re.M)
    if not total:
        raise Failed("strace says nothing")
    return turn.requests, int(total[1])
