// Card and face in one document. Pictures live in `held` and nowhere else: no storage, no cache, no history; they leave this page sealed
// to the one program that may look at them, and are forgotten when it has them or the page is left.

import { available, fromBase64url, seal } from "./seal.js";

const root = document.getElementById("capture");
const words = document.getElementById("capture-words").dataset;
const token = document.querySelector("meta[name=csrf]")?.content ?? "";
const largest = Number(root.dataset.largest);
const main = document.getElementById("continue");
const at = (id) => document.getElementById(id);
const camel = (word) => word.replace(/-(.)/g, (_, letter) => letter.toUpperCase());

// Rhythm of the face step, in milliseconds: time to read and move, then pictures at an even pace.
const SETTLE = 1600;
const REACT = 1300;
const PACE = 450;
const PICTURES = 3;
// Longest side of a picture that is sent, and of a frame of the face.
const SIDE = 4096;
const FRAME_SIDE = 1280;
// Waits between tries after a lost connection.
const WAITS = [500, 1000, 2000, 4000, 8000];

const held = { card: null, faces: [], challenge: null };
let camera = null;
let step = "card";

start();

async function start() {
  // Pictures never survive a reload, so the face step always begins with the card.
  if (root.dataset.first === "face") history.replaceState(null, "", "/register/card");
  if (!(await available())) {
    say("card-status", words.noSeal);
    for (const control of root.querySelectorAll("button, input")) control.disabled = true;
    return;
  }
  at("card-camera").addEventListener("click", openCardCamera);
  at("card-shoot").addEventListener("click", shootCard);
  at("card-retake").addEventListener("click", openCardCamera);
  // A kiosk takes pictures with its camera only: there is no place for files.
  at("card-file")?.addEventListener("change", chooseCard);
  at("face-begin").addEventListener("click", followMovements);
  at("face-retake").addEventListener("click", followMovements);
  at("face-files")?.addEventListener("click", nameMovements);
  at("face-files")?.addEventListener("change", chooseFaces);
  main.addEventListener("click", goOn);
  addEventListener("popstate", () => show(location.pathname.endsWith("/face") && held.card ? "face" : "card"));
  addEventListener("pagehide", closeCamera);
  // A page kept by the browser for the back button asks the server anew where the registration stands.
  addEventListener("pageshow", (event) => event.persisted && location.reload());
}

// --- the two steps

function show(name) {
  closeCamera();
  step = name;
  at("card-step").hidden = name !== "card";
  at("face-step").hidden = name !== "face";
  main.textContent = main.dataset[name];
  const title = name === "card" ? words.titleCard : words.titleFace;
  document.title = document.title.replace(/^.* – /, `${title} – `);
  ready();
  at(`${name}-heading`).focus();
}

function ready() {
  main.disabled = step === "card" ? !held.card : held.faces.length === 0;
}

async function goOn() {
  if (step === "card") {
    history.pushState(null, "", "/register/face");
    return show("face");
  }
  main.disabled = true;
  at("upload").hidden = false;
  try {
    const next = await send();
    forget();
    location.assign(next);
  } catch (error) {
    at("upload").hidden = true;
    // Movements that are too old, or a program that has ended: the card stays, the face is taken again.
    if (error.status === 410 || error.status === 409) {
      held.faces = [];
      held.challenge = null;
    }
    if (error.status === 410 && error.code === "registration-over") return location.assign("/register");
    if (error.status === 409) return location.assign("/register/next");
    say("face-status", error.shown ?? words.lost);
    ready();
  }
}

function forget() {
  held.card = null;
  held.faces = [];
  held.challenge = null;
  at("card-preview").removeAttribute("src");
}

// --- the card

async function openCardCamera() {
  const video = at("card-video");
  const wanted = { facingMode: { ideal: "environment" }, width: { ideal: 2560 }, height: { ideal: 1920 } };
  if (!(await openCamera(video, wanted, "card-status"))) return;
  held.card = null;
  preview(null);
  at("card-shoot").hidden = false;
  at("card-retake").hidden = true;
  at("card-camera").hidden = true;
  say("card-status", "");
  ready();
}

