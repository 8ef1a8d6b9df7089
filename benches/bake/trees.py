"""Generated folders: so many small files, as of a large site, that refer to each other."""

import random

SHARES = (("css", 15), ("js", 35), ("html", 30), ("svg", 15), ("png", 5))  # of 100 files
FOLDER = 100  # files of one folder


def make(folder, count):
    """A page refers to a style sheet, a script and two images; a style sheet to an image; a script to another one."""
    chance = random.Random(count)
    kinds = [kind for kind, share in SHARES for _ in range(share)]
    names = [f"part{number // FOLDER:03}/{kinds[number % FOLDER]}{number}.{kinds[number % FOLDER]}" for number in range(count)]
    of_kind = {kind: [name for name in names if name.endswith(kind)] for kind, _ in SHARES}
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content(name, of_kind, chance))


def huge(folder, count, size):
    """Files that do not compress."""
    folder.mkdir(parents=True)
    chance = random.Random("huge")
    for number in range(count):
        (folder / f"video{number}.mp4").write_bytes(chance.randbytes(size))


def content(name, of_kind, chance):
    kind = name.rpartition(".")[2]
    some = lambda of: "/" + chance.choice(of_kind[of])  # noqa: E731
    words = [f"{chance.choice(WORDS)}{chance.randrange(100)}" for _ in range(60)]
    if kind == "css":
        rules = "\n".join(f".{word} {{ margin: {chance.randrange(40)}px; color: #{chance.getrandbits(24):06x}; }}" for word in words)
        return f".hero {{ background: url('{some('svg')}'); }}\n{rules}\n".encode()
    if kind == "js":
        lines = "\n".join(f"export function {word}_{place}(a) {{ return a + {chance.randrange(1000)}; }}" for place, word in enumerate(words))
        return f'import "{of_kind["js"][0] if name == of_kind["js"][0] else some("js")}";\n{lines}\n'.encode()
    if kind == "html":
        text = "".join(f"<p id={word}>{' '.join(chance.choices(words, k=8))}</p>\n" for word in words[:30])
        links = f'<link rel="stylesheet" href="{some("css")}"><script type="module" src="{some("js")}"></script>'
        return f'<!doctype html><title>{name}</title>{links}<img src="{some("png")}"><img src="{some("svg")}">{text}'.encode()
    if kind == "svg":
        shapes = "".join(f'<circle cx="{chance.randrange(99)}" cy="{chance.randrange(99)}" r="{chance.randrange(9)}"/>' for _ in range(30))
        return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 99 99">{shapes}</svg>'.encode()
    return chance.randbytes(3000)


WORDS = "button panel header footer title menu list item card table row cell link icon image form field label input note".split()
