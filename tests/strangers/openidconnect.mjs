// The demo online service itself: Rust's openidconnect, which the demo serves on its own port.
import { ok, strictEqual } from "node:assert";
import { check, setting, signIn } from "./lib.mjs";

// Starts a log-in at the service as a browser would; answers the address of the platform and the browser's cookie.
async function begin(path) {
  const response = await fetch(`${setting.service}${path}`, { redirect: "manual" });
  strictEqual(response.status, 303);
  return { url: response.headers.get("location"), cookie: response.headers.get("set-cookie").split(";")[0] };
}

const finish = (back, cookie) => fetch(back, { headers: { accept: "application/json", cookie } });

await check("logs in", async () => {
  const { url, cookie } = await begin("/login");
  const response = await finish(await signIn(url), cookie);
  strictEqual(response.status, 200, await response.clone().text());
  const person = await response.json();
  strictEqual(person.sub.length, 43);
  strictEqual(person.id_token.split(".").length, 3);
});

await check("receives what was released", async () => {
  const { url, cookie } = await begin("/login?share=profile");
  const person = await (await finish(await signIn(url), cookie)).json();
  ok(person.userinfo?.name, JSON.stringify(person));
});

await check("takes no answer that belongs to another browser", async () => {
  const mine = await begin("/login");
  const other = await begin("/login");
  strictEqual((await finish(await signIn(mine.url), other.cookie)).status, 403);
});

await check("takes no answer twice", async () => {
  const { url, cookie } = await begin("/login");
  const back = await signIn(url);
  strictEqual((await finish(back, cookie)).status, 200);
  strictEqual((await finish(back, cookie)).status, 403);
});
