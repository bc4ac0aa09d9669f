(() => {
  "use strict";

  // The price in capital numerals while it is typed. Nothing is sent: the server writes the same when it shows the page.
  const digits = "零壹贰叁肆伍陆柒捌玖";
  const whole = (number) => {
    for (const [size, unit] of [[10n ** 8n, "亿"], [10n ** 4n, "万"]]) {
      const high = number / size, low = number % size;
      if (high) return whole(high) + unit + (low && low < size / 10n ? "零" : "") + (low ? whole(low) : "");
    }
    let text = "", afterZero = false;
    for (const [place, unit] of [[1000n, "仟"], [100n, "佰"], [10n, "拾"], [1n, ""]]) {
      const digit = Number((number / place) % 10n);
      if (digit) text += (afterZero ? "零" : "") + digits[digit] + unit;
      afterZero = Boolean(text) && !digit;
    }
    return text;
  };
  const capital = (fen) => {
    const yuan = fen / 100n, jiao = Number((fen % 100n) / 10n), cent = Number(fen % 10n);
    let text = yuan ? `${whole(yuan)}元` : "";
    if (jiao) text += `${digits[jiao]}角`;
    if (cent) text += `${yuan && !jiao ? "零" : ""}${digits[cent]}分`;
    return (text || "零元") + (cent ? "" : "整");
  };
  const fenOf = (typed) => {
    let body = typed.normalize("NFKC").replace(/[¥,\s]/g, "").replace(/元$/, ""), decimals = 2;
    if (body.endsWith("万")) { body = body.slice(0, -1); decimals = 6; }
    const found = /^(\d{1,15})(?:\.(\d+))?$/.exec(body);
    if (!found || (found[2] ?? "").length > decimals) return null;
    return BigInt(found[1] + (found[2] ?? "").padEnd(decimals, "0"));
  };
  for (const place of document.querySelectorAll("[data-capital-of]")) {
    const box = document.getElementById(place.dataset.capitalOf);
    box?.addEventListener("input", () => {
      const fen = fenOf(box.value);
      place.textContent = fen === null ? "" : `${place.dataset.label}${capital(fen)}`;
    });
  }

  // What is still missing, as each saving tells it.
  document.addEventListener("saved", ({ detail: { missing } }) => {
    const place = document.getElementById("gaps"), tag = place?.querySelector(".tag");
    if (!tag || missing === undefined) return;
    tag.textContent = missing ? place.dataset.some.replace("{n}", missing) : place.dataset.none;
    tag.classList.toggle("tag-wait", missing > 0);
    tag.classList.toggle("tag-good", !missing);
  });

  // On the way back a browser shows the page as it first came, with what was typed but for the price (autocomplete="off"):
  // price and what is missing are asked for anew. What somebody has typed, or is told to mend, stays in its box.
  window.addEventListener("pageshow", async (event) => {
    const [way] = performance.getEntriesByType("navigation");
    if (!event.persisted && way?.type !== "back_forward") return;
    const answer = await fetch(location.href, { cache: "reload", credentials: "same-origin" }).catch(() => undefined);
    if (!answer?.ok) return;
    const saved = new DOMParser().parseFromString(await answer.text(), "text/html");
    const renew = (id) => {
      const [ours, theirs] = [document, saved].map((page) => page.getElementById(id));
      if (ours && theirs) ours.replaceChildren(...theirs.childNodes);
    };
    renew("gaps");
    const [box, kept] = [document, saved].map((page) => page.getElementById("price"));
    if (!kept || box.value !== box.defaultValue || box.getAttribute("aria-invalid") === "true") return;
    box.value = box.defaultValue = kept.defaultValue;
    renew("price-capital");
  });
})();
