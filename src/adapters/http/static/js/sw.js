/* Shows what the school sends to this browser, and opens the page that it is about. Keeps nothing, answers for nothing. */

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("push", (event) => {
  let told = {};
  try {
    told = event.data?.json() ?? {};
  } catch {
    // A message that cannot be read is shown as one all the same: browsers ask for that.
  }
  const { title = self.location.hostname, body = "", link = "/notes", tag, lang, dir } = told;
  const badge = "/static/img/icon.svg";
  event.waitUntil(self.registration.showNotification(title, { body, tag, lang, dir, badge, data: { link } }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const target = new URL(event.notification.data?.link ?? "/notes", self.location.origin);
  if (target.origin !== self.location.origin) return;
  const open = async () => {
    const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
    const there = pages.find((page) => page.url === target.href);
    return there ? there.focus() : self.clients.openWindow(target.href);
  };
  event.waitUntil(open());
});
