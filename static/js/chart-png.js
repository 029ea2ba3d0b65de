// [data-save-png="#id"]: saves a chart as a PNG file: a drawing (SVG) as it looks now, or the canvas within the element.
//
// A picture of an SVG knows nothing of the page, so a copy takes along what the page gives it: the looks, as attributes,
// and the markers and patterns that it refers to. Nothing leaves the browser.

import { toast } from "./toasts.js";

const LOOKS = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "opacity",
  "font-family", "font-size", "font-weight", "text-anchor", "paint-order"];
const SCALE = 2;
const PAD = 12;

/** The copy of an element with its looks written down, and those of all in it. */
function copied(source) {
  const copy = source.cloneNode(true);
  const sources = [source, ...source.querySelectorAll("*")];
  [copy, ...copy.querySelectorAll("*")].forEach((element, number) => {
    const looks = getComputedStyle(sources[number]);
    for (const name of LOOKS) {
      const value = looks.getPropertyValue(name);
      if (value) element.setAttribute(name, value);
    }
    element.removeAttribute("class");
  });
  return copy;
}

function drawing(svg) {
  const copy = copied(svg);
  const defs = document.createElementNS("http://www.w3.org/2000/svg", "defs");
  for (const used of document.querySelectorAll(".chart-defs defs > *")) defs.append(used.cloneNode(true));
  copy.prepend(defs);
  const [, , width, height] = svg.getAttribute("viewBox").split(/\s+/).map(Number);
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", width * SCALE);
  copy.setAttribute("height", height * SCALE);
  return { text: new XMLSerializer().serializeToString(copy), width: width * SCALE, height: height * SCALE };
}

async function painted(element) {
  const canvas = document.createElement("canvas");
  const paint = canvas.getContext("2d");
  const own = element.matches("canvas") ? element : element.querySelector("canvas");
  const { width, height, text } = own ?? drawing(element.matches("svg") ? element : element.querySelector("svg"));
  canvas.width = width + 2 * PAD;
  canvas.height = height + 2 * PAD;
  paint.fillStyle = getComputedStyle(element.closest(".chart") ?? document.body).backgroundColor;
  paint.fillRect(0, 0, canvas.width, canvas.height);
  const picture = own ?? new Image(width, height);
  if (!own) {
    picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
    await picture.decode();
  }
  paint.drawImage(picture, PAD, PAD, width, height);
  return canvas.toDataURL("image/png");
}

async function save(button) {
  try {
    const link = document.createElement("a");
    link.href = await painted(document.querySelector(button.dataset.savePng));
    link.download = button.dataset.fileName;
    link.click();
  } catch {
    toast("warning", button.dataset.failed);
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-save-png]");
  if (button) save(button);
});
