/* The painted week: drag over half hours, or Shift and the arrows. Without it the boxes are ticked one by one. */

const table = document.querySelector("[data-paint]");
const boxes = [...table.querySelectorAll("input[type=checkbox]")];
const days = 7;
const sum = document.querySelector("[data-paint-sum]");
const words = sum?.textContent ?? "";
let brush = null;

document.querySelector("[data-paint-hint]").hidden = false;
table.classList.add("ready");

// The day starts in the morning, unless somebody teaches at night.
const first = boxes.find((box) => box.checked) ?? boxes[days * 14];
table.parentElement.scrollTop = first.closest("tr").offsetTop - table.tHead.offsetHeight;

const count = () => {
  const hours = boxes.filter((box) => box.checked).length / 2;
  if (sum) sum.textContent = words.replace(/[\d.,]+/, hours.toFixed(1));
};

const paint = (box, on) => {
  if (box.checked === on) return;
  box.checked = on;
  count();
};

const boxOf = (target) => target.closest?.("td")?.querySelector("input[type=checkbox]") ?? null;

// A mouse or pen paints at once; a finger scrolls the page and ticks with a tap.
table.addEventListener("pointerdown", (event) => {
  const box = boxOf(event.target);
  if (!box || event.button !== 0 || event.pointerType === "touch") return;
  event.preventDefault();
  brush = !box.checked;
  paint(box, brush);
  box.focus({ preventScroll: true });
});
table.addEventListener("pointerover", (event) => {
  if (brush === null || !(event.buttons & 1)) return;
  const box = boxOf(event.target);
  if (box) paint(box, brush);
});
addEventListener("pointerup", () => {
  brush = null;
});
addEventListener("pointercancel", () => {
  brush = null;
});
// The click that follows a painted pointerdown would undo it.
table.addEventListener("click", (event) => {
  if (event.pointerType === "mouse" || event.pointerType === "pen") event.preventDefault();
});
table.addEventListener("change", count);

const steps = { ArrowUp: -days, ArrowDown: days, ArrowLeft: -1, ArrowRight: 1 };
table.addEventListener("keydown", (event) => {
  const from = boxes.indexOf(event.target);
  let step = steps[event.key];
  if (from < 0 || step === undefined) return;
  event.preventDefault();
  if (Math.abs(step) === 1 && document.documentElement.dir === "rtl") step = -step;
  const edge = Math.abs(step) === 1 && Math.floor(from / days) !== Math.floor((from + step) / days);
  const to = edge ? undefined : boxes[from + step];
  if (!to) return;
  if (event.shiftKey) paint(to, boxes[from].checked);
  to.focus();
});
