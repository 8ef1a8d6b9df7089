// Opens a page in headless Chromium, and prints as JSON what happened.
//
//   node tests/browser.mjs PLAYWRIGHT_CORE URL
//
// Requests to other hosts are answered here, with nothing: a test needs no network.

import { createRequire } from "node:module";

const [playwright, url] = process.argv.slice(2);
const { chromium } = createRequire(import.meta.url)(playwright);

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"],
});
const page = await browser.newPage();
const { origin } = new URL(url);
const isOurs = (other) => new URL(other).origin === origin;

const result = { failures: [], errors: [], responses: [] };
page.on("pageerror", (error) => result.errors.push(String(error)));
page.on("console", (message) => {
  if (message.type() === "error") result.errors.push(message.text());
});
page.on("requestfailed", (request) => {
  if (isOurs(request.url())) result.failures.push(`${request.url()}: ${request.failure().errorText}`);
});
page.on("response", (response) => {
  if (!isOurs(response.url())) return;
  result.responses.push({
    path: new URL(response.url()).pathname,
    status: response.status(),
    kind: response.request().resourceType(),
    cache_control: response.headers()["cache-control"] ?? "",
  });
});

await page.route((other) => /^https?:$/.test(other.protocol) && !isOurs(other), (route) =>
  route.fulfill({ status: 200, headers: { "access-control-allow-origin": "*" }, body: "" }),
);
await page.goto(url, { waitUntil: "networkidle" });
result.title = await page.title();
await browser.close();
console.log(JSON.stringify(result));
