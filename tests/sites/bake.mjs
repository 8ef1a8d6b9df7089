// Bakes a folder, and serves it.

import { execFile, spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * Packs a folder with the defaults, or what `config` sets. `problem` says why that did not do; the site is then baked
 * with missing references allowed.
 */
export async function bake({ hardtack, folder, binary, cache, config = "" }) {
  const pack = async (settings) => {
    await writeFile(`${binary}.toml`, settings);
    const environment = { ...clean(), HARDTACK_CONFIG: `${binary}.toml` };
    const command = ["pack", folder, "-o", binary, "--cache", cache];
    return run(hardtack, command, { env: environment, maxBuffer: 1 << 28 });
  };
  const started = Date.now();
  let problem;
  let output = await pack(config).catch((error) => {
    problem = error.stderr || `${error} ${error.signal ?? ""}`;
  });
  output ??= await pack(`${config}\nmissing = "warn"\n`);
  const milliseconds = Date.now() - started;
  const listed = await run(binary, ["list", "--json"], { env: clean(), maxBuffer: 1 << 28 });
  return { problem, milliseconds, said: output.stderr, assets: JSON.parse(listed.stdout) };
}

// None of the settings that the environment may hold.
function clean() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("HARDTACK")));
}

/** Runs a packed site; `address` is where it listens. */
export async function serve(binary) {
  const server = spawn(binary, ["--listen", "127.0.0.1:0"], { env: clean(), stdio: ["ignore", "pipe", "pipe"] });
  const lines = [];
  const address = await new Promise((resolve, reject) => {
    const read = (line) => {
      lines.push(line);
      const found = /listening.*?(127\.0\.0\.1:\d+)/.exec(line);
      if (found) resolve(found[1]);
    };
    createInterface({ input: server.stdout }).on("line", read);
    createInterface({ input: server.stderr }).on("line", read);
    server.on("exit", () => reject(new Error(`the server ended: ${lines.join("\n")}`)));
  });
  return { address, stop: () => server.kill() };
}
