// Builds the table of assets. Text from the manifest enters the page only
// through textContent and properties, never as markup.

// The order of the columns in index.html.
const CODINGS = ["identity", "gzip", "br", "zstd"];

const numbers = new Intl.NumberFormat("en");
const percents = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });

export const formatBytes = (bytes) => numbers.format(bytes);

/** Makes an element with properties and children; strings become text. */
function element(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

/** The bytes of one asset by content coding; a coding it lacks is undefined. */
function sizesOf(asset) {
  return Object.fromEntries(asset.representations.map(({ coding, bytes }) => [coding, bytes]));
}

const smallestOf = (sizes) => Math.min(...Object.values(sizes));

/** A cell with a size, which also says so in words where it is the smallest. */
function sizeCell(bytes, isSmallest) {
  const cell = element("td", { className: "number" });
  if (bytes === undefined) {
    cell.append("–");
  } else if (isSmallest) {
    const spoken = element("span", { className: "spoken" }, " (smallest)");
    cell.append(element("span", { className: "smallest" }, formatBytes(bytes), spoken));
  } else {
    cell.append(formatBytes(bytes));
  }
  return cell;
}

/** A cell with the share of the identity that the smallest saves. */
function savedCell(identity, smallest) {
  // An empty asset has nothing to save, and nothing to divide by.
  const saved = identity > 0 ? 1 - smallest / identity : 0;
  const cell = element("td", { className: "number saved" }, percents.format(saved));
  cell.style.setProperty("--saved", `${saved * 100}%`);
  return cell;
}

function assetRow(asset) {
  const sizes = sizesOf(asset);
  const smallest = smallestOf(sizes);
  // Of several equally small ones, the first in the order of columns is marked.
  const marked = CODINGS.find((coding) => sizes[coding] === smallest);
  const link = element("a", { href: asset.url }, asset.url);
  return element("tr", {},
    element("th", { scope: "row" }, asset.logical_path, link),
    element("td", {}, asset.media_type),
    ...CODINGS.map((coding) => sizeCell(sizes[coding], coding === marked)),
    savedCell(sizes.identity, smallest),
  );
}

function totalRow(assets) {
  const all = assets.map(sizesOf);
  const sum = (pick) => all.reduce((total, sizes) => total + pick(sizes), 0);
  // An asset that lacks a coding is sent under identity, so it counts as such.
  const totals = CODINGS.map((coding) => sum((sizes) => sizes[coding] ?? sizes.identity));
  return element("tr", {},
    element("th", { scope: "row" }, "Total"),
    element("td"),
    ...totals.map((total) => sizeCell(total, false)),
    savedCell(sum((sizes) => sizes.identity), sum(smallestOf)),
  );
}

/** Fills the body and the foot of `table` from the manifest's assets. */
export function fillTable(table, assets) {
  table.tBodies[0].replaceChildren(...assets.map(assetRow));
  table.tFoot.replaceChildren(totalRow(assets));
}
