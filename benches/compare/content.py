"""The site that all servers serve: authored files, and what Hardtack makes of them.

Every server gets the same bytes under the same hashed paths: `hardtack export` writes them, with the twins that it
compressed. So nobody wins by a better compression, and the comparison is about serving.
"""

import dataclasses
import json
import pathlib
import random
import re
import shutil
import subprocess

import serving

PAGE = "admin"  # below this path, the files of Django's admin
# The files that a browser loads for the list of users in Django's admin, in this order.
PAGE_FILES = """
    css/base.css css/dark_mode.css js/theme.js css/nav_sidebar.css js/nav_sidebar.js css/changelists.css css/responsive.css
    js/vendor/jquery/jquery.js js/jquery.init.js js/core.js js/admin/RelatedObjectLookups.js js/actions.js js/urlify.js
    js/prepopulate.js js/vendor/xregexp/xregexp.js js/filters.js img/search.svg img/tooltag-add.svg img/icon-addlink.svg
    img/icon-yes.svg img/icon-no.svg img/sorting-icons.svg img/tooltag-arrowright.svg img/icon-changelink.svg
""".split()

RANDOM_FILES = {"1k": 1 << 10, "10k": 10 << 10, "100k": 100 << 10, "1m": 1 << 20, "10m": 10 << 20}
TEXT = ("text.js", 48 << 10, 9800)

# The static profile of HttpArena (www.http-arena.com/docs/test-profiles): its names, its lengths, and what they have
# after Brotli, which is 0 for the five that do not compress. The content is our own.
ARENA = [
    ("reset.css", 8192, 2420),
    ("layout.css", 25600, 5615),
    ("theme.css", 18432, 4520),
    ("components.css", 204800, 33268),
    ("utilities.css", 61440, 11595),
    ("analytics.js", 12288, 3899),
    ("helpers.js", 22528, 6612),
    ("app.js", 204800, 47275),
    ("vendor.js", 307200, 67294),
    ("router.js", 35840, 9665),
    ("header.html", 122880, 9390),
    ("footer.html", 56320, 6974),
    ("regular.woff2", 18432, 0),
    ("bold.woff2", 22528, 0),
    ("logo.svg", 15344, 3028),
    ("icon-sprite.svg", 71680, 11739),
    ("hero.webp", 46080, 0),
    ("thumb1.webp", 8192, 0),
    ("thumb2.webp", 6144, 0),
    ("manifest.json", 2883, 735),
]


@dataclasses.dataclass
class File:
    url: str
    plain: pathlib.Path


@dataclasses.dataclass
class Site:
    packed: pathlib.Path  # the executable that serves it
    plain: pathlib.Path  # a folder of the files
    twins: pathlib.Path  # the same, with `.br` and `.gz` beside them
    files: dict  # by logical path

    def arena(self):
        return [self.files[f"arena/{name}"] for name, _, _ in ARENA]

    def page(self):
        """Empty where the package of Django is not there."""
        wanted = [f"{PAGE}/{name}" for name in PAGE_FILES]
        return [self.files[name] for name in wanted] if all(name in self.files for name in wanted) else []


def make(hardtack, target):
    """In `target/site`. A file that has not changed is not written, so that Cargo embeds it anew only if it has to."""
    folder, scratch = target / "site", target / "baking"
    shutil.rmtree(scratch, ignore_errors=True)
    author(scratch / "authored")
    packed = target / "packed"
    environment = {**serving.own_environment(), "HARDTACK_CACHE": str(target / "cache")}
    run = {"cwd": scratch, "env": environment, "stdout": subprocess.DEVNULL, "check": True}
    subprocess.run([hardtack, "pack", scratch / "authored", "-o", packed], **run)
    subprocess.run([packed, "export", scratch / "exported"], **run)
    listed = json.loads(subprocess.check_output([packed, "list", "--json"]))
    site = Site(packed, folder / "plain", folder / "twins", {})
    for asset in listed:
        site.files[asset["logical_path"]] = place(asset, scratch / "exported" / "site", site)
    remove_others(folder, {file.relative_to(site.plain) for file in (it.plain for it in site.files.values())})
    shutil.rmtree(scratch)
    serving.make_readable(target)
    return site


def author(folder):
    (folder / "arena").mkdir(parents=True)
    chance = random.Random("hardtack")
    for name, length in RANDOM_FILES.items():
        (folder / f"{name}.png").write_bytes(chance.randbytes(length))
    (folder / TEXT[0]).write_bytes(text(*TEXT, chance))
    for name, length, compressed in ARENA:
        body = text(name, length, compressed, chance) if compressed else chance.randbytes(length)
        (folder / "arena" / name).write_bytes(body)
    django = serving.REPOSITORY / "corpora" / "django-admin" / PAGE
    if django.is_dir():
        shutil.copytree(django, folder / PAGE)


# One line of each format, before and after what is different in each line.
LINES = {
    "css": ("", ".panel-", " > .title { margin: 0 auto; padding: 4px 8px; }\n", ""),
    "js": ("", 'register("', '", { lazy: true, retries: 3, scope: document.body });\n', ""),
    "html": ("<!doctype html><title>Page</title>\n", '<p class="note" id="', '">A paragraph of the page.</p>\n', ""),
    "svg": ('<svg xmlns="http://www.w3.org/2000/svg">\n', '<rect id="', '" width="16" height="16"/>\n', "</svg>\n"),
    "json": ("{\n", '"', '": "a value of the manifest",\n', '"end": 0}\n'),
}


def text(name, length, compressed, chance):
    """So many bytes, which Brotli makes about so many of: 0.56 for a random hex digit, and 1.5 for a line."""
    begin, before, after, end = LINES[name.rpartition(".")[2]]
    fixed, ratio = len(before) + len(after), compressed / length
    digits = max(1, round((ratio * fixed - 1.5) / (0.56 - ratio)))
    lines = length // (fixed + digits) + 1
    whole = begin + "".join(f"{before}{chance.getrandbits(4 * digits):0{digits}x}{after}" for _ in range(lines))
    last = whole.rfind("\n", 0, length - len(end)) + 1
    return (whole[:last].ljust(length - len(end)) + end).encode()


def place(asset, exported, site):
    path = asset["url"].removeprefix("/")
    source = exported / path
    write(source.read_bytes(), site.plain / path)
    write(source.read_bytes(), site.twins / path)
    for suffix in (".br", ".gz"):
        if source.with_name(source.name + suffix).exists():
            write(source.with_name(source.name + suffix).read_bytes(), site.twins / (path + suffix))
    return File(asset["url"], site.plain / path)


def write(body, file):
    if not file.exists() or file.read_bytes() != body:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)


def remove_others(folder, wanted):
    """Removes the files of an earlier run that are not wanted, by logical path without `.br` and `.gz`."""
    for part in ("plain", "twins"):
        for file in [file for file in (folder / part).rglob("*") if file.is_file()]:
            name = re.sub(r"\.(br|gz)$", "", str(file.relative_to(folder / part)))
            if pathlib.Path(name) not in wanted:
                file.unlink()
