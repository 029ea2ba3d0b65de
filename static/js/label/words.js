// The page's translated words, and numbers as people write them.

const words = document.getElementById("label-texts")?.dataset ?? {};
const money = new Intl.NumberFormat(document.documentElement.lang, {
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
  useGrouping: false,
});

/** The sentence called `name`, with {places} filled in. */
export function say(name, places = {}) {
  return (words[name] ?? "").replace(/\{(\w+)\}/g, (whole, place) => places[place] ?? whole);
}

export function amount(number) {
  return money.format(number);
}
