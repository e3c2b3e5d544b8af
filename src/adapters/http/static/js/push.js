/* Asks the browser whether it shows messages, and sends its address with the form. Without it mail remains. */

const form = document.querySelector("form[data-push]");

const key = (text) => {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
};

const system = () => navigator.userAgentData?.platform || navigator.platform || "";
const maker = () => navigator.userAgentData?.brands?.at(-1)?.brand ?? "";

const subscribe = async () => {
  if ((await Notification.requestPermission()) !== "granted") throw new Error("not granted");
  const worker = await navigator.serviceWorker.register("/sw.js");
  await navigator.serviceWorker.ready;
  // An older subscription may bear the key of another time.
  await (await worker.pushManager.getSubscription())?.unsubscribe();
  const options = { userVisibleOnly: true, applicationServerKey: key(form.dataset.push) };
  return (await worker.pushManager.subscribe(options)).toJSON();
};

if (form && "serviceWorker" in navigator && "PushManager" in window && "Notification" in window) {
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    event.stopPropagation();
    const problem = form.querySelector("[data-push-problem]");
    problem.hidden = true;
    try {
      const { endpoint, keys } = await subscribe();
      form.elements.endpoint.value = endpoint;
      form.elements.p256dh.value = keys.p256dh;
      form.elements.auth.value = keys.auth;
      form.elements.label.value = [maker(), system()].filter(Boolean).join(", ");
      form.submit();
    } catch {
      problem.hidden = false;
    }
  });
}
