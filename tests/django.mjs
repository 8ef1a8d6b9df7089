// Goes through the site of examples/django in headless Chromium, as one visitor. After each of three
// parts it prints a line of JSON.
//
//   node tests/django.mjs PLAYWRIGHT_CORE ORIGIN NAME PASSWORD UPLOAD
//
// 1. All pages: the admin, a form with an upload, a page with events.
// 2. The home page and the admin again and again, until there is a line on standard input.
// 3. The home page and the admin, until the home page has another style sheet.
//
// All hosts are this machine.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [playwright, origin, name, password, upload] = process.argv.slice(2);
const { chromium } = createRequire(import.meta.url)(playwright);
const line = new Promise((resolve) => createInterface({ input: process.stdin }).once("line", resolve));

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking",
    "--host-resolver-rules=MAP * 127.0.0.1",
  ],
});
const context = await browser.newContext({ baseURL: origin });
context.setDefaultTimeout(60_000);

let seen;
const page = await observed();
const watch = await observed();

await part(everything);
let isDeployed = false;
line.then(() => { isDeployed = true; });
let oldSheet;
await part(() => visits(() => isDeployed));
await part(() => visits((sheet) => sheet !== oldSheet));
await browser.close();

// Does a part, and prints what it returns beside what the browser noticed meanwhile.
async function part(action) {
  seen = { failures: [], errors: [], responses: [] };
  const result = await action();
  console.log(JSON.stringify({ ...seen, ...result }));
}

async function everything() {
  await page.goto("/admin/");
  await page.fill("#id_username", name);
  await page.fill("#id_password", password);
  await page.click("[type=submit]");
  const user = await page.innerText("#user-tools strong");
  for (const path of ["/admin/galley/recipe/add/", "/admin/auth/user/1/change/"]) {
    await page.goto(path, { waitUntil: "networkidle" });
  }

  await page.goto("/");
  await page.fill("#id_name", "Hardtack");
  await page.setInputFiles("#id_page", upload);
  await page.click("button");
  const link = page.getByRole("link", { name: "Hardtack" });
  const scan = await page.evaluate(async (url) => {
    const response = await fetch(url);
    const text = await response.text();
    return { text, disposition: response.headers.get("content-disposition") };
  }, await link.getAttribute("href"));

  await watch.goto("/watch/");
  return { user, scan, times: [await tick(), await tick()], bells: await watch.innerText("#bells") };
}

// Loads the admin and the home page until the style sheet of one is the last. The events go on in the other page.
async function visits(isLast) {
  const all = [];
  do {
    await page.goto("/admin/");
    await page.goto("/");
    all.push(await page.evaluate(() => ({
      sheet: document.querySelector("[rel=stylesheet]").href,
      colour: getComputedStyle(document.body).backgroundColor,
    })));
    oldSheet ??= all[0].sheet;
  } while (!isLast(all.at(-1).sheet));
  return { visits: all, times: [await tick(), await tick()] };
}

// The next time that the events bring.
async function tick() {
  const last = await watch.innerText("time");
  await watch.waitForFunction((last) => document.querySelector("time").textContent !== last, last);
  return watch.innerText("time");
}

async function observed() {
  const page = await context.newPage();
  page.on("pageerror", (error) => seen.errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") seen.errors.push(message.text());
  });
  page.on("requestfailed", (request) => {
    seen.failures.push(`${request.url()}: ${request.failure().errorText}`);
  });
  page.on("response", (response) => {
    seen.responses.push({
      url: response.url(),
      status: response.status(),
      kind: response.request().resourceType(),
      cache_control: response.headers()["cache-control"] ?? "",
      coding: response.headers()["content-encoding"] ?? "",
    });
  });
  return page;
}
