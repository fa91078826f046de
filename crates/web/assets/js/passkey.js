// Passkey ceremonies. A form says what it wants:
//   data-passkey="create|get" data-options="/path" data-result="/path"   ask for options, do the ceremony, post the result, go to `next`
//   data-step-up="/path"                                                 first an assertion by /path/options and /path
// Options and results are in the JSON form of WebAuthn Level 3. What is said on the page comes from the form's <template data-words>.

const token = document.querySelector("meta[name=csrf]")?.content ?? "";

for (const form of document.querySelectorAll("form[data-passkey], form[data-step-up]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.dataset.busy) return;
    form.dataset.busy = "yes";
    const words = form.querySelector("template[data-words]").dataset;
    say(form, words.working);
    hideProblem();
    try {
      const next = form.dataset.passkey ? await ceremony(form, words) : await stepUp(form.dataset.stepUp, words);
      say(form, words.sending);
      if (form.dataset.passkey) location.assign(next);
      else form.submit();
      // What comes is a file: the page stays, and is ready again.
      if (form.dataset.stays) {
        say(form, form.dataset.stays);
        delete form.dataset.busy;
      }
    } catch (error) {
      say(form, "");
      showProblem(explain(error, words));
      delete form.dataset.busy;
    }
  });
}

// Coming back with the back button: a page kept as it was left is ready again.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-busy]")) {
    delete form.dataset.busy;
    say(form, "");
  }
});

async function ceremony(form, words) {
  const kind = form.dataset.passkey;
  ready();
  const wanted = fields(form);
  let options;
  try {
    options = await post(form.dataset.options, wanted);
  } catch (error) {
    if (!form.dataset.stepUp || !error.code?.includes("step-up")) throw error;
    await stepUp(form.dataset.stepUp, words);
    options = await post(form.dataset.options, wanted);
  }
  const credential = kind === "create" ? await create(options) : await get(options);
  say(form, words.sending);
  return (await post(form.dataset.result, credential)).next ?? "/";
}

async function stepUp(path) {
  ready();
  return post(path, await get(await post(`${path}/options`, {})));
}

function ready() {
  if (!window.isSecureContext) throw new Told("insecure");
  if (!window.PublicKeyCredential || !navigator.credentials) throw new Told("unsupported");
}

async function create(json) {
  const options = json.publicKey ?? json;
  const parse = PublicKeyCredential.parseCreationOptionsFromJSON;
  const publicKey = parse ? parse.call(PublicKeyCredential, options) : creationFromJSON(options);
  return toJSON(await navigator.credentials.create({ publicKey }));
}

async function get(json) {
  const options = json.publicKey ?? json;
  const parse = PublicKeyCredential.parseRequestOptionsFromJSON;
  const publicKey = parse ? parse.call(PublicKeyCredential, options) : requestFromJSON(options);
  return toJSON(await navigator.credentials.get({ publicKey }));
}

// Values of the form: a checkbox name becomes a list of what is ticked.
function fields(form) {
  const values = {};
  for (const box of form.querySelectorAll("input[type=checkbox]")) values[box.name] ??= [];
  for (const [name, value] of new FormData(form)) {
    if (name === "csrf") continue;
    if (Array.isArray(values[name])) values[name].push(value);
    else values[name] = value;
  }
  return values;
}

async function post(path, body) {
  let response;
  try {
    response = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json", "x-csrf-token": token },
      body: JSON.stringify(body),
      redirect: "error",
    });
  } catch {
    throw new Told("offline");
  }
  const text = await response.text();
  let answer = {};
  try {
    answer = text ? JSON.parse(text) : {};
  } catch {
    throw new Told("failed");
  }
  if (!response.ok) throw new Refused(answer);
  return answer;
}

// Something the page has its own words for.
class Told extends Error {
  constructor(word) {
    super(word);
    this.word = word;
  }
}

// Something the server says, in the language of the page.
class Refused extends Error {
  constructor(problem) {
    super(problem.detail ?? "");
    this.code = problem.code;
    this.trace = problem.trace;
  }
}

function explain(error, words) {
  if (error instanceof Refused) return error.message || words.failed;
  if (error instanceof Told) return words[error.word] ?? words.failed;
  switch (error?.name) {
    case "NotAllowedError":
    case "AbortError":
      return words.cancelled;
    case "InvalidStateError":
      return words.already;
    case "NotSupportedError":
    case "ConstraintError":
      return words.unsupported;
    case "SecurityError":
      return words.insecure;
    default:
      return words.failed;
  }
}

function say(form, text) {
  const line = form.querySelector(".working");
  if (line) line.textContent = text ?? "";
}

function showProblem(text) {
  const box = document.getElementById("problem");
  const line = document.createElement("p");
  line.textContent = text;
  box.replaceChildren(line);
  box.hidden = false;
  box.focus();
}

function hideProblem() {
  document.getElementById("problem").hidden = true;
}

// The JSON form for browsers that lack it (WebAuthn L3 sections 5.1.8 to 5.1.10).
function creationFromJSON(json) {
  return {
    ...json,
    challenge: bytes(json.challenge),
    user: { ...json.user, id: bytes(json.user.id) },
    excludeCredentials: (json.excludeCredentials ?? []).map(described),
  };
}

function requestFromJSON(json) {
  return { ...json, challenge: bytes(json.challenge), allowCredentials: (json.allowCredentials ?? []).map(described) };
}

function described(descriptor) {
  return { ...descriptor, id: bytes(descriptor.id) };
}

function toJSON(credential) {
  if (typeof credential.toJSON === "function") return credential.toJSON();
  const { response } = credential;
  const json = {
    id: credential.id,
    rawId: base64url(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
    clientExtensionResults: credential.getClientExtensionResults?.() ?? {},
    response: { clientDataJSON: base64url(response.clientDataJSON) },
  };
  if (response.attestationObject) {
    json.response.attestationObject = base64url(response.attestationObject);
    json.response.transports = response.getTransports?.() ?? [];
    const data = response.getAuthenticatorData?.();
    if (data) json.response.authenticatorData = base64url(data);
    const algorithm = response.getPublicKeyAlgorithm?.();
    if (algorithm !== undefined) json.response.publicKeyAlgorithm = algorithm;
    const key = response.getPublicKey?.();
    if (key) json.response.publicKey = base64url(key);
  } else {
    json.response.authenticatorData = base64url(response.authenticatorData);
    json.response.signature = base64url(response.signature);
    if (response.userHandle) json.response.userHandle = base64url(response.userHandle);
  }
  return json;
}

function bytes(text) {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (c) => c.charCodeAt(0));
}

function base64url(buffer) {
  let binary = "";
  for (const byte of new Uint8Array(buffer)) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
