// Searches, filters and sorts all products of the sale in the browser. The index of them is loaded when somebody asks.
//
// The state is in the URL's fragment, `#q=lamp&sort=cheap`, so that the back button and a copied link work. An empty one
// is the page's own list. The texts are in the page.

const form = document.getElementById("tools");
const list = document.querySelector(".products");
const pager = document.querySelector(".pager");
const found = document.getElementById("found");
const more = document.getElementById("more");
const clear = document.querySelector("[type=reset]");
const template = document.getElementById("card").content.querySelector("li");
const details = form.querySelector("details");
const lang = document.documentElement.lang;

const ownCards = [...list.children];
const ownRange = found.textContent;
const step = Math.max(ownCards.length, 24);
const assets = form.dataset.index.replace(/[^/]*$/, "");

// Letters and spellings

// Marks that a searcher may leave out. Those of kana and of Indian scripts make another letter, and stay.
const MARKS = /[\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670]/g;
const LETTERS = {
  ß: "ss", æ: "ae", œ: "oe", ø: "o", đ: "d", ð: "d", þ: "th", ł: "l", ħ: "h", ı: "i", ς: "σ",
  ى: "ي", ی: "ي", ې: "ي", ة: "ه", ک: "ك",
};
const OTHER = new RegExp("[" + Object.keys(LETTERS).join("") + "]", "g");
const UMLAUTS = { ä: "ae", ö: "oe", ü: "ue", å: "aa", ø: "oe" };
const HAS_UMLAUTS = /^(de|da|nb|nn|no|sv|fi)\b/.test(lang);

// The same for texts that differ in case, accents, width, kind of kana or digits.
function fold(text) {
  return text
    .normalize("NFKD")
    .toLowerCase()
    .replace(MARKS, "")
    .replace(OTHER, (letter) => LETTERS[letter])
    .replace(/[\u30a1-\u30f6]/g, (kana) => String.fromCharCode(kana.charCodeAt() - 0x60))
    .replace(/[\u0660-\u0669\u06f0-\u06f9]/g, (digit) => digit.charCodeAt() & 15);
}

// Names are found by both spellings of an umlaut: Mütze by `mutze` and by `muetze`.
function searchable(text) {
  const spelled = text.toLowerCase().replace(/[äöüåø]/g, (letter) => UMLAUTS[letter]);
  return " " + fold(HAS_UMLAUTS ? text + " " + spelled : text);
}

// The index

let index;

async function load() {
  const response = await fetch(form.dataset.index);
  if (!response.ok) throw new Error(response.status);
  const { categories, products } = await response.json();
  return products.map(([sku, name, slug, price, priceText, was, wasText, saving, place, picture]) => {
    const kind = categories[place] ?? "";
    const text = searchable(`${name} ${sku} ${kind}`);
    return { sku, name, slug, price, priceText, off: was && 1 - price / was, wasText, saving, kind, picture, text };
  });
}

const products = () => (index ??= load());

// What is asked, and what fits

const collator = new Intl.Collator(lang, { numeric: true });
const ORDERS = {
  cheap: (one, other) => one.price - other.price,
  dear: (one, other) => other.price - one.price,
  saving: (one, other) => other.off - one.off,
  name: (one, other) => collator.compare(one.name, other.name),
};

function matches(all, query) {
  const words = fold(query.get("q") ?? "").split(/\s+/).filter(Boolean);
  const least = Number(query.get("from") ?? 0);
  const most = Number(query.get("to") ?? Infinity);
  const kinds = query.getAll("kind");
  const fitting = all.filter(
    ({ text, price, kind }) =>
      price >= least && price <= most && (!kinds.length || kinds.includes(kind)) && words.every((word) => text.includes(word)),
  );
  // Where a word begins, it was more likely meant than inside of another.
  const inside = ({ text }) => words.filter((word) => !text.includes(" " + word)).length;
  return fitting.sort(ORDERS[query.get("sort")] ?? ((one, other) => inside(one) - inside(other)));
}

// Cards

