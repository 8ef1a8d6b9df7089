// How large the same files would be, coded one by one by the usual programs.

import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import zlib from "node:zlib";

const gzip = promisify(zlib.gzip);
const brotli = promisify(zlib.brotliCompress);

/**
 * Bytes of the files, of their best representations in the bake, and of their best by `gzip -6` and `brotli -q 11`.
 * The last two are remembered in the folder `cache`: they take long.
 */
export async function sizes(folder, assets, cache) {
  const sum = { plain: 0, baked: 0, gzip: 0, brotli: 0 };
  await mkdir(cache, { recursive: true });
  for (const asset of assets) {
    const bytes = await readFile(path.join(folder, asset.logical_path));
    const coded = await remembered(bytes, cache);
    sum.plain += bytes.length;
    sum.baked += Math.min(...asset.representations.map((one) => one.bytes));
    sum.gzip += Math.min(bytes.length, coded.gzip);
    sum.brotli += Math.min(bytes.length, coded.brotli);
  }
  return sum;
}

async function remembered(bytes, cache) {
  const file = path.join(cache, `${createHash("sha256").update(bytes).digest("hex")}.json`);
  const known = await readFile(file, "utf8").catch(() => undefined);
  if (known) return JSON.parse(known);
  const [gzipped, brotlied] = await Promise.all([
    gzip(bytes, { level: 6 }),
    brotli(bytes, { params: { [zlib.constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }),
  ]);
  const coded = { gzip: gzipped.length, brotli: brotlied.length };
  await writeFile(file, JSON.stringify(coded));
  return coded;
}
