"""The programs that bake the same files: Django, Hardtack, compressors of the command line, memory-serve's build script."""

import filecmp
import json
import os
import pathlib
import shutil
import subprocess
import sys

import serving
from measure import run

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
CORPORA = REPOSITORY / "corpora"
PYTHON = CORPORA / "venv" / "bin" / "python"
COMPARE = REPOSITORY / "benches" / "compare"

ADMIN_APPS = ["django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes"]
PACKAGES = {  # name: the apps that bring static files, the corpora in STATICFILES_DIRS
    "katex + django-admin": (ADMIN_APPS, ["katex"]),
    "bootstrap": ([], ["bootstrap"]),
}

SETTINGS = """
import os
SECRET_KEY = "none"
INSTALLED_APPS = ["django.contrib.staticfiles", *{apps!r}]
STATICFILES_DIRS = {dirs!r}
STATIC_URL = "/static/"
STATIC_ROOT = os.environ["BENCH_STATIC_ROOT"]
STORAGES = {{"staticfiles": {{"BACKEND": os.environ["BENCH_STORAGE"]}}}}
WHITENOISE_KEEP_ONLY_HASHED_FILES = os.environ["BENCH_HASHED_ONLY"] == "yes"
"""
PLAIN_STORAGE = "django.contrib.staticfiles.storage.StaticFilesStorage"
WHITENOISE_STORAGE = "whitenoise.storage.CompressedManifestStaticFilesStorage"

DJANGO = "Django, WhiteNoise"
HASHED_ONLY = "Django, WhiteNoise, hashed files only"
COLD = "Hardtack, cold"
UNCHANGED = "Hardtack, nothing changed"
ONE_BYTE = "Hardtack, one byte changed"
COMPRESSORS = "gzip, brotli, zstd (the bound)"
MEMORY_SERVE = "memory-serve's build script"


def versions(hardtack):
    script = (
        "from importlib.metadata import version as v;"
        "print(*(f'{name} {v(name)}' for name in ('Django', 'whitenoise', 'Brotli')), sep=', ')"
    )
    found = [subprocess.check_output([hardtack, "--version"], text=True).split(" (")[0]]
    if PYTHON.exists():
        found.append(subprocess.check_output([PYTHON, "-c", script], text=True).strip())
    return ", ".join(found)


class Folder:
    """Files to bake, and a place for what comes out."""

    def __init__(self, place):
        self.place = place
        self.dir = place / "input"

    def sizes(self):
        return [path.stat().st_size for path in self.dir.rglob("*") if path.is_file()]

    def describe(self):
        sizes = self.sizes()
        return f"{len(sizes):,} files, {sum(sizes) / 1e6:,.1f} MB"


class DjangoFolder(Folder):
    """One site's static files: the settings with which Django finds them, and one folder that holds them all."""

    def __init__(self, place, apps, corpora):
        super().__init__(place)
        dirs = [(corpus, str(CORPORA / corpus)) for corpus in corpora]
        (place / "bench_settings.py").write_text(SETTINGS.format(apps=apps, dirs=dirs))
        run(*self.collectstatic(self.dir, PLAIN_STORAGE))

    def collectstatic(self, static_root, storage, hashed_only=False):
        """The command, and its environment."""
        environment = {
            **os.environ,
            "PYTHONPATH": str(self.place),
            "DJANGO_SETTINGS_MODULE": "bench_settings",
            "BENCH_STATIC_ROOT": str(static_root),
            "BENCH_STORAGE": storage,
            "BENCH_HASHED_ONLY": "yes" if hashed_only else "no",
        }
        return [PYTHON, "-m", "django", "collectstatic", "--noinput"], environment


class Django:
    def __init__(self, source, hashed_only):
        self.source, self.hashed_only = source, hashed_only
        self.label = HASHED_ONLY if hashed_only else DJANGO
        self.static_root = source.place / ("hashed" if hashed_only else "static")

    def bake(self):
        shutil.rmtree(self.static_root, ignore_errors=True)
        yield self.label, run(*self.source.collectstatic(self.static_root, WHITENOISE_STORAGE, self.hashed_only))

    def sizes(self):
        """The weight of the hashed files, by content coding; the copies under plain names are not counted."""
        manifest = json.loads((self.static_root / "staticfiles.json").read_text())
        hashed = [self.static_root / path for path in manifest["paths"].values()]
        codings = (f"{coding} {weigh(hashed, suffix)}" for coding, suffix in [("gzip", ".gz"), ("br", ".br")])
        return f"{self.label}: hashed files {weigh(hashed)}, " + ", ".join(codings)


def weigh(paths, suffix=""):
    sizes = [os.path.getsize(f"{path}{suffix}") for path in paths if os.path.exists(f"{path}{suffix}")]
    return f"{sum(sizes):,} bytes ({len(sizes)})"


