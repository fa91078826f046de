// A kiosk: what nobody touches is wiped, and what is shown can be read aloud. Without this script the page's own refresh wipes it.

const over = document.getElementById("over");
const dialog = document.getElementById("idle");
const idle = Number(over.dataset.idle) * 1000;
const warning = Number(over.dataset.warn) * 1000;

// --- nobody is there

let last = Date.now();
let told = Date.now();
// While the question stands, only its answer counts: a touch must not fall through to what is below.
const alive = () => {
  if (!dialog.open) last = Date.now();
};
for (const kind of ["pointerdown", "pointermove", "keydown", "input", "scroll"]) addEventListener(kind, alive, { capture: true, passive: true });
document.getElementById("still-here").addEventListener("click", () => dialog.close());
dialog.addEventListener("close", alive);

const first = location.pathname === "/kiosk" || location.pathname === "/kiosk/pair";
setInterval(() => {
  const quiet = Date.now() - last;
  if (first) {
    // The first page waits for the next person; a device that waits for an officer looks whether one signed.
    if (quiet > idle) location.replace("/kiosk");
    return;
  }
  if (quiet > idle + warning) return wipe();
  if (quiet > idle) {
    const left = document.getElementById("idle-left");
    left.textContent = left.dataset.words.replace("%", String(Math.ceil((idle + warning - quiet) / 1000)));
    if (!dialog.open) {
      dialog.showModal();
      speak([document.getElementById("idle-heading").textContent], "now");
    }
  } else if (Date.now() - told > 45_000 && last > told) {
    // The server keeps what belongs to the person for minutes after the last request.
    told = Date.now();
    fetch("/kiosk/here").catch(() => {});
  }
}, 500);

function wipe() {
  if (over.dataset.wiping) return;
  over.dataset.wiping = "yes";
  over.submit();
}

// What the back button brings up is asked for anew: it belongs to somebody who left.
addEventListener("pageshow", (event) => event.persisted && location.reload());
addEventListener("contextmenu", (event) => event.preventDefault());
addEventListener("dragstart", (event) => event.preventDefault());

// --- the voice
//
// For each thing to be said the document gets the event "lionrock:speak", with detail {language, text, when}:
// when is "page" (a page came), "now" (something changed), or "asked" (somebody pressed the button). A voice that takes it
// calls preventDefault(); when none does and somebody asked, the browser's own voice reads.

function speak(lines, when) {
  const text = lines.map((line) => line.trim().replace(/\s+/g, " ")).filter(Boolean).join("\n");
  if (!text) return;
  const language = document.documentElement.lang;
  const event = new CustomEvent("lionrock:speak", { cancelable: true, detail: { language, text, when } });
  const taken = !document.dispatchEvent(event);
  if (taken || when !== "asked" || !window.speechSynthesis) return;
  speechSynthesis.cancel();
  const said = new SpeechSynthesisUtterance(text);
  said.lang = { en: "en-HK", "zh-Hant": "zh-HK", "zh-Hans": "zh-CN" }[language] ?? language;
  speechSynthesis.speak(said);
}

const seen = (element) => element.checkVisibility?.() ?? element.offsetParent !== null;
const texts = (selector) => [...document.querySelectorAll(selector)].filter(seen).map((element) => element.innerText);

// Words that only the person beside the screen should hear are said when they ask, letter by letter.
const secrets = () => [...document.querySelectorAll("[data-speak=asked]")].map((element) => [...element.textContent].join(" "));

const button = document.getElementById("read-aloud");
button.hidden = false;
button.addEventListener("click", () => speak([...texts("main h1, main h2, main p, main li, main label, main dt, main dd, main button, main a.button"), ...secrets()], "asked"));

addEventListener("load", () => setTimeout(() => speak(texts("main h1, main .lead, main .summary, main .instruction"), "page"), 100));

new MutationObserver((changes) => {
  for (const { target } of changes) {
    const live = (target.nodeType === 1 ? target : target.parentElement)?.closest("[role=status], [role=alert]");
    if (!live || !live.textContent.trim()) continue;
    alive();
    speak([live.textContent], "now");
  }
}).observe(document.querySelector("main"), { childList: true, characterData: true, subtree: true });
