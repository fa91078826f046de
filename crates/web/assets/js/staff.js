// Half of a code comes in the part of the address that is sent to nobody. It is shown once: the address forgets it at once.
const [which, half] = location.hash.slice(1).split("=");
const known = document.getElementById(`which-${which}`);
if (known && half) {
  history.replaceState(null, "", location.pathname);
  known.hidden = false;
  document.getElementById("half").textContent = half;
  document.getElementById("half-gone").hidden = true;
}
