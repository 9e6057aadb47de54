// The page that chooses a language: it goes to the first of the browser's languages that the sale has. It remembers
// nothing. If there is none it goes nowhere, and a visitor uses the page's links, as without a script.

const links = [...document.querySelectorAll("main a[hreflang]")];

const norwegian = ["nb", "nn", "no"];

// The language and the script that a tag implies: zh-TW is zh-Hant-TW. Norwegians read all kinds of Norwegian. Nothing for
// what is no tag, which a browser's settings may hold.
function full(tag) {
  try {
    const { language, script } = new Intl.Locale(tag).maximize();
    return { language: norwegian.includes(language) ? "no" : language, script };
  } catch {
    return {};
  }
}

function match(wanted) {
  const { language, script } = full(wanted);
  const spoken = links.filter((link) => full(link.hreflang).language === language);
  const read = spoken.filter((link) => full(link.hreflang).script === script);
  return (
    spoken.find((link) => link.hreflang === wanted) ??
    read.find((link) => wanted.startsWith(link.hreflang + "-")) ??
    read[0] ??
    spoken[0]
  );
}

const link = navigator.languages.map(match).find(Boolean);
if (link) location.replace(link.href + location.search + location.hash);