function fillPicture(card, picture) {
  const element = card.querySelector("picture");
  if (!picture) return element?.remove();
  const [src, width, height, srcset] = picture;
  const image = element.querySelector("img");
  const source = element.querySelector("source");
  source.srcset = srcset.map(([name, size]) => `${assets}${name} ${size}w`).join(", ");
  if (!srcset.length) source.remove();
  // Wide from 4:3 on, and elongated from 2:1 on, as in the page's own cards.
  const shape = 3 * width >= 4 * height ? "wide" : 4 * width <= 3 * height ? "tall" : "square";
  const className = shape + (width >= 2 * height || height >= 2 * width ? " elongated" : "");
  Object.assign(image, { className, width, height, src: assets + src });
}

function fillText(card, selector, text) {
  const element = card.querySelector(selector);
  if (text) element.lastChild.textContent = text;
  else element?.remove();
}

function cardOf(product, number) {
  const card = template.cloneNode(true);
  const button = card.querySelector("button");
  const heading = card.querySelector("h3");
  heading.id = "p" + number;
  heading.firstChild.href = form.dataset.home + product.slug + "/";
  fillText(card, "h3 a", product.name);
  if (list.matches(".rows")) fillText(card, ".category", product.kind);
  fillText(card, ".price b", product.priceText);
  fillText(card, ".price s", product.wasText);
  fillText(card, ".saving", product.saving);
  fillPicture(card, product.picture);
  button.dataset.sku = product.sku;
  button.setAttribute("aria-describedby", heading.id);
  return card;
}

function show(cards, text, ends) {
  list.replaceChildren(...cards);
  found.textContent = text;
  more.hidden = ends;
  document.dispatchEvent(new Event("buttons"));
}

// The state

let query = new URLSearchParams();
let turn = 0;

// What the form says, without fields that say nothing.
const asked = () => new URLSearchParams([...new FormData(form)].filter(([, value]) => value));

function fillForm() {
  for (const field of form.elements) {
    const values = query.getAll(field.name);
    if (field.type === "checkbox") field.checked = values.includes(field.value);
    else if (field.name) field.value = values[0] ?? "";
  }
  details.open ||= ["from", "to", "kind"].some((name) => query.has(name));
}

async function paint() {
  const mine = ++turn;
  const isOwn = ![...query.keys()].length;
  clear.hidden = isOwn;
  if (pager) pager.hidden = !isOwn;
  list.ariaBusy = null;
  if (isOwn) return show(ownCards, ownRange, true);
  list.ariaBusy = "true";
  try {
    const all = await products();
    if (mine !== turn) return;
    const fitting = matches(all, query);
    const count = Number(query.get("n")) || step;
    const text = fitting.length ? form.dataset.found : form.dataset.none;
    const numbers = { "{count}": fitting.length, "{total}": all.length };
    show(
      fitting.slice(0, count).map((product, place) => cardOf(product, place + 1)),
      text.replace(/\{\w+\}/g, (name) => numbers[name]),
      fitting.length <= count,
    );
  } catch {
    index = undefined; // the next question asks again
    if (mine === turn) found.textContent = form.dataset.failed;
  }
  if (mine === turn) list.ariaBusy = null;
}

function remember(how) {
  const hash = String(query);
  history[how](null, "", location.pathname + location.search + (hash && "#" + hash));
}

let edited;

// Each letter of a word replaces the entry of the one before, so that Back leaves the search at once.
function ask(field) {
  query = asked();
  remember(field && field === edited ? "replaceState" : "pushState");
  edited = field;
  if (list.getBoundingClientRect().top < 0) list.scrollIntoView();
  return paint();
}

function readUrl() {
  const hash = location.hash.slice(1);
  if (hash && !hash.includes("=")) return; // a place in the page, such as #main
  edited = undefined;
  query = new URLSearchParams(hash);
  fillForm();
  paint();
}

form.addEventListener("focusin", () => products().catch(() => (index = undefined)));
form.addEventListener("input", ({ target }) => ask(target));
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", (event) => {
  event.preventDefault(); // reset to what the page had when it was loaded, which may be a search
  query = new URLSearchParams();
  fillForm();
  ask();
  form.q.focus();
});
more.addEventListener("click", async () => {
  const count = list.children.length;
  query.set("n", count + step);
  remember("replaceState");
  await paint();
  list.children[count]?.querySelector("a").focus();
});
addEventListener("popstate", readUrl);
details.open = matchMedia("(min-width: 60rem)").matches;
if (location.hash) readUrl();
