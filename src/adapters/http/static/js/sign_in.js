/* Signing in and up over the page at hand. Without it, or when anything goes wrong, the links lead to their pages. */

const dialog = document.querySelector("dialog[data-dialog]");
const body = dialog?.querySelector("[data-dialog-body]");

const shown = async (answer) => {
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const part = page.querySelector("[data-sign-in]");
  if (!part) throw new Error("not a page to sign in");
  body.replaceChildren(document.adoptNode(part));
  for (const form of body.querySelectorAll("form")) {
    const { next } = form.elements;
    if (next && !next.value && location.pathname !== "/") next.value = location.pathname + location.search;
  }
  const { offerPasskeys } = await import("./passkey.js");
  offerPasskeys(body);
  (body.querySelector("[aria-invalid]") ?? body.querySelector("input:not([type=hidden])"))?.focus();
};

const open = async (address) => {
  try {
    const answer = await fetch(address, { headers: { accept: "text/html" } });
    if (!answer.ok || answer.redirected) throw new Error(answer.statusText);
    if (!dialog.open) dialog.showModal();
    await shown(answer);
  } catch {
    location.assign(address);
  }
};

// The browser keeps the focus inside, closes on Escape, and gives the focus back to the link.
if (dialog?.showModal) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-dialog-open], dialog[data-dialog] a[href^='/sign-']");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    if (link.pathname !== "/sign-in" && link.pathname !== "/sign-up") return;
    event.preventDefault();
    open(link.href);
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener("close", () => body.replaceChildren());
  dialog.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.method !== "post" || form.dataset.passkey || event.defaultPrevented) return;
    event.preventDefault();
    event.stopPropagation();
    const button = form.querySelector("button:not([type=button])");
    if (button.getAttribute("aria-disabled")) return;
    button.setAttribute("aria-disabled", "true");
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        headers: { accept: "text/html" },
      });
      if (answer.redirected) location.assign(answer.url);
      else await shown(answer);
    } catch {
      form.submit();
    } finally {
      button.removeAttribute("aria-disabled");
    }
  });
}
