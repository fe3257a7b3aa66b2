/**
 * Turns the form of the phone page into a phone: texts go without a reload, and
 * answers appear as they are sent. Without it the form works all the same.
 */
(() => {
  const POLL_MS = 700;
  const form = document.querySelector("[data-phone]");
  const texts = form.querySelector("[data-phone-texts]");
  const error = form.querySelector("[data-phone-error]");
  const { originator, body } = form.elements;
  const send = form.querySelector("button");
  let shownNumber = originator.value.trim();

  const showError = (message) => {
    error.textContent = message;
    error.hidden = !message;
  };

  const span = (className, text) => {
    const element = document.createElement("span");
    element.className = className;
    element.textContent = text;
    return element;
  };

  const bubble = (message) => {
    const item = document.createElement("p");
    const who = message.direction === "inbound" ? "You:" : "Chez Léa:";
    item.className = `text ${message.direction}${message.body ? "" : " missed"}`;
    item.dataset.id = message.id;
    item.append(
      span("hidden", who),
      " ",
      span("body", message.body),
      " ",
      span("note", message.note),
    );
    return item;
  };

  const scrollDown = () => {
    texts.scrollTop = texts.scrollHeight;
  };

  const showMessages = (messages) => {
    for (const message of messages) {
      const known = texts.querySelector(`[data-id="${message.id}"]`);
      if (!known) {
        texts.append(bubble(message));
        scrollDown();
      } else if (known.querySelector(".note").textContent !== message.note) {
        known.replaceWith(bubble(message));
      }
    }
  };

  const markPick = () => {
    for (const pick of form.querySelectorAll("[data-phone-pick]")) {
      if (pick.dataset.phonePick === shownNumber) {
        pick.setAttribute("aria-current", "true");
      } else {
        pick.removeAttribute("aria-current");
      }
    }
  };

  const poll = async () => {
    const number = shownNumber;
    if (!number || document.hidden) return;
    const query = new URLSearchParams({ number });
    const url = `${form.dataset.conversationUrl}?${query}`;
    try {
      const response = await fetch(url, { headers: { Accept: "application/json" } });
      if (!response.ok) return;
      const { messages } = await response.json();
      if (number === shownNumber) showMessages(messages);
    } catch {
      // The site is restarting: the next poll will tell.
    }
  };

  const hold = (number) => {
    if (number === shownNumber) return;
    shownNumber = number;
    texts.replaceChildren();
    markPick();
    showError("");
    poll();
  };

  const sendText = async () => {
    const response = await fetch(form.action, {
      method: "POST",
      body: new FormData(form),
      headers: { Accept: "application/json" },
    });
    const answer = await response.json();
    if (answer.number) {
      originator.value = answer.number;
      hold(answer.number);
    }
    showError(answer.error);
    return response.ok;
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    send.disabled = true;
    showError("");
    try {
      if (await sendText()) body.value = "";
    } catch {
      showError("The site did not answer. Is it still running?");
    }
    send.disabled = false;
    body.focus();
    await poll();
  });

  originator.addEventListener("change", () => hold(originator.value.trim()));

  form.addEventListener("click", (event) => {
    const pick = event.target.closest("[data-phone-pick]");
    if (!pick) return;
    event.preventDefault();
    originator.value = pick.dataset.phonePick;
    hold(originator.value);
    body.focus();
  });

  const keepPolling = async () => {
    await poll();
    setTimeout(keepPolling, POLL_MS);
  };

  markPick();
  scrollDown();
  keepPolling();
})();
