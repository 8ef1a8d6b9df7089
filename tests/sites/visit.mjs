// A visitor: opens a site, comes again, and does what the site's steps say.

/**
 * Returns a snapshot after each step, and what the browser complained of.
 *
 * The first steps are the same everywhere: the page is opened and reloaded, and with a service worker reloaded without
 * a network too.
 */
export async function visit(browser, origin, site) {
  const context = await browser.newContext({ reducedMotion: "reduce", viewport: { width: 1280, height: 1600 } });
  await context.addInitScript(rememberViolations);
  const page = await context.newPage();
  const seen = { snapshots: [], complaints: [], firstVisit: 0 };
  listen(page, seen.complaints);
  const steps = [`open ${site.start ?? "/"}`, "reload", ...(site.worker ? ["offline"] : []), ...(site.steps ?? [])];
  for (const [index, step] of steps.entries()) {
    const problem = await take(step, page, origin, site).then(() => undefined, firstLine);
    const snapshot = await settled(page, origin, site);
    seen.snapshots.push({ step, problem, ...snapshot });
    if (problem) break; // the steps that follow begin where this one ends
    if (index === 0) seen.firstVisit = origin.records.length;
    if (index === 0 && site.worker) await workerIsActive(page, origin);
  }
  await context.close();
  return seen;
}

const TIMEOUT = { timeout: 8_000 };

async function take(step, page, origin, site) {
  const [, verb, rest] = /^(\S+)\s*(.*)$/.exec(step);
  const actions = {
    open: () => page.goto(origin.url + rest, { waitUntil: "load" }),
    reload: () => page.reload({ waitUntil: "load" }),
    back: () => page.goBack({ waitUntil: "load" }),
    click: () => locate(page, rest, site).click(TIMEOUT),
    see: () => locate(page, rest, site).waitFor(TIMEOUT),
    key: () => page.keyboard.press(rest),
    type: () => page.keyboard.type(rest),
    offline: async () => {
      origin.offline();
      await page.reload({ waitUntil: "load" }).finally(() => origin.online());
    },
  };
  await actions[verb]();
}

function locate(page, selector, site) {
  return (site.frame ? page.frameLocator(site.frame) : page).locator(selector).first();
}

async function workerIsActive(page, origin) {
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined), undefined).catch(() => undefined);
  await origin.quiet(1_500, 60_000);
}

function listen(page, complaints) {
  page.on("pageerror", (error) => complaints.push(`exception: ${error}`));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(`console: ${message.text()}`);
  });
}

// Two snapshots that are alike: nothing moves any more.
async function settled(page, origin, { calm = 150 }) {
  let last;
  for (let round = 0; round < 12; round += 1) {
    await origin.quiet();
    const next = await snapshot(page);
    if (last !== undefined && JSON.stringify(last) === JSON.stringify(next)) return next;
    last = next;
    await page.waitForTimeout(calm);
  }
  return last;
}

async function snapshot(page) {
  const frames = await Promise.all(page.frames().map((frame) => frame.evaluate(look).catch(() => undefined)));
  const all = (key) => frames.filter(Boolean).flatMap((frame) => frame[key]);
  return {
    title: await page.title().catch(firstLine),
    text: all("text").join("\n"),
    elements: all("elements"),
    images: all("images"),
    fonts: all("fonts"),
    violations: all("violations"),
  };
}

// Runs in the page.
function look() {
  const STYLES = ["display", "position", "color", "backgroundColor", "fontFamily", "fontSize", "fontWeight", "margin",
    "padding", "border", "opacity", "visibility", "transform"];
  const isThere = (image) => image !== "none" && image.includes("url(");
  const painted = (element, pseudo) => {
    const style = getComputedStyle(element, pseudo);
    return `${pseudo ?? ""} ${isThere(style.backgroundImage)} ${isThere(style.maskImage)} ${pseudo ? style.content.replace(/url\(.*?\)/g, "url()") : ""}`;
  };
  const described = (element) => {
    const style = getComputedStyle(element);
    const { width, height } = element.getBoundingClientRect();
    const of = STYLES.map((name) => style[name]).join("; ");
    return `${element.localName} ${Math.round(width)}x${Math.round(height)}; ${of}; ${[undefined, "::before", "::after"].map((one) => painted(element, one)).join(";")}`;
  };
  const elements = [...(document.body?.querySelectorAll("*") ?? [])];
  const stride = Math.max(1, Math.floor(elements.length / 400));
  return {
    text: document.body?.innerText ?? "",
    elements: elements.filter((_, index) => index % stride === 0).map(described),
    images: [...document.images].map((image) => `${image.naturalWidth}x${image.naturalHeight}`),
    // Whether one is loaded yet depends on what was painted first; boxes show whether it is used.
    fonts: [...document.fonts].map((font) => `${font.family} ${font.weight} ${font.status === "error" ? "failed" : ""}`).sort(),
    violations: window.__violations ?? [],
  };
}

// Runs in each page before anything else.
function rememberViolations() {
  window.__violations = [];
  addEventListener("securitypolicyviolation", (event) =>
    window.__violations.push(`${event.effectiveDirective} ${event.disposition}`),
  );
}

const firstLine = (error) => String(error).split("\n")[0];
