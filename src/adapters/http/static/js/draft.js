/* Keeps a draft while it is written. Without it the button "Keep it for later" does the same. */

const form = document.querySelector("form[data-draft]");
const note = form?.querySelector("[data-saved]");
let timer = 0;
let running = Promise.resolve();

const keep = async () => {
  const body = new FormData(form);
  body.set("intent", "autosave");
  const answer = await fetch(form.action, {
    method: "POST",
    body: new URLSearchParams(body),
    headers: { accept: "application/json" },
  }).catch(() => null);
  const saved = answer?.ok && (await answer.json().catch(() => null))?.saved;
  note.hidden = !saved;
};

form?.addEventListener("input", () => {
  note.hidden = true;
  clearTimeout(timer);
  timer = setTimeout(() => (running = running.then(() => (form.dataset.sent ? null : keep()))), 1200);
});
form?.addEventListener("submit", () => clearTimeout(timer));
