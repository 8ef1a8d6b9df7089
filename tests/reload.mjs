// Changes files below an open page in headless Chromium, and prints as JSON what the page made of
// it: whether a style sheet was put in without loading the page again, and a script by doing so.
//
//   node tests/reload.mjs PLAYWRIGHT_CORE URL STYLE_SHEET SCRIPT

import { appendFile } from "node:fs/promises";
import { createRequire } from "node:module";

const [playwright, url, styleSheet, script] = process.argv.slice(2);
const { chromium } = createRequire(import.meta.url)(playwright);

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"],
});
const page = await browser.newPage();
// The page is told of changes from when the script of live reload has its events.
const events = page.waitForResponse((response) => response.url().endsWith("/.hardtack/reload"));
await page.goto(url);
await events;

await page.evaluate(() => { window.isFirst = true; });
await appendFile(styleSheet, "\nbody { outline: 7px solid peru; }\n");
await page.waitForFunction(() => getComputedStyle(document.body).outlineWidth === "7px");
const kept = await page.evaluate(() => window.isFirst === true);

await appendFile(script, '\ndocument.body.dataset.changed = "yes";\n');
await page.waitForFunction(() => document.body.dataset.changed === "yes");
const loaded = await page.evaluate(() => window.isFirst !== true);
await browser.close();
console.log(JSON.stringify({ kept, loaded }));
