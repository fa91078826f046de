// Durable storage for oidc-provider: better-sqlite3, WAL, synchronous=FULL.
//
// Writes of requests that are under way together share one commit, and nobody is answered before it: the same group commit the
// other side of the comparison has. One row an artefact, found by its id; sessions also by their uid.
import Database from "better-sqlite3";
import { Worker } from "node:worker_threads";

export function open(path) {
  const db = new Database(path);
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = FULL");
  db.pragma("wal_autocheckpoint = 4000");
  db.pragma("busy_timeout = 5000");
  db.pragma("cache_size = -65536");
  db.exec(`
    CREATE TABLE IF NOT EXISTS artefact (id TEXT PRIMARY KEY, payload TEXT NOT NULL, grant_id TEXT, uid TEXT, expires_at INTEGER) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS artefact_grant ON artefact (grant_id) WHERE grant_id IS NOT NULL;
    CREATE INDEX IF NOT EXISTS artefact_uid ON artefact (uid) WHERE uid IS NOT NULL;
    CREATE TABLE IF NOT EXISTS passkey (id TEXT PRIMARY KEY, account TEXT NOT NULL, public_key BLOB NOT NULL, counter INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS approval (account TEXT NOT NULL, client TEXT NOT NULL, grant_id TEXT NOT NULL, PRIMARY KEY (account, client)) WITHOUT ROWID;
  `);
  return db;
}

/** The statements that write. They run in the writing thread, by their names. */
export const WRITES = {
  put:
    "INSERT INTO artefact (id, payload, grant_id, uid, expires_at) VALUES (?, ?, ?, ?, ?) " +
    "ON CONFLICT (id) DO UPDATE SET payload = excluded.payload, grant_id = excluded.grant_id, uid = excluded.uid, expires_at = excluded.expires_at",
  remove: "DELETE FROM artefact WHERE id = ?",
  revoke: "DELETE FROM artefact WHERE grant_id = ?",
  consume: "UPDATE artefact SET payload = json_set(payload, '$.consumed', ?) WHERE id = ?",
  used: "UPDATE passkey SET counter = ? WHERE id = ? AND counter = ?",
  approve: "INSERT INTO approval (account, client, grant_id) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET grant_id = excluded.grant_id",
};

/**
 * A thread that writes, so that nothing else waits while a commit waits for the disk or for another process. What is asked for while
 * it commits goes into its next transaction together. `write(name, ...values)` answers the number of changed rows after the commit.
 */
export function writer(path) {
  const thread = new Worker(new URL("./writer.mjs", import.meta.url), { workerData: { path } });
  thread.on("error", (error) => {
    throw error;
  });
  let [waiting, committing] = [[], []];
  function send() {
    committing = waiting;
    waiting = [];
    thread.postMessage(committing.map(({ name, values }) => [name, values]));
  }
  thread.on("message", ({ changes, error }) => {
    const done = committing;
    committing = [];
    if (waiting.length > 0) send();
    done.forEach(({ resolve, reject }, place) => (error ? reject(new Error(error)) : resolve(changes[place])));
  });
  return (name, ...values) =>
    new Promise((resolve, reject) => {
      // After the requests that have arrived by now were looked at: they take the same commit.
      if (waiting.length === 0 && committing.length === 0) setImmediate(() => committing.length === 0 && waiting.length > 0 && send());
      waiting.push({ name, values, resolve, reject });
    });
}

/** The adapter class that oidc-provider wants: one object a kind of artefact. */
export function adapter(db, write) {
  const get = db.prepare("SELECT payload, expires_at FROM artefact WHERE id = ?");
  const byUid = db.prepare("SELECT payload, expires_at FROM artefact WHERE uid = ?");
  const now = () => Math.floor(Date.now() / 1000);
  const alive = (row) => (row && (row.expires_at === null || row.expires_at > now()) ? JSON.parse(row.payload) : undefined);
  // Kinds that are taken back together with their grant.
  const grantable = new Set(["AccessToken", "AuthorizationCode"]);

  return class {
    constructor(kind) {
      this.kind = kind;
    }
    key(id) {
      return `${this.kind}:${id}`;
    }
    async upsert(id, payload, expiresIn) {
      const grant = grantable.has(this.kind) ? (payload.grantId ?? null) : null;
      const uid = this.kind === "Session" ? (payload.uid ?? null) : null;
      const text = JSON.stringify(payload);
      await write("put", this.key(id), text, grant, uid, expiresIn ? now() + expiresIn : null);
    }
    async find(id) {
      return alive(get.get(this.key(id)));
    }
    async findByUid(uid) {
      return alive(byUid.get(uid));
    }
    async findByUserCode() {
      return undefined;
    }
    async consume(id) {
      await write("consume", now(), this.key(id));
    }
    async destroy(id) {
      await write("remove", this.key(id));
    }
    async revokeByGrantId(grantId) {
      await write("revoke", grantId);
    }
  };
}
