// Starts a demo in a throw-away folder and lets published clients log in to it, unmodified; then spoils one thing at a time.
// The person at the browser is a synthetic one with a software phone: the demo's door takes an authorization address and
// answers where the platform finally sends the browser.
//
// Ends with `N passed, N failed`. LIONROCK names the program, PYTHON an interpreter with requirements.txt installed.
import { spawn } from "node:child_process";
import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

const here = import.meta.dirname;
const root = resolve(here, "../..");
const program = resolve(process.env.LIONROCK ?? join(root, "target/debug/lionrock"));
const python = resolve(process.env.PYTHON ?? join(root, "target/test-python/bin/python"));

const folder = mkdtempSync(join(root, "target/strangers-"));
let passed = 0;
let failed = 0;
let server;
// Only the clients whose name holds this, when it is given.
const only = process.argv[2];

try {
  const services = declare();
  // Each of them meets a demo of its own: people that nobody registered, and rates that nobody used up.
  for (const [runner, file] of [
    [process.execPath, "openid_client.mjs"],
    [process.execPath, "wire.mjs"],
    [process.execPath, "driver.mjs"],
    [process.execPath, "openidconnect.mjs"],
    [process.execPath, "oidc_client_ts.mjs"],
    [python, "authlib_client.py"],
    [python, "pyhanko_csc.py"],
  ]) {
    if (only && !file.includes(only)) continue;
    const data = join(folder, file);
    const demo = await start(services.file, data);
    const setting = JSON.stringify({ ...demo, ...services, root: join(data, "authority/root.pem") });
    await client(runner, [file, setting], { NODE_EXTRA_CA_CERTS: demo.ca, SSL_CERT_FILE: demo.ca, REQUESTS_CA_BUNDLE: demo.ca });
    await stop();
  }
} catch (error) {
  failed += 1;
  console.log(`not ok - ${error.message}`);
} finally {
  await stop();
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

async function stop() {
  if (!server || server.exitCode !== null) return;
  const ended = new Promise((done) => server.once("exit", done));
  server.kill("SIGTERM");
  await ended;
}

// Three online services: keys and FAPI, keys and plain, a secret and plain. All are programs of this folder.
function declare() {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const kid = "stranger-1";
  const jwks = { keys: [{ ...publicKey.export({ format: "jwk" }), kid, alg: "ES256", use: "sig" }] };
  writeFileSync(join(folder, "stranger.jwks"), JSON.stringify(jwks));
  const secret = randomBytes(32).toString("base64url");
  const digest = createHash("sha256").update(secret).digest("hex");
  const entry = (id, lines, more = "") => `[[service]]
id = "${id}"
redirect_uris = ["https://stranger.example/cb", "http://127.0.0.1/cb"]
fields = [{ field = "english-name", essential = true }, ${more}{ field = "birth" }, { field = "sex" }, { field = "email" }]
${lines}
name = { en = "${id}", zh-Hant = "${id}", zh-Hans = "${id}" }
purpose = { en = "To see whether strangers can log in.", zh-Hant = "測試登入。", zh-Hans = "测试登录。" }
`;
  const file = join(folder, "services.toml");
  writeFileSync(
    file,
    [
      entry("stranger-fapi", 'jwks_file = "stranger.jwks"'),
      entry("stranger-keys", 'profile = "plain"\njwks_file = "stranger.jwks"'),
      entry("stranger-secret", `profile = "plain"\nsecret_sha256 = "${digest}"`),
      entry("stranger-public", 'profile = "plain"'),
      entry("stranger-csc", `profile = "plain"\nsecret_sha256 = "${digest}"\ncsc = true`, '{ field = "chinese-name", essential = true }, '),
    ].join("\n"),
  );
  return { file, secret, kid, key: privateKey.export({ format: "jwk" }), redirect: "https://stranger.example/cb" };
}

// The demo prints one line of JSON once it serves.
function start(services, data) {
  server = spawn(program, ["demo", "--data", data, "--port", "0", "--service-port", "0", "--services", services, "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
    cwd: root,
  });
  return new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new Error("the demo did not start within 240 s")), 240_000);
    server.once("exit", (code) => fail(new Error(`the demo ended with ${code} before it served`)));
    server.once("error", fail);
    createInterface({ input: server.stdout }).on("line", (line) => {
      if (!line.startsWith("{")) return;
      clearTimeout(timer);
      done(JSON.parse(line));
    });
  });
}

// Runs one client; each line `ok - …` or `not ok - …` it prints is a result.
function client(command, args, environment) {
  return new Promise((done) => {
    const name = args[0];
    const child = spawn(command, args, { cwd: here, env: { ...process.env, ...environment }, stdio: ["ignore", "pipe", "inherit"] });
    let results = 0;
    createInterface({ input: child.stdout }).on("line", (line) => {
      console.log(`${name}: ${line}`);
      if (line.startsWith("ok ")) passed += 1;
      if (line.startsWith("not ok ")) failed += 1;
      if (/^(not )?ok /.test(line)) results += 1;
    });
    child.once("error", (error) => console.log(`${name}: ${error.message}`));
    child.once("close", (code) => {
      if (code !== 0 || results === 0) {
        failed += 1;
        console.log(`not ok - ${name} ended with ${code} after ${results} results`);
      }
      done();
    });
  });
}
