"""What redbot notes of some URLs, as JSON: a list for each, of level, kind and summary.

    python tests/redbot_notes.py URL...
"""

import configparser
import json
import sys

import thor
from redbot.resource import HttpResource


def main():
    config = configparser.ConfigParser()
    config.read_dict({"redbot": {"enable_local_access": "True"}})
    resources = [check(config["redbot"], url) for url in sys.argv[1:]]
    thor.run()
    print(json.dumps({resource.request.uri: notes(resource) for resource in resources}))


open_checks = 0


def check(config, url):
    global open_checks
    open_checks += 1
    resource = HttpResource(config)
    resource.set_request(url)
    resource.on("check_done", done)
    resource.check()
    return resource


def done():
    global open_checks
    open_checks -= 1
    if not open_checks:
        thor.stop()


def notes(resource):
    """Those of the active checks are among those of the response."""
    found = [*resource.request.notes, *resource.response.notes]
    found += [subnote for note in found for subnote in note.subnotes]
    return [{"level": note.level.name, "kind": type(note).__name__, "summary": note.summary} for note in found]


if __name__ == "__main__":
    main()
