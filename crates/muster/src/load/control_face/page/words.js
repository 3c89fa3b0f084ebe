// Numbers in words, as the live view of the terminal writes them.

const count = (number) => Math.round(number).toLocaleString("en-US");

const fixed = (number, digits) =>
  number.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** Seconds as a clock shows them. */
function time(seconds) {
  const parts = [seconds / 3600, (seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(Math.floor(part)).padStart(2, "0")).join(":");
}

// What stands on the page. Whatever a run says becomes text, never HTML.

const at = (id) => document.getElementById(id);

/** An element with a look (its classes) and what is inside: texts and elements. */
function made(tag, look, ...inside) {
  const element = document.createElement(tag);
  element.className = look;
  element.append(...inside);
  return element;
}

/** Puts a text in its place; one that stands there already is left alone, and so not read aloud again. */
function write(id, text) {
  if (at(id).textContent !== text) at(id).textContent = text;
}

/** Puts elements in their place, likewise. */
function lay(id, ...elements) {
  const next = at(id).cloneNode(false);
  next.append(...elements);
  if (!next.isEqualNode(at(id))) at(id).replaceChildren(...next.childNodes);
}
