// What depends on the visitor's own device: the start in their time zone, how they share a page, and which picture they see.
//
// What it needs in a theme's HTML, which has all the texts (this file has none):
//   time[data-time=starts_at]   the start in the sale's zone; page.js changes its `datetime` when the sale is postponed
//   time[data-own=starts_at]    empty; gets the same instant in the visitor's zone
//   .strip, .thumbs             a product's pictures, and links to each; the link of the one that is seen is marked
//   [data-pass=needed|ready]    how to get a pass, and that the visitor has shown one; the second is hidden
//   a[data-share]               a link to what is shared, with the text for a copied link in data-copied

// In the calendar and digits that the build writes.
const DATE = {
  weekday: "long", month: "long", day: "numeric", hour: "numeric", minute: "2-digit", timeZoneName: "long",
  calendar: "gregory", numberingSystem: "latn",
};
const COPIED_FOR = 3000;

const start = document.querySelector("time[data-time=starts_at]");
const own = document.querySelector("time[data-own=starts_at]");

function showOwn() {
  own.dateTime = start.dateTime;
  own.textContent = new Intl.DateTimeFormat(document.documentElement.lang || undefined, DATE)
    .format(new Date(start.dateTime));
}

async function share(event) {
  const link = event.target.closest("a[data-share]");
  const { clipboard } = navigator;
  if (!link || (!navigator.share && !clipboard)) return;
  event.preventDefault();
  try {
    if (navigator.share) return await navigator.share({ title: document.title, url: link.href });
  } catch ({ name }) {
    if (name === "AbortError") return;
  }
  const text = link.textContent;
  await clipboard?.writeText(link.href);
  document.getElementById("announcement").textContent = link.textContent = link.dataset.copied;
  setTimeout(() => (link.textContent = text), COPIED_FOR);
}

if (start && own) {
  showOwn();
  new MutationObserver(showOwn).observe(start, { attributeFilter: ["datetime"] });
}
document.addEventListener("click", share);

// A gate that has accepted a pass leads here with #ready. This tab remembers it; the gate alone decides.
function showPass() {
  const key = "flashgen pass " + JSON.parse(document.getElementById("flashgen").textContent).sale;
  let ready = location.hash === "#ready";
  try {
    if (ready) sessionStorage.setItem(key, "1");
    ready = ready || sessionStorage.getItem(key) === "1";
  } catch {
    // Storage may be forbidden: then this page alone shows it.
  }
  for (const element of passes) element.hidden = (element.dataset.pass === "ready") !== ready;
}
const passes = [...document.querySelectorAll("[data-pass]")];
if (passes.length) {
  showPass();
  addEventListener("hashchange", showPass);
}

const strip = document.querySelector(".strip");
const shown = new IntersectionObserver(
  (changes) => {
    for (const { target, isIntersecting } of changes) {
      const link = document.querySelector(`.thumbs a[href="#${target.id}"]`);
      if (isIntersecting) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  },
  { root: strip, threshold: 0.6 },
);
for (const item of strip?.children ?? []) shown.observe(item);
