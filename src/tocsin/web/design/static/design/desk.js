// What the desk does in the browser beyond links and forms. Every page works without it.
"use strict";

(() => {
  const root = document.documentElement;
  root.classList.add("js");

  // ---- light and dark, remembered; at once, so that no page flashes in the wrong one ----

  const THEME = "tocsin-theme";
  const night = window.matchMedia("(prefers-color-scheme: dark)");

  function remembered() {
    try {
      return window.localStorage.getItem(THEME);
    } catch {
      return null; // storage is forbidden: the system's choice holds
    }
  }

  function isDark() {
    return root.dataset.theme ? root.dataset.theme === "dark" : night.matches;
  }

  const before = remembered();
  if (before === "dark" || before === "light") {
    root.dataset.theme = before;
  }

  function showTheme() {
    for (const button of document.querySelectorAll("[data-theme-toggle]")) {
      button.setAttribute("aria-pressed", String(isDark()));
    }
  }

  function turnTheme() {
    const next = isDark() ? "light" : "dark";
    root.dataset.theme = next;
    try {
      window.localStorage.setItem(THEME, next);
    } catch {
      // it holds for this page only
    }
    showTheme();
  }

  night.addEventListener("change", showTheme);

  // ---- menus ----

  function turnMenu(button) {
    const menu = document.getElementById(button.getAttribute("aria-controls"));
    const open = button.getAttribute("aria-expanded") !== "true";
    button.setAttribute("aria-expanded", String(open));
    menu?.classList.toggle(`${menu.classList[0]}--open`, open);
  }

  function closeMenus(event) {
    for (const menu of document.querySelectorAll("details[data-closes][open]")) {
      if (event.key === "Escape" || !menu.contains(event.target)) {
        menu.removeAttribute("open");
        if (event.key === "Escape") {
          menu.querySelector("summary").focus();
        }
      }
    }
  }

  function countPicked(event) {
    const menu = event.target.closest("details.pick");
    const place = menu?.querySelector("[data-pick-count]");
    if (place) {
      const count = menu.querySelectorAll("input:checked").length;
      place.textContent = count ? ` (${count})` : "";
    }
  }

  // ---- lists by keyboard ----

  const links = () => [...document.querySelectorAll("[data-list-row] .table__link")];

  function move(by) {
    const all = links();
    if (!all.length) {
      return;
    }
    const row = document.activeElement?.closest("[data-list-row]");
    const here = row ? all.findIndex((link) => row.contains(link)) : -1;
    const next = here < 0 ? (by > 0 ? 0 : all.length - 1) : here + by;
    all[Math.max(0, Math.min(all.length - 1, next))].focus();
  }

  // ---- passkeys: what the browser refuses is said, and not kept for the console ----

  function whyRefused(error) {
    if (error.name === "SecurityError") {
      const named = `http://localhost:${window.location.port}`;
      return window.location.hostname === "localhost"
        ? "The browser gives no passkey to this address."
        : `Browsers give passkeys to a name with TLS, or on this machine to ${named}: open that.`;
    }
    if (error.name === "InvalidStateError") {
      return "This passkey is set up here already.";
    }
    if (error.name === "NotAllowedError") {
      return "No passkey of this desk answered, or it was called off. Try again.";
    }
    return `The browser refused: ${error.message}`;
  }

  document.addEventListener("allauth.error", (event) => {
    const place = document.querySelector("[data-passkey-refused]");
    if (place) {
      event.preventDefault();
      place.hidden = false;
      place.textContent = whyRefused(event.detail.exception);
    }
  });

  function isTyping(target) {
    return target.closest("input, select, textarea, [contenteditable], dialog") !== null;
  }

  function onKey(event) {
    if (event.key === "Escape") {
      closeMenus(event);
    }
    const inList = document.querySelector("[data-list]");
    if (inList && event.key === "ArrowDown" && event.target.matches("[data-list-search]")) {
      event.preventDefault();
      move(1);
      return;
    }
    if (!inList || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) {
      return;
    }
    const inRow = event.target.closest("[data-list-row]") !== null;
    const keys = {
      "/": () => document.querySelector("[data-list-search]")?.select(),
      "?": () => document.querySelector("[data-list-keys]")?.showModal(),
      j: () => move(1),
      k: () => move(-1),
      // The arrows scroll the page elsewhere.
      ArrowDown: inRow ? () => move(1) : undefined,
      ArrowUp: inRow ? () => move(-1) : undefined,
    };
    const act = keys[event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  }

  // ---- parts that are folded on a phone ----

  const phone = window.matchMedia("(max-width: 48rem)");

  function fold() {
    // A link may lead to a part, as those to older pages of a story do.
    const asked = document.getElementById(window.location.hash.slice(1));
    for (const part of document.querySelectorAll("details[data-fold]")) {
      part.open = !phone.matches || part.contains(asked);
    }
  }

  document.addEventListener("DOMContentLoaded", fold);
  phone.addEventListener("change", fold);
  document.addEventListener("keydown", onKey);
  document.addEventListener("change", countPicked);
  document.addEventListener("click", (event) => {
    closeMenus(event);
    const button = event.target.closest("button");
    if (button?.matches("[data-theme-toggle]")) {
      turnTheme();
    } else if (button?.matches("[data-menu-toggle]")) {
      turnMenu(button);
    } else if (button?.matches("[data-keys-open]")) {
      document.querySelector("[data-list-keys]")?.showModal();
    }
  });
  document.addEventListener("DOMContentLoaded", showTheme);
})();
