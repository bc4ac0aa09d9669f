// Comforts on top of pages that work without any of this: saving per field, time left, questions before an act, copying.
(() => {
  "use strict";

  const texts = document.getElementById("linli-texts")?.dataset ?? {};
  const fill = (text, values) => (text ?? "").replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

  // The server's clock is the only one that counts: the page carries its instant, we only add what has passed since.
  const serverStart = Date.parse(document.documentElement.dataset.now ?? "") || Date.now();
  const loadedAt = performance.now();
  const serverNow = () => serverStart + (performance.now() - loadedAt);

  const beijing = new Intl.DateTimeFormat("zh-CN", {
    timeZone: "Asia/Shanghai", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
  });

  const dialog = (question, accept, decline, danger) => new Promise((resolve) => {
    const box = document.createElement("dialog");
    box.className = "dialog";
    const words = document.createElement("p");
    words.id = "dialog-words";
    words.textContent = question;
    box.setAttribute("aria-labelledby", words.id);
    const row = document.createElement("div");
    row.className = "form-buttons";
    for (const [label, kind, answer] of [[accept, danger ? "btn-danger" : "btn-primary", "yes"], [decline, "btn-secondary", ""]]) {
      if (!label) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.className = `btn ${kind}`;
      button.textContent = label;
      button.addEventListener("click", () => box.close(answer));
      row.append(button);
    }
    box.append(words, row);
    box.addEventListener("close", () => { box.remove(); resolve(box.returnValue === "yes"); });
    document.body.append(box);
    box.showModal();
  });

  // The menu's open group pushes the page down and hides nothing; Escape closes it from anywhere inside.
  document.addEventListener("keydown", (event) => {
    const one = event.key === "Escape" && document.querySelector(".menu-wide details[open]");
    if (!one) return;
    one.open = false;
    one.querySelector("summary").focus();
  });

  // Forms: a question first where one is asked, and never sent twice by a double click.
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    const button = event.submitter;
    // A form asks for all its buttons, or one button for itself; data-confirmed-name tells the server it was answered.
    const asks = button?.dataset.confirm ? button : form;
    if (asks.dataset.confirm && !asks.dataset.confirmed) {
      event.preventDefault();
      const danger = button?.classList.contains("btn-danger");
      if (await dialog(asks.dataset.confirm, button?.textContent.trim() || texts.confirm, texts.cancel, danger)) {
        asks.dataset.confirmed = "yes";
        if (asks.dataset.confirmedName) asks.name = asks.dataset.confirmedName;
        form.requestSubmit(button ?? undefined);
      }
      return;
    }
    if ((form.getAttribute("method") ?? "").toLowerCase() !== "post") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    setTimeout(() => { delete form.dataset.sent; }, 8000);
  });
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const form of document.forms) delete form.dataset.sent;
    for (const asks of document.querySelectorAll("[data-confirmed]")) delete asks.dataset.confirmed;
  });

  // Saving field by field: each control with data-autosave posts itself alone, in the order of the changes.
  const queues = new Map();
  const valueOf = (control) => {
    const body = new FormData();
    if (control.type === "checkbox" && control.form) {
      const same = [...control.form.elements].filter((one) => one.name === control.name);
      for (const one of same) if (one.checked) body.append(control.name, one.value);
      if (!body.has(control.name)) body.append(control.name, "");
    } else if (control.type === "select-multiple") {
      for (const option of control.selectedOptions) body.append(control.name, option.value);
    } else {
      body.append(control.name, control.value);
    }
    body.append("field", control.name);
    return body;
  };
  const statusOf = (control) => {
    const holder = control.closest(".field") ?? control.parentElement;
    let status = holder.querySelector(".saved");
    if (!status) {
      status = document.createElement("span");
      status.className = "saved";
      status.setAttribute("role", "status");
      holder.append(status);
    }
    return status;
  };
  for (const control of document.querySelectorAll("[data-autosave]")) statusOf(control);
  const say = (status, text, failed) => {
    status.textContent = text;
    status.classList.toggle("saved-failed", failed);
  };
  const save = (control) => {
    const url = control.dataset.autosave;
    const status = statusOf(control);
    const body = valueOf(control);
    const token = control.form?.elements.namedItem("csrf_token")?.value ?? "";
    // What this box held when the page was made, so that another's saving is not written over unseen.
    const shown = control.form?.elements.namedItem("shown");
    say(status, texts.saving, false);
    const turn = (queues.get(url) ?? Promise.resolve()).then(async () => {
      try {
        const marks = shown ? JSON.parse(shown.value) : {};
        if (marks[control.name]) body.append("shown", marks[control.name]);
        const answer = await fetch(url, {
          method: "POST", body, credentials: "same-origin",
          headers: { "X-CSRFToken": token, Accept: "application/json" },
        });
        const told = await answer.json().catch(() => ({}));
        if (shown && told.shown) shown.value = JSON.stringify({ ...marks, [control.name]: told.shown });
        if (!answer.ok) { say(status, told.detail || texts.unsaved, true); return; }
        const at = Date.parse(told.saved_at ?? "") || serverNow();
        say(status, fill(texts.saved, { time: beijing.format(at) }), false);
        // A page that shows more of what the answer told listens for it.
        control.dispatchEvent(new CustomEvent("saved", { bubbles: true, detail: told }));
      } catch {
        say(status, texts.unsaved, true);
      }
    });
    queues.set(url, turn);
  };
  const waiting = new WeakMap();
  document.addEventListener("change", (event) => {
    const control = event.target;
    if (!control.dataset?.autosave || control.type === "file") return;
    clearTimeout(waiting.get(control));
    save(control);
  });
  document.addEventListener("input", (event) => {
    const control = event.target;
    if (!control.dataset?.autosave || !["textarea", "text"].includes(control.type)) return;
    clearTimeout(waiting.get(control));
    waiting.set(control, setTimeout(() => save(control), 3000));
  });

  // Time left until a deadline.
  const left = (milliseconds) => {
    const seconds = Math.floor(milliseconds / 1000);
    const parts = [["days", 86400], ["hours", 3600], ["minutes", 60], ["seconds", 1]];
    let rest = seconds;
    const counted = parts.map(([name, size]) => { const n = Math.floor(rest / size); rest -= n * size; return [name, n]; });
    const first = Math.max(counted.findIndex(([, n]) => n > 0), 0);
    return counted.slice(first, first + 2).map(([name, n]) => fill(texts[name], { n })).join(" ");
  };
  const countdowns = [...document.querySelectorAll("[data-deadline]")].map((moment) => {
    let place = moment.nextElementSibling;
    if (!place?.matches("[data-left-for]")) {
      place = document.createElement("span");
      place.className = "left";
      moment.after(" ", place);
    }
    return [Date.parse(moment.dataset.deadline), place];
  });
  const tick = () => {
    const now = serverNow();
    for (const [deadline, place] of countdowns) {
      const text = deadline > now ? fill(texts.left, { span: left(deadline - now) }) : place.dataset.over ?? texts.over;
      if (place.textContent !== text) place.textContent = text;
      place.classList.toggle("left-soon", deadline - now < 3 * 86400000);
    }
  };
  if (countdowns.length) { tick(); setInterval(tick, 1000); }

  // Printing; without this script the page names the browser's own menu.
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }

  // Copying a digest.
  if (navigator.clipboard) {
    for (const button of document.querySelectorAll("[data-copy]")) {
      button.hidden = false;
      button.addEventListener("click", async () => {
        const label = button.textContent;
        await navigator.clipboard.writeText(button.dataset.copy);
        button.textContent = texts.copied;
        setTimeout(() => { button.textContent = label; }, 2000);
      });
    }
  }

  // A word five minutes before the sign-in ends for want of any act; "still here" asks the server for this page, which renews it.
  const idleSeconds = Number(document.body.dataset.idleSeconds);
  if (idleSeconds > 360) {
    const warn = async () => {
      if (await dialog(fill(texts.idle, { n: 5 }), texts.stay, "", false)) {
        await fetch(location.href, { method: "HEAD", credentials: "same-origin" }).catch(() => undefined);
        setTimeout(warn, (idleSeconds - 300) * 1000);
      }
    };
    setTimeout(warn, (idleSeconds - 300) * 1000);
  }
})();
