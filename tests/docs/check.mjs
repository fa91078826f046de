// The documents say what is true: links lead somewhere, commands exist with the options shown.
// Usage: node tests/docs/check.mjs   (the program is built before; LIONROCK names another one)
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const program = process.env.LIONROCK ?? ["release", "debug"].map((kind) => join(root, "target", kind, "lionrock")).find(existsSync);
const skipped = new Set(["target", "node_modules", ".git", "lionrock-data", "models"]);
let passed = 0;
const faults = [];

function judge(good, fault) {
  if (good) passed += 1;
  else faults.push(fault);
}

function* documents(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory() && !skipped.has(entry.name)) yield* documents(join(folder, entry.name));
    else if (entry.name.endsWith(".md")) yield join(folder, entry.name);
  }
}

// [words](path#part) with a path in this repository.
function links(file, text) {
  const plain = text.replace(/```[\s\S]*?```/g, "");
  for (const [, target] of plain.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(target) || target.startsWith("#")) continue;
    const path = join(dirname(file), target.split("#")[0]);
    judge(existsSync(path), `${relative(root, file)}: the link to ${target} leads nowhere`);
  }
}

// Lines of fenced blocks that call the program: `lionrock …` or `cargo run --release -- …`.
function* commands(text) {
  for (const [, block] of text.matchAll(/```(?:sh|sh run|console|bash|text)?\n([\s\S]*?)```/g)) {
    for (const line of block.replace(/\\\n/g, " ").split("\n")) {
      const call = line.replace(/^\$ /, "").replace(/\s+#.*$/, "").match(/^(?:\.\/)?(?:target\/release\/)?(?:lionrock|cargo run(?: --release)?(?: --no-default-features)? --)(?=\s|$)(.*)$/);
      if (call) yield call[1].split(/[|>&]/)[0].trim().split(/\s+/).filter(Boolean);
    }
  }
}

const helps = new Map();
function help(words) {
  const key = words.join(" ");
  if (!helps.has(key)) {
    try {
      helps.set(key, execFileSync(program, [...words, "--help"], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }));
    } catch {
      helps.set(key, null);
    }
  }
  return helps.get(key);
}

function command(file, words) {
  // The longest run of plain words that are commands: `verify log DIR` → `verify log`.
  let names = [];
  for (const word of words) {
    if (word.startsWith("-")) break;
    const listed = help(names)?.match(/Commands:\n([\s\S]*?)(?:\n\n|$)/)?.[1] ?? "";
    if (!new RegExp(`^ +${word}(\\s|$)`, "m").test(listed)) {
      judge(names.length > 0, `${relative(root, file)}: lionrock has no command ${word}`);
      break;
    }
    names.push(word);
  }
  const text = help(names);
  for (const option of words.filter((word) => word.startsWith("--")).map((word) => word.split("=")[0])) {
    judge(text?.includes(option), `${relative(root, file)}: lionrock ${names.join(" ")} has no option ${option}`);
  }
  judge(text !== null, `${relative(root, file)}: lionrock ${names.join(" ")} does not run`);
}

// Commands that another step of ./test executes, word for word.
const elsewhere = new Map([
  ["./test", "the run you are in"],
  ["cargo build --release --no-default-features", "step production"],
  ["cargo run --release -- demo", "steps build and walk"],
]);

// Every block of commands is executed: here, when it is marked ```sh run, or by the step named above.
function executed(file, text) {
  for (const [, kind, block] of text.matchAll(/```(sh|console|bash)\n([\s\S]*?)```/g)) {
    for (const line of block.split("\n").map((line) => line.replace(/^\$ /, "").trim()).filter(Boolean)) {
      judge(elsewhere.has(line), `${relative(root, file)}: nothing executes \`${line}\`: mark its block \`${kind} run\``);
    }
  }
}

/** A port that is free now. */
function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

// Blocks marked ```sh run: executed in order in one shell, all of a document in one empty folder with the program, its models and the
// configuration beside the document. What a block leaves running ends with the document. 8443 is another, free port here.
async function runs(file, text) {
  const blocks = [...text.matchAll(/```sh run\n([\s\S]*?)```/g)].map(([, block]) => block);
  if (blocks.length === 0) return;
  const folder = mkdtempSync(join(tmpdir(), "lionrock-docs-"));
  symlinkSync(join(root, "models"), join(folder, "models"));
  const port = String(await freePort());
  const here = (words) => words.replaceAll("8443", port);
  for (const beside of readdirSync(dirname(file)).filter((name) => name.endsWith(".toml"))) {
    writeFileSync(join(folder, beside), here(readFileSync(join(dirname(file), beside), "utf8")));
  }
  const env = { ...process.env, PATH: `${dirname(program)}${delimiter}${process.env.PATH}` };
  const script = ["trap 'kill $(jobs -p) 2>/dev/null || true; wait || true' EXIT", ...blocks.flatMap((block, index) => [`echo "block ${index}" >&3`, here(block)])].join("\n");
  const ended = spawnSync("bash", ["-euo", "pipefail", "-c", `exec 3>blocks\n${script}`], { cwd: folder, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], timeout: 300_000 });
  const reached = readFileSync(join(folder, "blocks"), "utf8").trim().split("\n").length;
  if (ended.status === 0) passed += blocks.length;
  else {
    passed += reached - 1;
    faults.push(`${relative(root, file)}: this block fails:\n${blocks[reached - 1]}${ended.stdout}${ended.stderr}`);
  }
  rmSync(folder, { recursive: true });
}

for (const file of documents(root)) {
  const text = readFileSync(file, "utf8");
  links(file, text);
  executed(file, text);
  if (program) await runs(file, text);
  for (const words of commands(text)) {
    if (program) command(file, words);
    else judge(false, `${relative(root, file)}: the program is not built, so its commands cannot be checked`);
  }
}
for (const wanted of ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/glossary.md"]) {
  judge(existsSync(join(root, wanted)), `${wanted} is missing`);
}

for (const fault of faults) console.log(fault);
console.log(`${passed} passed, ${faults.length} failed`);
process.exitCode = faults.length === 0 ? 0 : 1;
