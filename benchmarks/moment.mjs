// Pages that wait for their sale to open: page.js itself, as often as wanted, on a document of one button.
//
//   node moment.mjs PAGE_JS '{"edges": ["http://127.0.0.1:8080"], "page": "/bench/index.html", "pages": 200, "until": MS}'
//
// Reads what the page was built with from each edge. Prints, by edge, when each page's button opened (ms of this
// machine's clock), when all have, or at `until`.

import { readFileSync } from "node:fs";

const [file, text] = process.argv.slice(2);
const { edges, page, pages, until } = JSON.parse(text);
const run = new Function("document", "addEventListener", "navigator", readFileSync(file, "utf8"));
const CONFIG = /<script type="application\/json" id="flashgen">(.*?)<\/script>/s;
const ARRIVE_WITHIN = 2000;

const sleep = (delay) => new Promise((done) => setTimeout(done, delay));

function documentOf(config, onOpen) {
  const place = { dataset: {} };
  const button = {
    dataset: { sku: "any" },
    closest: () => place,
    setAttribute(name, value) {
      if (name === "aria-disabled" && !value) onOpen();
    },
  };
  const found = { flashgen: { textContent: JSON.stringify(config) }, announcement: {} };
  return {
    hidden: false,
    documentElement: { dataset: {} },
    getElementById: (id) => found[id],
    querySelector: (selector) => (selector === "main" ? { getAttribute: () => "" } : null),
    querySelectorAll: (selector) => (selector === "button[data-sku]" ? [button] : []),
    addEventListener() {},
  };
}

async function waitAt(edge) {
  await sleep(Math.random() * ARRIVE_WITHIN);
  const html = await (await fetch(edge + page)).text();
  const config = JSON.parse(CONFIG.exec(html)[1]);
  config.pointer = new URL(config.pointer, edge + page).href;
  return new Promise((open) => run(documentOf(config, () => open(Date.now())), () => {}, {}));
}

const late = sleep(until - Date.now()).then(() => null);
const opened = edges.map(async (edge) => {
  const waiting = Array.from({ length: pages }, () => Promise.race([waitAt(edge), late]));
  return [edge, await Promise.all(waiting)];
});
console.log(JSON.stringify(Object.fromEntries(await Promise.all(opened))));
process.exit();
