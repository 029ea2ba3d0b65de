// Runs before the page is painted, so that a chosen theme never flashes. The choice lives in this browser only;
// without one, the style sheet follows the system.
(() => {
  const root = document.documentElement;
  const key = "evenhand-theme";

  function stored() {
    try {
      return localStorage.getItem(key) ?? "auto";
    } catch {
      return "auto"; // storage is switched off: follow the system
    }
  }

  function apply(choice) {
    if (choice === "light" || choice === "dark") root.dataset.theme = choice;
    else delete root.dataset.theme;
  }

  function mark(choice) {
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === choice));
    }
  }

  function choose(choice) {
    try {
      localStorage.setItem(key, choice);
    } catch {
      // The choice then lasts for this page only.
    }
    apply(choice);
    mark(choice);
    document.dispatchEvent(new CustomEvent("evenhand:theme", { detail: { choice } }));
  }

  root.classList.remove("no-js");
  apply(stored());
  document.addEventListener("DOMContentLoaded", () => mark(stored()));
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-choice]");
    if (button) choose(button.dataset.themeChoice);
  });
  addEventListener("storage", (event) => {
    if (event.key !== key) return;
    apply(stored());
    mark(stored());
  });
})();
