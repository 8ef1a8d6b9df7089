// Opens pages in headless Chromium as one visitor, one for each line of standard input, which is its path;
// prints a line of JSON for each visit.
//
//   node tests/returning.mjs PLAYWRIGHT_CORE URL

import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [playwright, url] = process.argv.slice(2);
const { chromium } = createRequire(import.meta.url)(playwright);

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"],
});
const context = await browser.newContext();
for await (const path of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await visit(new URL(path, url).href)));
}
await browser.close();

async function visit(url) {
  const page = await context.newPage();
  const exchanges = new Map();
  const exchange = (id) => exchanges.get(id) ?? exchanges.set(id, {}).get(id);
  const session = await context.newCDPSession(page);
  session.on("Network.requestWillBeSent", ({ requestId, request }) => {
    exchange(requestId).path = new URL(request.url).pathname;
  });
  session.on("Network.requestWillBeSentExtraInfo", ({ requestId, headers }) => {
    exchange(requestId).dictionary = field(headers, "available-dictionary");
  });
  session.on("Network.responseReceivedExtraInfo", ({ requestId, headers }) => {
    exchange(requestId).coding = field(headers, "content-encoding");
  });
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    exchange(requestId).bytes = encodedDataLength;
  });
  await session.send("Network.enable");
  await page.goto(url, { waitUntil: "networkidle" });
  const result = {
    text: await page.innerText("body"),
    colour: await page.evaluate(() => getComputedStyle(document.body).color),
    exchanges: [...exchanges.values()],
  };
  await page.close();
  return result;
}

function field(headers, name) {
  const found = Object.entries(headers).find(([key]) => key.toLowerCase() === name);
  return found?.[1] ?? "";
}
