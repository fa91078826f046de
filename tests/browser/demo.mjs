// Starts `lionrock demo` on free ports over a throw-away folder, or uses one that runs.

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The program to test. */
export function program() {
  if (process.env.LIONROCK) return process.env.LIONROCK;
  const built = ["release", "debug"].map((kind) => join(root, "target", kind, "lionrock")).filter(existsSync);
  if (!built.length) throw new Error("build the program first: cargo build --release");
  return built.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
}

/** A running demo: `issuer`, `service`, `data`, `ca`, `camera` (people to register), `registered`. */
export async function startDemo() {
  if (process.env.DEMO_JSON) return new Demo(JSON.parse(process.env.DEMO_JSON), null, null);
  const data = mkdtempSync(join(tmpdir(), "lionrock-browser-"));
  const arguments_ = ["demo", "--data", data, "--port", "0", "--service-port", "0", "--json", "--requests-per-second", "1000"];
  const child = spawn(program(), arguments_, { cwd: root, stdio: ["ignore", "pipe", process.env.VERBOSE ? "inherit" : "ignore"] });
  const said = await new Promise((resolve, reject) => {
    const lines = createInterface({ input: child.stdout });
    lines.on("line", (line) => line.startsWith("{") && resolve(line));
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`the demo ended with ${code} before it served`)));
    setTimeout(() => reject(new Error("the demo did not serve within 120 s")), 120_000).unref();
  });
  return new Demo(JSON.parse(said), child, data);
}

class Demo {
  #child;
  #own;

  constructor(addresses, child, own) {
    Object.assign(this, addresses);
    this.#child = child;
    this.#own = own;
  }

  /** The process, when it was started here. */
  get pid() {
    return this.#child?.pid;
  }

  /** Files of a synthetic person, by name. */
  files(slug) {
    const folder = join(this.data, "people", slug);
    return Object.fromEntries(readdirSync(folder).map((name) => [name, join(folder, name)]));
  }

  /** Asks the program to stop and waits; true when it ended with 0. */
  async stop() {
    const child = this.#child;
    if (!child) return true;
    const ended = new Promise((resolve) => child.once("exit", (code) => resolve(code === 0)));
    child.kill("SIGTERM");
    const killed = setTimeout(() => child.kill("SIGKILL"), 20_000);
    const clean = await ended;
    clearTimeout(killed);
    if (this.#own && !process.env.KEEP) rmSync(this.#own, { recursive: true, force: true });
    return clean;
  }
}
