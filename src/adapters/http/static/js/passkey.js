/* Asks the browser for a passkey and sends its answer with the form. Without it the other ways in remain. */

const bytes = (text) => {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
};
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");

const listed = (keys) => (keys ?? []).map((key) => ({ ...key, id: bytes(key.id) }));

const ask = {
  async create(options) {
    const user = { ...options.user, id: bytes(options.user.id) };
    const challenge = bytes(options.challenge);
    const excludeCredentials = listed(options.excludeCredentials);
    const made = await navigator.credentials.create({ publicKey: { ...options, user, challenge, excludeCredentials } });
    return answer(made, {
      attestationObject: text(made.response.attestationObject),
      transports: made.response.getTransports?.() ?? [],
    });
  },
  async get(options) {
    const allowCredentials = listed(options.allowCredentials);
    const challenge = bytes(options.challenge);
    const used = await navigator.credentials.get({ publicKey: { ...options, challenge, allowCredentials } });
    const { authenticatorData, signature, userHandle } = used.response;
    return answer(used, {
      authenticatorData: text(authenticatorData),
      signature: text(signature),
      userHandle: userHandle ? text(userHandle) : null,
    });
  },
};

const answer = (credential, response) => ({
  id: credential.id,
  rawId: text(credential.rawId),
  type: credential.type,
  authenticatorAttachment: credential.authenticatorAttachment ?? null,
  clientExtensionResults: {},
  response: { clientDataJSON: text(credential.response.clientDataJSON), ...response },
});

// Where the page has no options of its own, nobody in particular is asked: the browser offers what it has.
const headers = { accept: "application/json", "content-type": "application/json" };
const optionsOf = async (form) => {
  if (form.dataset.options) return JSON.parse(form.dataset.options);
  const reply = await fetch("/api/v1/auth/passkey/options", { method: "POST", headers, body: "{}" });
  if (!reply.ok) throw new Error(reply.statusText);
  const asked = await reply.json();
  form.elements.challenge.value = asked.challenge;
  return asked.options;
};

const offer = (form) => {
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    if (form.elements.answer.value) return;
    event.preventDefault();
    event.stopPropagation();
    const problem = form.querySelector("[data-passkey-problem]");
    problem.hidden = true;
    try {
      const given = await ask[form.dataset.passkey](await optionsOf(form));
      form.elements.answer.value = JSON.stringify(given);
      form.submit();
    } catch {
      problem.hidden = false;
    }
  });
};

export const offerPasskeys = (part) => {
  if (!window.PublicKeyCredential) return;
  for (const form of part.querySelectorAll("form[data-passkey]")) offer(form);
};

offerPasskeys(document);
