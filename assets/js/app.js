// This script fills in what only the running origin can tell: the manifest
// as a table, and the headers of one response. The rest of the page is static.

import { fillTable, formatBytes } from "./table.js";

// The bake writes the manifest beside index.html. fetch() resolves this
// against the page, so it also holds when the site lies under a prefix.
const MANIFEST_URL = "hardtack.json";

const byId = (id) => document.getElementById(id);

async function loadManifest() {
  const response = await fetch(MANIFEST_URL);
  if (response.status === 404) {
    return null;
  }
  if (!response.ok) {
    throw new Error(`the origin answered ${response.status}`);
  }
  return response.json();
}

async function showCargo() {
  const summary = byId("summary");
  try {
    const manifest = await loadManifest();
    if (manifest === null) {
      summary.textContent =
        "This site was baked without publish_manifest, so there is no list to show. " +
        "All else works as it should.";
      return;
    }
    const representations = manifest.assets.flatMap((asset) => asset.representations);
    const bytes = representations.reduce((sum, { bytes }) => sum + bytes, 0);
    fillTable(byId("cargo").querySelector("table"), manifest.assets);
    summary.textContent =
      `${manifest.assets.length} assets in ${representations.length} representations: ` +
      `${formatBytes(bytes)} bytes, all in memory.`;
    byId("cargo").hidden = false;
    byId("key").hidden = false;
  } catch (error) {
    summary.textContent = `The manifest could not be read: ${error.message}.`;
  }
}

async function showHeaders() {
  // The bake has put the hashed path into the page's own link, so the URL is
  // known without the manifest; and the browser's cache, which has just stored
  // the stylesheet, hands out the very headers that came with it.
  const url = document.querySelector("link[rel=stylesheet]").href;
  try {
    const response = await fetch(url);
    byId("request").textContent = `GET ${new URL(url).pathname} → ${response.status}`;
    for (const value of document.querySelectorAll("[data-header]")) {
      value.textContent = response.headers.get(value.dataset.header) ?? "(not sent)";
    }
  } catch (error) {
    byId("request").textContent = `The stylesheet could not be fetched again: ${error.message}.`;
  }
}

showCargo();
showHeaders();
