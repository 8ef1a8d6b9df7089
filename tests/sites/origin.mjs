// One origin, behind which there is a folder or a baked site, and which remembers what it was asked.
//
// Both are seen through the same server at the same address, so that nothing but the answers can differ.

import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import http from "node:http";
import path from "node:path";
import zlib from "node:zlib";

export class Origin {
  #server = http.createServer((request, response) => this.#answer(request, response));
  #open = 0;
  #lastActivity = Date.now();
  #isOffline = false;
  records = [];
  handler = undefined;

  async start() {
    await new Promise((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    this.url = `http://127.0.0.1:${this.#server.address().port}`;
    return this;
  }

  stop() {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** Another handler, and nothing remembered. */
  become(handler) {
    this.handler = handler;
    this.records = [];
    this.online();
  }

  /** As if the network were gone: every connection is cut. */
  offline() {
    this.#isOffline = true;
    this.#server.closeAllConnections();
  }

  online() {
    this.#isOffline = false;
  }

  /** Resolves when nothing has been asked for a while. */
  async quiet(milliseconds = 400, patience = 15_000) {
    const deadline = Date.now() + patience;
    while (Date.now() < deadline) {
      const rest = this.#lastActivity + milliseconds - Date.now();
      if (this.#open === 0 && rest <= 0) return;
      await new Promise((resolve) => setTimeout(resolve, Math.max(rest, 20)));
    }
  }

  #noIcon(record, response) {
    this.records = this.records.filter((one) => one !== record);
    response.writeHead(204).end();
  }

  async #answer(request, response) {
    if (this.#isOffline) return request.socket.destroy();
    const record = { url: request.url, method: request.method, destination: request.headers["sec-fetch-dest"] ?? "" };
    this.records.push(record);
    this.#open += 1;
    this.#lastActivity = Date.now();
    response.on("close", () => {
      this.#open -= 1;
      this.#lastActivity = Date.now();
    });
    try {
      const answer = await this.handler(request);
      if (answer.status === 404 && request.url === GUESSED) return this.#noIcon(record, response);
      record.status = answer.status;
      record.media_type = answer.headers["content-type"] ?? "";
      record.cache_control = answer.headers["cache-control"] ?? "";
      if (answer.status === 200) record.digest = digest(answer);
      response.writeHead(answer.status, answer.headers).end(answer.body);
    } catch (error) {
      record.status = 500;
      response.writeHead(500).end(String(error));
    }
  }
}

// A browser looks for an icon that nobody named, once in its life: that it is not there is no failure of either site.
const GUESSED = "/favicon.ico";

function digest({ headers, body }) {
  const decoders = { gzip: zlib.gunzipSync, br: zlib.brotliDecompressSync, zstd: zlib.zstdDecompressSync };
  const decode = decoders[headers["content-encoding"]];
  if (body.length === 0) return undefined;
  return createHash("sha256").update(decode ? decode(body) : body).digest("base64");
}

/** Everything that `address` answers, as it is. */
export function baked(address) {
  return (request) =>
    new Promise((resolve, reject) => {
      const { method, url, headers } = request;
      // A coding that `digest` cannot decode in an older Node.js is not asked for.
      const codings = zlib.zstdDecompressSync ? headers["accept-encoding"] : "gzip, br";
      const [host, port] = address.split(":");
      const asked = http.request({ host, port, method, path: url, headers: { ...headers, "accept-encoding": codings } });
      asked.on("error", reject);
      asked.on("response", async (answer) => {
        const chunks = [];
        for await (const chunk of answer) chunks.push(chunk);
        const kept = Object.entries(answer.headers).filter(([name]) => !HOP_BY_HOP.has(name));
        resolve({ status: answer.statusCode, headers: Object.fromEntries(kept), body: Buffer.concat(chunks) });
      });
      request.pipe(asked);
    });
}

const HOP_BY_HOP = new Set(["connection", "keep-alive", "transfer-encoding"]);

/**
 * A folder as any plain server has it: index.html for folders, 404.html for nothing.
 *
 * With `cleanUrls` also `about.html` for `/about`, which some tools ask of their host.
 */
export function plain(folder, { cleanUrls = false } = {}) {
  return async (request) => {
    const { pathname, search } = new URL(request.url, "http://folder");
    const name = decodeURIComponent(pathname);
    const found = await fileOf(folder, name, cleanUrls);
    if (found === "folder") return { status: 301, headers: { location: `${pathname}/${search}` }, body: Buffer.alloc(0) };
    if (found) return fileAnswer(found, request);
    const page = await readFile(path.join(folder, "404.html")).catch(() => Buffer.from("404 Not Found\n"));
    return { status: 404, headers: { "content-type": "text/html; charset=utf-8" }, body: page };
  };
}

async function fileOf(folder, name, cleanUrls) {
  const file = path.join(folder, name);
  if (file !== folder && !file.startsWith(folder + path.sep)) return undefined;
  const isFile = async (one) => (await stat(one).catch(() => undefined))?.isFile();
  if (name.endsWith("/")) return (await isFile(path.join(file, "index.html"))) ? path.join(file, "index.html") : undefined;
  if (await isFile(file)) return file;
  if (cleanUrls && (await isFile(`${file}.html`))) return `${file}.html`;
  return (await isFile(path.join(file, "index.html"))) ? "folder" : undefined;
}

async function fileAnswer(file, request) {
  const body = await readFile(file);
  const tag = `"${createHash("sha256").update(body).digest("hex").slice(0, 16)}"`;
  const headers = { "content-type": MEDIA_TYPES[path.extname(file).toLowerCase()] ?? "application/octet-stream", etag: tag };
  if (request.headers["if-none-match"] === tag) return { status: 304, headers, body: Buffer.alloc(0) };
  return { status: 200, headers, body };
}

const MEDIA_TYPES = {
  ".avif": "image/avif",
  ".bcmap": "application/octet-stream",
  ".css": "text/css; charset=utf-8",
  ".gif": "image/gif",
  ".htm": "text/html; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".jpeg": "image/jpeg",
  ".jpg": "image/jpeg",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".pdf": "application/pdf",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".ttf": "font/ttf",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
  ".webp": "image/webp",
  ".woff": "font/woff",
  ".woff2": "font/woff2",
  ".xml": "text/xml; charset=utf-8",
};