async function shootCard() {
  const picture = await frame(at("card-video"), SIDE);
  closeCamera();
  at("card-shoot").hidden = true;
  at("card-retake").hidden = false;
  takeCard(picture);
}

async function chooseCard(event) {
  const [file] = event.target.files;
  event.target.value = "";
  if (!file) return;
  closeCamera();
  const picture = await accept(file, "card-status");
  if (picture) takeCard(picture);
}

function takeCard(picture) {
  held.card = picture;
  preview(picture);
  say("card-status", words.cardReady);
  ready();
}

function preview(picture) {
  const image = at("card-preview");
  if (image.src) URL.revokeObjectURL(image.src);
  image.hidden = !picture;
  if (picture) image.src = URL.createObjectURL(picture);
  else image.removeAttribute("src");
}

// --- the face

async function followMovements() {
  held.faces = [];
  ready();
  const video = at("face-video");
  const wanted = { facingMode: { ideal: "user" }, width: { ideal: 1280 }, height: { ideal: 960 } };
  if (!(await openCamera(video, wanted, "face-status"))) return;
  at("face-begin").hidden = true;
  at("face-retake").hidden = true;
  try {
    const actions = await ask();
    const began = performance.now();
    const taken = [];
    const take = async (action) => {
      const picture = await frame(video, FRAME_SIDE);
      taken.push({ action, at: Math.round(performance.now() - began), picture });
    };
    progress(0, actions.length);
    say("face-instruction", words.lookStraight);
    await pause(SETTLE);
    await take(null);
    for (const [index, action] of actions.entries()) {
      const count = words.stepOf.replace("%", String(index + 1)).replace("%", String(actions.length));
      say("face-instruction", `${words[camel(action)]} (${count})`);
      await pause(REACT);
      for (let picture = 0; picture < PICTURES; picture += 1) {
        await take(action);
        await pause(PACE);
      }
      progress(index + 1, actions.length);
    }
    held.faces = taken;
    say("face-instruction", "");
    say("face-status", words.faceDone);
  } catch (error) {
    say("face-instruction", "");
    say("face-status", error.shown ?? words.lost);
    if (error.status === 410 || error.status === 409) return location.assign("/register/next");
  } finally {
    closeCamera();
    at("face-retake").hidden = false;
    ready();
  }
}

// Without a camera: the movements are named first, then as many pictures are chosen.
async function nameMovements(event) {
  if (current()) return;
  event.preventDefault();
  try {
    tellOrder(await ask());
  } catch (error) {
    return say("face-status", error.shown ?? words.lost);
  }
  event.target.click();
}

function tellOrder(actions) {
  say("face-instruction", [words.lookStraight, ...actions.map((action) => words[camel(action)])].join(" → "));
}

async function chooseFaces(event) {
  const files = [...event.target.files];
  event.target.value = "";
  if (files.length === 0) return;
  try {
    const actions = current()?.actions ?? (await ask());
    tellOrder(actions);
    const each = (files.length - 1) / actions.length;
    if (!Number.isInteger(each) || each < 1) return say("face-status", words.wrongCount);
    const taken = [];
    for (const [index, file] of files.entries()) {
      const picture = await accept(file, "face-status", FRAME_SIDE);
      if (!picture) return;
      const action = index === 0 ? null : actions[Math.floor((index - 1) / each)];
      taken.push({ action, at: index * 500, picture });
    }
    held.faces = taken;
    say("face-status", words.faceDone);
  } catch (error) {
    say("face-status", error.shown ?? words.lost);
  } finally {
    ready();
  }
}

// The movements the server asks for; they count for a minute and a half.
async function ask() {
  const asked = await request("POST", "/register/challenge", "{}", "application/json");
  // The page's clock may be wrong, so the time left is counted from here.
  held.challenge = { id: asked.challenge_id, actions: asked.actions, until: performance.now() + 75_000 };
  return asked.actions;
}

function current() {
  return held.challenge && performance.now() < held.challenge.until ? held.challenge : null;
}

// --- sealing and sending

