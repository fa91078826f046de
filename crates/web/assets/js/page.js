// Small comforts of every page; nothing here is needed to use one.

// A mistake is what the reader came for: put the keyboard there.
document.getElementById("errors")?.focus();

// A form is sent once. Coming back with the back button wakes it again.
for (const form of document.querySelectorAll("form[method=post]:not([data-step-up])")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
  });
}
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  const words = button.textContent;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    const lines = [...source.querySelectorAll("code")].map((line) => line.textContent);
    try {
      await navigator.clipboard.writeText(lines.join("\n"));
      button.textContent = button.dataset.copied;
      setTimeout(() => (button.textContent = words), 2500);
    } catch {
      getSelection()?.selectAllChildren(source);
    }
  });
}

for (const button of document.querySelectorAll("[data-save]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const link = document.createElement("a");
    const text = document.getElementById(button.dataset.save).textContent;
    link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    link.download = button.dataset.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  });
}
