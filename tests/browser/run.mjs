// The journeys in a real browser: Chromium, a virtual authenticator, a camera that shows a synthetic person.
//
//   npm ci && node run.mjs [journey …]
//
// LIONROCK   the program to test (default: the newest of target/release and target/debug)
// CHROMIUM   the browser (default: chromium on the path)
// SHOTS      where screenshots go (default: target/screenshots)
// DEMO       base address of a demo that runs already, with DEMO_JSON its line of addresses; otherwise one is started and stopped here
//
// Ends with "N passed, N failed"; the exit code is 1 when anything failed.

import { readdirSync } from "node:fs";
import { startDemo } from "./demo.mjs";
import { openBrowser } from "./browser.mjs";
import { Report } from "./report.mjs";

const folder = new URL("./journeys/", import.meta.url);
const names = readdirSync(folder).filter((file) => file.endsWith(".mjs")).sort();
const wanted = process.argv.slice(2);

const report = new Report();
const chosen = names.filter((file) => !wanted.length || wanted.some((name) => file.includes(name)));
const files = await Promise.all(chosen.map(async (file) => ({ file, ...(await import(new URL(file, folder))) })));
// What a journey that failed left behind is nobody else's business: files that register people, or change what others look at, say `own`.
await walk(files.filter(({ own }) => !own));
for (const file of files.filter(({ own }) => own)) await walk([file]);
process.exit(report.finish());

/** These files, one after the other, at a demo and a browser of their own. */
async function walk(files) {
  if (!files.length) return;
  const demo = await startDemo();
  const browser = await openBrowser(demo);
  try {
    for (const { journeys } of files) {
      for (const [name, journey] of Object.entries(journeys)) {
        await report.run(name, () => journey({ demo, browser, report }));
        await browser.closeVisitors();
      }
    }
  } finally {
    await browser.close();
    if (!(await demo.stop())) report.failed("the demo stops cleanly");
  }
}
