// Writes docs/sites.md from what compare.mjs has found.
//
//   node tests/sites/table.mjs REPORTS.json... >docs/sites.md

import { readFileSync } from "node:fs";

import { SITES } from "./sites.mjs";

const corpora = new URL("../../corpora/sites/", import.meta.url);
const reports = process.argv.slice(2).flatMap((file) => JSON.parse(readFileSync(file, "utf8")));
const rows = Object.keys(SITES).flatMap((name) => reports.filter((report) => report.name === name && report.figures));

console.log(`# Sites of the world's tools

Written by \`just sites\`; nobody edits it. Each tool builds a small project of ours with its default settings, or its package
is taken as it is (\`scripts/fetch-sites\` builds all of them, from pinned versions; Hugo and Jekyll are Debian's). \`hardtack pack\` bakes the folder, without any
configuration unless the row says so. A browser then visits the folder on a plain static server, and the baked site: it opens a
page, reloads it, with a service worker once more without a network, clicks through the site and opens pages below. After each
step the title, the text, the styles and boxes of the elements, the images and the fonts are compared; after all of them the failed requests,
the complaints of the browser, and contents that were fetched by two names.

## Results

- **Hashed** files have a name with a fingerprint from the bake, **prehashed** ones a name with a hash from the tool, **pinned** ones had to keep their
  names, and the rest are entry points: pages and what else is known by its name.
- **Immutable** are those of the requests for parts of a page (anything but pages) whose answer may be kept for a year.
- **Requests** are those of a first visit and what later steps asked for anew: from the plain server, and baked.
- **Size** is that of all files in the best coding of each: as baked, by \`brotli -q 11\`, and by \`gzip -6\`.

| site | tool and version | files | hashed | prehashed | pinned | rest | immutable | requests | differences | size: baked, Brotli, gzip |
|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|
${rows.map(result).join("\n")}

## What to know

| site | of |
|---|---|
${rows.map(({ name }) => `| ${SITES[name].tool} | ${SITES[name].note} |`).join("\n")}
`);

function result(report) {
  const { files, hashed = 0, prehashed = 0, pinned = 0 } = report.roles;
  const { plain, baked } = report.figures;
  return `| ${[
    SITES[report.name].tool,
    version(SITES[report.name].folder ?? report.name),
    files,
    hashed,
    prehashed,
    pinned,
    files - hashed - prehashed - pinned,
    `${baked.immutable} of ${baked.subresources}`,
    `${plain.requests}, ${baked.requests}`,
    report.differences.length,
    report.sizes ? [report.sizes.baked, report.sizes.brotli, report.sizes.gzip].map(kilobytes).join(", ") : "",
  ].join(" | ")} |`;
}

// As scripts/fetch-sites has noted it: NAME TOOL@VERSION:SUM.
function version(name) {
  const [, pinned] = readFileSync(new URL(`.pinned/${name}`, corpora), "utf8").split(/\s+/);
  return pinned.replace(/:\d+$/, "").replace(/(.)@/, "$1 ");
}

function kilobytes(bytes) {
  return bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