async function send() {
  const parts = [
    { name: "card", at: 0, action: null, picture: held.card },
    ...held.faces.map((face, index) => ({ name: `face-${index}`, ...face })),
  ];
  const bar = at("upload-progress");
  bar.max = parts.length + 1;
  bar.value = 0;
  const custody = await open();
  const key = fromBase64url(custody.seal_key);
  const info = fromBase64url(custody.info);
  for (const part of parts) {
    say("upload-status", words.sealing);
    const action = part.action ?? "none";
    const bound = new TextEncoder().encode(`${custody.custody}/${part.name}/${part.at}/${action}`);
    const plain = new Uint8Array(await part.picture.arrayBuffer());
    const sealed = await seal(key, info, bound, plain);
    plain.fill(0);
    say("upload-status", words.sending);
    await again(() => request("PUT", `/register/pictures/${part.name}?at=${part.at}&action=${action}`, sealed, "application/octet-stream"));
    bar.value += 1;
  }
  const judged = await again(() => request("POST", "/register/judge", "{}", "application/json"));
  bar.value += 1;
  return judged.next ?? "/register/judging";
}

// A place for the pictures. When all are taken the server says when to come again.
function open() {
  const body = JSON.stringify({ challenge_id: held.challenge?.id ?? null });
  return again(() => request("POST", "/register/custody", body, "application/json"));
}

// Tries again after a lost connection or a busy server; every request here may be repeated without harm.
async function again(work) {
  for (const wait of [...WAITS, null]) {
    try {
      return await work();
    } catch (error) {
      const passing = error.status === undefined || error.status === 502 || error.status === 503 || error.status === 504;
      if (!passing || wait === null) throw error;
      say("upload-status", error.shown ?? words.retrying);
      await pause(Math.max(wait, error.after ?? 0));
    }
  }
}

async function request(method, path, body, type) {
  const headers = { accept: "application/json", "content-type": type, "x-csrf-token": token };
  let response;
  try {
    response = await fetch(path, { method, headers, body, redirect: "error" });
  } catch {
    throw new Error("offline");
  }
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  const after = 1000 * Number(response.headers.get("retry-after") ?? 0);
  throw Object.assign(new Error("refused"), { status: response.status, code: answer.code, shown: answer.detail, after });
}

// --- pictures

// The camera's picture as JPEG; it has no metadata.
function frame(video, side) {
  return draw(video, video.videoWidth, video.videoHeight, side);
}

function draw(source, width, height, side) {
  const scale = Math.min(1, side / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.getContext("2d").drawImage(source, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/jpeg", 0.93);
  });
}

// A chosen file: JPEG or PNG by its first bytes; made smaller when it is too large.
async function accept(file, status, side = SIDE) {
  const start = new Uint8Array(await file.slice(0, 8).arrayBuffer());
  const jpeg = start[0] === 0xff && start[1] === 0xd8;
  const png = [0x89, 0x50, 0x4e, 0x47].every((byte, index) => start[index] === byte);
  if (!jpeg && !png) return say(status, words.notAPicture);
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    return say(status, words.notAPicture);
  }
  const { width, height } = bitmap;
  const fits = file.size <= largest && Math.max(width, height) <= SIDE && (side === SIDE || file.size <= 1_500_000);
  const picture = fits ? file : await draw(bitmap, width, height, side);
  bitmap.close();
  if (picture.size > largest) return say(status, words.tooLarge);
  return picture;
}

// --- the camera

async function openCamera(video, wanted, status) {
  closeCamera();
  if (!navigator.mediaDevices?.getUserMedia) {
    say(status, words.noCamera);
    return false;
  }
  try {
    camera = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
  } catch (error) {
    say(status, error.name === "NotAllowedError" ? words.cameraRefused : words.noCamera);
    return false;
  }
  video.srcObject = camera;
  video.hidden = false;
  await video.play();
  return true;
}

function closeCamera() {
  for (const track of camera?.getTracks() ?? []) track.stop();
  camera = null;
  for (const video of [at("card-video"), at("face-video")]) {
    video.srcObject = null;
    video.hidden = true;
  }
  at("card-camera").hidden = false;
  at("card-shoot").hidden = true;
}

// --- small things

function say(id, text) {
  at(id).textContent = text ?? "";
}

function progress(value, max) {
  const bar = at("face-progress");
  bar.hidden = false;
  bar.max = max;
  bar.value = value;
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
