"""The part of a document that a measurement writes: between two comments, of which the first one has its name."""

END = "<!-- end -->"


def replace(file, name, text):
    begin = f"<!-- {name}: begin -->"
    before, found, rest = file.read_text().partition(begin)
    _, ends, after = rest.partition(END)
    if not found or not ends:
        raise SystemExit(f"{file}: there is no {begin} with {END} after it")
    file.write_text(f"{before}{begin}\n\n{text.strip()}\n\n{END}{after}")


def table(head, rows):
    """Markdown; the first column is text, and numbers are to the right."""
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)
