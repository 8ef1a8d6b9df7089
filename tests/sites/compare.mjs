// Opens sites from a plain static server and baked, and says what differs: nothing may.
//
//   node tests/sites/compare.mjs [--json FILE] [--sizes] [NAME...]
//
// HARDTACK is the executable that bakes, default target/release/hardtack. The sites are those that scripts/fetch-sites
// has built. A line a site goes to standard output; with differences, a line each follows, and the status is 1.

import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { bake, serve } from "./bake.mjs";
import { differences, summary } from "./differences.mjs";
import { Origin, baked, plain } from "./origin.mjs";
import { SITES } from "./sites.mjs";
import { sizes } from "./sizes.mjs";
import { visit } from "./visit.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const corpora = path.join(root, "corpora");
const hardtack = path.resolve(process.env.HARDTACK ?? path.join(root, "target/release/hardtack"));

const { values: options, positionals } = parseArgs({
  options: { json: { type: "string" }, sizes: { type: "boolean" } },
  allowPositionals: true,
});

const { chromium } = createRequire(import.meta.url)(path.join(corpora, "playwright-core"));
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  // No host but ours is there, neither for pages nor for their workers.
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
});
const origin = await new Origin().start();
const scratch = await mkdtemp(path.join(os.tmpdir(), "hardtack-sites-"));
const reports = [];
for (const name of await names()) {
  const report = await compare(name, SITES[name]).catch((error) => ({ name, differences: [`not compared: ${error}`] }));
  reports.push(report);
  console.log(summary(report));
  for (const difference of report.differences) console.log(`    ${difference}`);
}
await browser.close();
origin.stop();
await rm(scratch, { recursive: true });
if (options.json) await writeFile(options.json, JSON.stringify(reports, undefined, 1));
process.exitCode = reports.some((report) => report.differences.length > 0) ? 1 : 0;

async function names() {
  if (positionals.length > 0) return positionals;
  const built = new Set(await readdir(path.join(corpora, "sites")));
  return Object.keys(SITES).filter((name) => built.has(folderOf(name)));
}

// A difference that a slow machine showed too early is not there at a second look; a fault is.
async function steadyDifferences(site, plainHandler, bakedHandler) {
  let found;
  for (let look = 0; look < 2 && found?.differences.length !== 0; look += 1) {
    const one = await seen(site, plainHandler);
    const other = await seen(site, bakedHandler);
    found = differences(one, other, site);
  }
  return found;
}

function folderOf(name) {
  return SITES[name].folder ?? name;
}

async function compare(name, site) {
  const folder = path.join(corpora, "sites", folderOf(name));
  const bakery = await baking(name, folder, site.config);
  const server = await serve(bakery.binary);
  try {
    const found = await steadyDifferences(site, plain(folder, site), baked(server.address));
    const refusal = bakery.problem ? [`bake: ${bakery.problem.trim().split("\n").slice(0, 4).join(" | ")}`] : [];
    return {
      name,
      milliseconds: bakery.milliseconds,
      said: bakery.said,
      ...found,
      differences: [...refusal, ...found.differences],
      roles: roles(bakery.assets),
      pinned: bakery.assets.filter(({ role }) => role === "pinned").map(({ logical_path, why }) => `${logical_path}: ${why}`),
      ...(options.sizes ? { sizes: await sizes(folder, bakery.assets, path.join(corpora, "sites", ".sizes")) } : {}),
    };
  } finally {
    server.stop();
  }
}

async function baking(name, folder, config) {
  const cache = path.join(corpora, "sites", ".cache");
  await mkdir(cache, { recursive: true });
  const binary = path.join(scratch, name);
  return { binary, ...(await bake({ hardtack, folder, binary, cache, config })) };
}

async function seen(site, handler) {
  origin.become(handler);
  const { snapshots, complaints, firstVisit } = await visit(browser, origin, site);
  return { snapshots, complaints, firstVisit, records: origin.records };
}

// How many files have which part: as the bake says, or as their URLs do.
function roles(assets) {
  const count = {};
  for (const asset of assets) {
    const role = asset.role ?? (asset.url === asset.plain_url ? "plain" : "hashed");
    count[role] = (count[role] ?? 0) + 1;
  }
  return { files: assets.length, ...count };
}
