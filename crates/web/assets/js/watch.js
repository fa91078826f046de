// The staff house's clocks: the board renews itself, an opened value goes blank again.

// The board: again after so many seconds, unless somebody is typing or the page is not looked at.
const fresh = document.querySelector("[data-refresh]");
if (fresh) {
  const again = () => {
    const busy = ["INPUT", "TEXTAREA", "SELECT"].includes(document.activeElement?.tagName);
    if (!busy && !document.hidden) location.reload();
    else setTimeout(again, 2000);
  };
  setTimeout(again, Number(fresh.dataset.refresh) * 1000);
}

// A ticket: what was opened is masked again, at the latest when the ticket's minutes are over.
const left = document.getElementById("left");
if (left) setTimeout(() => location.replace(left.dataset.back), Number(left.dataset.seconds) * 1000 + 500);
