// Pages that poll and guess the server's time, by the functions of page.js itself: see clock.py, which runs this.
//
//   node clock.mjs PAGE_JS '{"edges": [{"name", "url", "hides"}], "pages": 24, "polls": [1, 2, 5]}'
//
// Prints, by edge and number of polls, how many seconds each page's guess was behind this machine's clock.

import { readFileSync } from "node:fs";

const [file, text] = process.argv.slice(2);
const { edges, pages, polls } = JSON.parse(text);
const source = readFileSync(file, "utf8");
const between = (from, to) => source.slice(source.indexOf(from), source.indexOf(to));
const parts = [between("const SECOND", "const page ="), between("// The server's clock", "function accept")];
const makePage = new Function("page", "fetch", parts.join("\n") + "return { read, serverNow };");

const sleep = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

async function without(name, url, options) {
  const response = await fetch(url, options);
  const headers = new Headers(response.headers);
  headers.delete(name);
  return { ok: response.ok, headers, text: () => response.text() };
}

async function watch({ url, hides }) {
  const { read, serverNow } = makePage({}, (...request) => without(hides, ...request));
  const behind = [];
  await sleep(Math.random());
  for (let poll = 1; poll <= Math.max(...polls); poll++) {
    await read(url, undefined, 0);
    if (polls.includes(poll)) behind.push((Date.now() - serverNow()) / 1000);
    await sleep(0.8 + 0.4 * Math.random());
  }
  return behind;
}

const watched = edges.map(async (edge) => {
  const behind = await Promise.all(Array.from({ length: pages }, () => watch(edge)));
  return [edge.name, Object.fromEntries(polls.map((poll, column) => [poll, behind.map((row) => row[column])]))];
});
console.log(JSON.stringify(Object.fromEntries(await Promise.all(watched))));
