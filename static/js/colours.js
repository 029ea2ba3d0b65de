// Tokens for what CSS cannot paint (canvas): a custom property holds the text of light-dark(), so let the browser resolve it.

/** The colour of a token such as "--s1" in the theme at hand, as the browser computes it: "rgb(…)". */
export function tokenColour(name) {
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  probe.style.color = `var(${name})`;
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** Call back whenever the theme changes, by the switch or by the system. */
export function onThemeChange(callback) {
  document.addEventListener("evenhand:theme", callback);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", callback);
}
