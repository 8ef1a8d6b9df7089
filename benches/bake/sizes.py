"""The bytes of each coding beside the best that the programs of the command line make of the same files."""

import concurrent.futures
import json
import os
import shutil
import subprocess

import contestants
import sections
import serving

# The command that makes a file smallest, and writes it to its output.
BEST = {
    "gzip": ["zopfli", "-c"],
    "br": ["brotli", "-q", "11", "-w", "24", "-c"],
    "zstd": ["zstd", "-19", "--long", "-c", "-q"],
}
SUFFIXES = {"gzip": ".gz", "br": ".br", "zstd": ".zst"}
ALLOWED = 0.005


def compare(source, hardtack):
    files = exported(source, hardtack)
    rows, left = [], []
    for coding, command in BEST.items():
        if not shutil.which(command[0]):
            left.append(f"Left out: {coding}, since there is no {command[0]}.")
            continue
        pairs = {file: file.with_name(file.name + SUFFIXES[coding]) for file in files if contestants.is_for_browsers(file)}
        pairs = {file: twin.stat().st_size for file, twin in pairs.items() if twin.exists()}
        rows.append(row(coding, command, pairs))
    head = ["coding", "files", "Hardtack", "the best", "more", "", "the worst file: bytes more", "by"]
    explanation = (
        "Of the files that browsers fetch and that compress; those for developers' tools are compressed with less effort. `zopfli`, "
        f"`brotli -q 11 -w 24`, `zstd -19 --long`. The goal is at most {ALLOWED:.1%} more in all."
    )
    return "\n\n".join([explanation, sections.table(head, rows), *left])


def exported(source, hardtack):
    """The files under their hashed paths, with what is compressed beside them."""
    packed, folder = source.place / "packed", source.place / "exported"
    contestants.Hardtack(source, hardtack).pack(packed)
    quiet = {"env": serving.own_environment(), "stdout": subprocess.DEVNULL, "check": True}
    subprocess.run([packed, "export", folder], **quiet)
    listed = json.loads(subprocess.check_output([packed, "list", "--json"]))
    return [folder / "site" / asset["url"].removeprefix("/") for asset in listed]


def row(coding, command, pairs):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        best = dict(zip(pairs, pool.map(lambda file: compressed(command, file), pairs)))
    ours, theirs = sum(pairs.values()), sum(best.values())
    worst = max(pairs, key=lambda file: pairs[file] - best[file])
    more = ours / theirs - 1
    met = "met" if more <= ALLOWED else "**missed**"
    by = f"{pairs[worst] / best[worst] - 1:+.1%} of `{worst.name}`"
    return [coding, len(pairs), f"{ours:,}", f"{theirs:,}", f"{more:+.2%}", met, f"{pairs[worst] - best[worst]:+,}", by]


def compressed(command, file):
    return len(subprocess.run([*command, file], stdout=subprocess.PIPE, check=True).stdout)
