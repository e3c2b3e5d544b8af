/* The payment service's own fields inside our page. Without it the button below leads to its page. */

const box = document.querySelector("[data-pay]");
const { mode, script, key, secret, back, lang } = box.dataset;
const part = (name) => box.querySelector(`[data-pay-${name}]`);
const show = (name, on) => (part(name).hidden = !on);
box.removeAttribute("data-secret");

const load = (src) =>
  new Promise((done, failed) => {
    const tag = document.createElement("script");
    tag.src = src;
    tag.onload = done;
    tag.onerror = failed;
    document.head.append(tag);
  });

const embedded = async (stripe) => {
  const open = stripe.createEmbeddedCheckoutPage ?? stripe.initEmbeddedCheckout;
  const checkout = await open.call(stripe, { fetchClientSecret: async () => secret });
  checkout.mount(part("fields"));
};

const direct = async (stripe) => {
  const elements = stripe.elements({ clientSecret: secret, locale: lang });
  elements.create("payment").mount(part("fields"));
  show("send", true);
  part("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = part("send").querySelector("button");
    button.disabled = true;
    show("error", false);
    // The browser leaves for `return_url` unless something is wrong; what is true is asked of the service there.
    const { error } = await stripe.confirmPayment({ elements, confirmParams: { return_url: back } });
    part("error").textContent = error?.message ?? "";
    show("error", Boolean(error));
    button.disabled = false;
  });
};

show("wait", true);
try {
  await load(script);
  const stripe = window.Stripe(key, { locale: lang });
  await (mode === "direct" ? direct(stripe) : embedded(stripe));
} catch {
  show("problem", true);
} finally {
  show("wait", false);
}
