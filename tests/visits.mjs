// Opens pages in headless Chromium, one after the other as one visitor, and prints as JSON what
// happened at each. Nothing is intercepted, so that the browser's cache works.
//
//   node tests/visits.mjs PLAYWRIGHT_CORE URL...

import { createRequire } from "node:module";

const [playwright, ...urls] = process.argv.slice(2);
const { chromium } = createRequire(import.meta.url)(playwright);

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"],
});
const context = await browser.newContext();
const visits = [];
for (const url of urls) visits.push(await visit(url));
await browser.close();
console.log(JSON.stringify(visits));

async function visit(url) {
  const page = await context.newPage();
  const result = { failures: [], errors: [], responses: [] };
  page.on("pageerror", (error) => result.errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") result.errors.push(message.text());
  });
  page.on("requestfailed", (request) => {
    result.failures.push(`${request.url()}: ${request.failure().errorText}`);
  });
  await observe(page, result.responses);
  await page.goto(url, { waitUntil: "networkidle" });
  result.title = await page.title();
  result.text = await page.innerText("body");
  result.fonts = await page.evaluate(() =>
    [...document.fonts].map((font) => `${font.family} ${font.status}`),
  );
  await page.close();
  return result;
}

// The browser's own record of what it fetched, and what it had.
async function observe(page, responses) {
  const session = await context.newCDPSession(page);
  const fromMemory = new Set();
  session.on("Network.requestServedFromCache", ({ requestId }) => fromMemory.add(requestId));
  session.on("Network.responseReceived", ({ requestId, type, response }) => {
    responses.push({
      url: response.url,
      status: response.status,
      kind: type.toLowerCase(),
      is_cached: response.fromDiskCache || response.fromPrefetchCache || fromMemory.has(requestId),
      cache_control: response.headers["cache-control"] ?? "",
    });
  });
  await session.send("Network.enable");
}
