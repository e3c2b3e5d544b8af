/* Shortens the way; every page works without it. */

const root = document.documentElement;

// A visitor's zone, so that the next page shows his own time. An account's zone goes before it.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !document.cookie.split("; ").some((pair) => pair.startsWith("zone="))) {
  document.cookie = `zone=${encodeURIComponent(zone)}; path=/; max-age=31536000; samesite=lax`;
}

// Light or dark at once, without a new page.
for (const form of document.querySelectorAll("[data-theme-form]")) {
  form.addEventListener("submit", (event) => {
    const theme = event.submitter?.value ?? "";
    event.preventDefault();
    document.cookie = `theme=${theme}; path=/; max-age=${theme ? 31536000 : 0}; samesite=lax`;
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
    for (const button of form.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.value === theme));
    }
  });
}

// A form goes out once, and its button says so.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  const button = event.submitter;
  if (button?.dataset.busy) {
    button.dataset.label = button.textContent;
    button.textContent = button.dataset.busy;
  }
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("[data-label]")) button.textContent = button.dataset.label;
  }
});

// Another week, another length, another zone: only the marked part of the page changes.
const swap = async (address, push) => {
  const part = document.querySelector("[data-part]");
  part.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(address, { headers: { accept: "text/html" } });
    if (!answer.ok) throw new Error(answer.statusText);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    part.replaceWith(page.querySelector("[data-part]"));
    if (push) history.pushState({ swap: true }, "", address);
    document.querySelector("[data-part]").focus({ preventScroll: true });
  } catch {
    location.assign(address);
  }
};
if (document.querySelector("[data-part]")) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-swap]");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    event.preventDefault();
    swap(link.href, true);
  });
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-zone]");
    if (form) swap(`${form.action}?${new URLSearchParams(new FormData(form))}`, true);
  });
  addEventListener("popstate", () => swap(location.href, false));
}

// A payment that is being settled: ask again, ever more slowly, for two minutes.
const waiting = document.querySelector("[data-poll]");
if (waiting) {
  const started = Date.now();
  const ask = async (pause) => {
    if (Date.now() - started > 120000) return;
    await new Promise((resolve) => setTimeout(resolve, pause));
    if (!document.hidden) {
      const answer = await fetch(location.href, { headers: { accept: "text/html" } }).catch(() => null);
      if (answer?.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.querySelector("#content");
        if (fresh && !fresh.querySelector("[data-poll]")) {
          document.querySelector("#content").replaceWith(fresh);
          fresh.focus();
          return;
        }
      }
    }
    ask(Math.min(pause * 1.4, 10000));
  };
  ask(1000);
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
