// Ticks the steps of the judgement as they happen. Without this script the page's refresh link does the same.

const list = document.getElementById("stages");
const status = document.getElementById("judging-status");
const words = document.getElementById("judging-words").dataset;
const left = document.getElementById("time-left");

const events = new EventSource(list.dataset.progress);
let failures = 0;

events.addEventListener("stage", (event) => {
  failures = 0;
  begin(JSON.parse(event.data).stage);
});

events.addEventListener("done", (event) => {
  events.close();
  for (const item of list.children) mark(item, "done");
  // One sentence for the screen reader, not one a step.
  status.textContent = words.finished;
  const { next } = JSON.parse(event.data);
  setTimeout(() => location.replace(next?.startsWith("/") ? next : "/register/judging"), 400);
});

// A lost connection opens again by itself; after a few failures the page is asked instead.
events.addEventListener("error", () => {
  failures += 1;
  if (failures > 4) {
    events.close();
    setTimeout(() => location.reload(), 2000);
  }
});

function begin(stage) {
  const items = [...list.children];
  const now = items.findIndex((item) => item.dataset.stage === stage);
  if (now < 0) return;
  items.forEach((item, index) => mark(item, index < now ? "done" : index === now ? "now" : "waiting"));
}

function mark(item, state) {
  if (item.className === state) return;
  item.className = state;
  item.querySelector(".state").textContent = words[state];
}

// Time left, by the page's own clock; it is shown, not announced.
const end = performance.now() + Number(left.dataset.seconds) * 1000;
const ticking = setInterval(() => {
  const seconds = Math.max(0, Math.ceil((end - performance.now()) / 1000));
  left.textContent = left.dataset.words.replace("%", String(seconds));
  if (seconds === 0) {
    clearInterval(ticking);
    location.reload();
  }
}, 1000);
