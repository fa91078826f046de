// The writing thread of store.mjs: a list of statements in, one commit, the numbers of changed rows out.
import { parentPort, workerData } from "node:worker_threads";
import { open, WRITES } from "./store.mjs";

const db = open(workerData.path);
const statements = Object.fromEntries(Object.entries(WRITES).map(([name, sql]) => [name, db.prepare(sql)]));
const all = db.transaction((list) => list.map(([name, values]) => statements[name].run(...values).changes)).immediate;

parentPort.on("message", (list) => {
  try {
    parentPort.postMessage({ changes: all(list) });
  } catch (error) {
    parentPort.postMessage({ error: String(error) });
  }
});
