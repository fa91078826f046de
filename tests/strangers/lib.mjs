// What the clients of this folder share: results, and a person at a browser.
import { strictEqual } from "node:assert";

export const setting = JSON.parse(process.argv[2]);

// One result, as a line `ok - …` or `not ok - …`.
export async function check(name, work) {
  try {
    await work();
    console.log(`ok - ${name}`);
  } catch (error) {
    const why = error?.cause?.error ? `${error.message}: ${JSON.stringify(error.cause)}` : (error?.stack ?? error);
    console.log(`not ok - ${name}: ${String(why).replaceAll("\n", " | ")}`);
  }
}

// Somebody with a software phone goes through the pages; answers where the browser is sent in the end.
export async function signIn(url, person = setting.registered[0]) {
  const response = await fetch(`${setting.service}/phone/${person}/sign-in`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ url: url.href ?? url }),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`the phone could not sign in: ${answer.error}`);
  return new URL(answer.redirect);
}

// The work must be refused with this OAuth error.
export async function refused(error, work) {
  let said;
  try {
    await work();
  } catch (caught) {
    said = caught.error ?? caught.cause?.error ?? caught.cause?.parameters?.error ?? `${caught}`;
  }
  strictEqual(said, error);
}
