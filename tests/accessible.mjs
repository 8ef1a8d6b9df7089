// Looks at a page as a reader does who uses the keyboard or a screen reader, in headless Chromium, light and dark; prints a
// list in JSON of what such a reader would miss.
//
//   node tests/accessible.mjs PLAYWRIGHT_CORE URL

import { createRequire } from "node:module";

const [playwright, url] = process.argv.slice(2);
const { chromium } = createRequire(import.meta.url)(playwright);

const INTERACTIVE = ["link", "button", "textbox", "checkbox", "combobox"];
const LEAST_CONTRAST = 4.5; // WCAG 2.2 §1.4.3

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
const faults = [];
for (const colorScheme of ["light", "dark"]) {
  const page = await (await browser.newContext({ colorScheme })).newPage();
  await page.goto(url);
  faults.push(...(await tree(page)), ...(await keyboard(page)), ...(await page.evaluate(structure)));
  faults.push(...(await page.evaluate(contrast, LEAST_CONTRAST)).map((fault) => `${colorScheme}: ${fault}`));
}
await browser.close();
console.log(JSON.stringify([...new Set(faults)]));

/** The accessibility tree: whatever can be used, or is a picture or a table, has a name. */
async function tree(page) {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send("Accessibility.getFullAXTree");
  const found = [];
  for (const { ignored, role, name, properties = [] } of nodes) {
    const isFocusable = properties.some((property) => property.name === "focusable" && property.value.value);
    const kind = role?.value;
    if (ignored || kind === "RootWebArea") continue;
    const needsName = isFocusable || INTERACTIVE.includes(kind) || ["image", "graphics-document", "table"].includes(kind);
    if (needsName && !name?.value) found.push(`a ${kind} has no name`);
    if (INTERACTIVE.includes(kind) && !isFocusable) found.push(`the ${kind} ${name?.value} is not focusable`);
  }
  if (!nodes.some((node) => node.role?.value === "main")) found.push("there is no main landmark");
  return found;
}

/** The key Tab leads to all that can be focused, in the order of the page, and the focus can be seen. */
async function keyboard(page) {
  const count = await page.evaluate(() => {
    window.order = [...document.querySelectorAll("a[href], button, [tabindex='0']")];
    return window.order.length;
  });
  const found = [];
  for (let place = 0; place < count; place++) {
    await page.keyboard.press("Tab");
    const seen = await page.evaluate(() => {
      const element = document.activeElement;
      const shown = element.querySelector("rect") ?? element;
      const { outlineStyle, strokeWidth } = getComputedStyle(shown);
      const isMarked = outlineStyle !== "none" || parseFloat(strokeWidth) >= 3;
      return { place: window.order.indexOf(element), isMarked };
    });
    if (seen.place !== place) found.push(`Tab ${place + 1} leads to place ${seen.place}`);
    else if (!seen.isMarked) found.push(`the focus at place ${place} cannot be seen`);
  }
  return found;
}

/** Headings in order, tables with headers, a language and a title. */
function structure() {
  const found = [];
  if (!document.documentElement.lang || !document.title) found.push("there is no language or title");
  let last = 0;
  for (const heading of document.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
    const level = Number(heading.tagName[1]);
    if (level > last + 1 || (level === 1 && last > 0)) found.push(`${heading.tagName} follows H${last}`);
    last = level;
  }
  for (const table of document.querySelectorAll("table")) {
    const columns = [...table.querySelectorAll("thead th[scope=col]")];
    const named = columns.length && columns.every((column) => column.textContent.trim());
    const fits = [...table.querySelectorAll("tbody tr")].every((row) => row.cells.length === columns.length);
    if (!named || !fits) found.push(`the table ${table.getAttribute("aria-labelledby")} has no header for each column`);
    const rows = [...table.querySelectorAll("tbody tr")];
    if (!rows.every((row) => row.querySelector("th[scope=row]"))) {
      found.push(`the table ${table.getAttribute("aria-labelledby")} has rows without a header`);
    }
  }
  return found;
}

/** Texts with too little contrast (WCAG 2.2 §1.4.3) to what is behind them. */
function contrast(least) {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (text) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const linear = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const luminance = ([r, g, b]) => {
    const [red, green, blue] = [r, g, b].map((value) => linear(value / 255));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = (element) => {
    const box = element.closest("svg") && element.parentElement.querySelector("rect");
    if (box) return getComputedStyle(box).fill;
    for (let one = element; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if (rgba(colour)[3] > 0) return colour;
    }
    return getComputedStyle(document.documentElement).colorScheme.includes("dark") ? "black" : "white";
  };
  const found = new Set();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || element.closest("title, style, script")) continue;
    const { color, fill } = getComputedStyle(element);
    const [front, back] = [rgba(element.closest("svg") ? fill : color), rgba(behind(element))].map(luminance);
    const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    if (ratio < least) found.add(`<${element.tagName}> has a contrast of ${ratio.toFixed(1)}`);
  }
  return [...found];
}