class Hardtack:
    """Three packs: with an empty cache, with that cache and nothing changed, and with it and one byte more."""

    def __init__(self, source, binary, options=(), one_byte=True):
        self.source, self.binary, self.options, self.one_byte = source, binary, options, one_byte
        self.cache = source.place / "cache"
        self.packed_size = 0

    def bake(self):
        cold, unchanged, changed = (self.source.place / name for name in ("cold", "unchanged", "one-byte"))
        shutil.rmtree(self.cache, ignore_errors=True)
        self.cache.mkdir()
        yield COLD, self.pack(cold)
        self.packed_size = cold.stat().st_size
        yield UNCHANGED, self.pack(unchanged)
        if not filecmp.cmp(cold, unchanged, shallow=False):
            sys.exit("bake: hardtack packed the same files to other bytes when it had a cache")
        if self.one_byte:
            with OneByteMore(self.smallest_style_sheet()):
                yield ONE_BYTE, self.pack(changed)
            if filecmp.cmp(cold, changed, shallow=False):
                sys.exit("bake: hardtack packed changed files to the same bytes")
        shutil.rmtree(self.cache)
        for packed in (cold, unchanged, changed):
            packed.unlink(missing_ok=True)

    def smallest_style_sheet(self):
        return min(self.source.dir.rglob("*.css"), key=lambda path: (path.stat().st_size, path))

    def pack(self, output):
        config = self.source.place / "hardtack.toml"
        config.write_text('missing = "warn"\n')
        environment = {**serving.own_environment(), "HARDTACK_CACHE": str(self.cache), "HARDTACK_CONFIG": str(config)}
        return run([self.binary, "pack", *self.options, self.source.dir, "-o", output], environment)

    def bundle_size(self):
        """The packed file starts with a copy of the executable."""
        return self.packed_size - self.binary.stat().st_size

    def sizes(self):
        return f"Hardtack: bundle of {self.bundle_size():,} bytes"


class OneByteMore:
    """A file that has one more byte at its end as long as this lasts."""

    def __init__(self, path):
        self.path = path

    def __enter__(self):
        self.size = self.path.stat().st_size
        with self.path.open("ab") as file:
            file.write(b"\n")

    def __exit__(self, *_):
        os.truncate(self.path, self.size)


# As Hardtack: at their best for browsers, and faster for what only developers' tools fetch.
LEVELS = {
    "best": {"gzip": "-9", "brotli": "-q 11 -w 24", "zstd": "-19"},
    "quick": {"gzip": "-9", "brotli": "-q 9 -w 24", "zstd": "-9"},
}
OF_TOOLS = {".map", ".ts", ".mts", ".cts", ".tsx", ".jsx", ".flow", ".scss", ".sass", ".less"}
TEXT = {".css", ".js", ".mjs", ".html", ".svg", ".json", ".txt", ".xml", ".wasm", ".ttf", ".md", ".webmanifest", *OF_TOOLS}


def is_for_browsers(file):
    return file.suffix not in OF_TOOLS


FILES_AT_ONCE = 8  # of one command: few enough to keep all cores busy, and enough that starts do not matter


class Compressors:
    """The three programs on all files that compress, as many at once as there are cores. They do nothing else."""

    def __init__(self, source):
        self.source, self.label = source, COMPRESSORS

    def bake(self):
        copy = self.source.place / "compressed"
        shutil.copytree(self.source.dir, copy)
        files = [file for file in copy.rglob("*") if file.suffix in TEXT and file.stat().st_size]
        # The largest ones first, so that no core is left alone with one at the end.
        files.sort(key=lambda file: -file.stat().st_size)
        lines = [line for effort, of in (("best", False), ("quick", True)) for line in commands(effort, files, of)]
        script = copy / "commands"
        script.write_text("\n".join(lines) + "\n")
        yield self.label, run(["sh", "-c", f"xargs -P {os.cpu_count()} -d '\\n' -n 1 sh -c '$0' <{script}"])
        shutil.rmtree(copy)

    def sizes(self):
        return ""


def commands(effort, files, of_tools):
    wanted = [file for file in files if is_for_browsers(file) != of_tools]
    large = [[file] for file in wanted if file.stat().st_size >= 100_000]
    small = [file for file in wanted if file.stat().st_size < 100_000]
    groups = large + [small[start : start + FILES_AT_ONCE] for start in range(0, len(small), FILES_AT_ONCE)]
    for group in groups:
        for program in ("brotli", "zstd", "gzip"):
            keep = "-k -f" + (" -q" if program == "zstd" else "")
            yield f"{program} {keep} {LEVELS[effort][program]} -- {' '.join(map(str, group))}"


class MemoryServe:
    """The build script that memory-serve's documentation asks for, optimized, which Cargo by itself does not do."""

    def __init__(self, source, built):
        self.source, self.built, self.label = source, built, MEMORY_SERVE

    @staticmethod
    def build():
        """The path of the build script, optimized, or nothing if it does not build."""
        cargo = ["cargo", "build", "--release", "--locked", "--quiet", "-p", "compare-memory-serve"]
        # Any folder does, since it is only to be built; that of the comparison, where it is, spares it a build.
        there = (COMPARE / "target" / "site" / "plain").is_dir()
        environment = os.environ if there else {**os.environ, "COMPARE_FOLDER": str(COMPARE / "memory-serve" / "src")}
        if subprocess.run(cargo, cwd=COMPARE, env=environment).returncode != 0:
            return None
        built = (COMPARE / "target" / "release" / "build").glob("compare-memory-serve-*/build-script-build")
        return max(built, key=os.path.getmtime)

    def bake(self):
        out = self.source.place / "out"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        environment = {
            **os.environ,
            "COMPARE_FOLDER": str(self.source.dir),
            "OUT_DIR": str(out),
            "CARGO_MANIFEST_DIR": str(COMPARE / "memory-serve"),
            "PROFILE": "release",
            "MEMORY_SERVE_QUIET": "1",
        }
        yield self.label, run([self.built], environment, COMPARE / "memory-serve")
        shutil.rmtree(out)

    def sizes(self):
        return ""
