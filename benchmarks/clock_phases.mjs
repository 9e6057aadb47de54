// What pages could make of `Date` + `Age`, at many phases of the edge: the second table in docs/clock.md.
//
//   node benchmarks/clock_phases.mjs
//
// Time is simulated, so that thousands of pages take seconds; the answers are read by page.js's own `readTime`. Each page
// polls once a second, give or take 20 %, behind an edge that keeps the pointer for one second or two, with a crowd (it is
// fetched again as soon as it is too old) or without (the page's own poll has it fetched). A request and its answer take
// up to 150 ms each. The same numbers come out of each run.

import { readFileSync } from "node:fs";

const PAGES = 20_000;
const POLLS = [1, 3, 10, 21, 60];
const SECOND = 1000;
const FETCH = 20;
const GUESSES = {
  "the lower bound": ({ least }) => least,
  "the middle (page.js)": ({ offset }) => offset,
  "the upper bound less 0.5 s": ({ least, most }) => Math.max(least, most - SECOND / 2),
};

const source = readFileSync(new URL("../themes/plain/assets/page.js", import.meta.url), "utf8");
const between = (from, to) => source.slice(source.indexOf(from), source.indexOf(to));
const parts = [between("const SECOND", "const page ="), between("let clock =", "// The pointer")];
const known = "return { readTime, known: () => ({ least, most, offset: clock.offset }) };";
const makeClock = new Function(parts.join("\n") + known);

// Mulberry32: random enough for phases, and the same in each run.
let seed = 1;
function random(below = 1) {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return (((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below;
}

const wholeSeconds = (time) => Math.floor(time / SECOND);

// An edge's answer to a request that reaches it at `time`: its two headers, and when it leaves.
function makeEdge(start) {
  const ttl = random() < 0.5 ? SECOND : 2 * SECOND;
  const crowded = random() < 0.5;
  let made = start - random(ttl);
  return (time) => {
    // With a crowd each copy follows the last one at once, some milliseconds later in its second.
    while (crowded && time - made >= ttl) made += ttl + random(5);
    const fetched = !crowded && time - made >= ttl;
    if (fetched) made = time + FETCH / 2;
    const leaves = fetched ? time + FETCH : time;
    const headers = {
      date: new Date(wholeSeconds(made) * SECOND).toUTCString(),
      age: wholeSeconds(leaves - made),
    };
    return { headers: { get: (name) => headers[name] ?? null }, leaves };
  };
}

// The page's performance.now() is the server's time itself here: what it takes for the offset is its error.
function watch(note) {
  const { readTime, known } = makeClock();
  let time = 1.8e12 + random(1000 * SECOND);
  const answer = makeEdge(time);
  const delay = random(150);
  for (let poll = 1; poll <= Math.max(...POLLS); poll++) {
    const sent = time;
    const { headers, leaves } = answer(sent + random(delay));
    const received = leaves + random(delay);
    readTime(headers, sent, received);
    if (POLLS.includes(poll)) note(poll, known());
    time = received + SECOND * (0.8 + random(0.4));
  }
}

const late = Object.fromEntries(POLLS.map((poll) => [poll, Object.keys(GUESSES).map(() => [])]));
for (let page = 0; page < PAGES; page++)
  watch((poll, known) => Object.values(GUESSES).forEach((guess, column) => late[poll][column].push(-guess(known))));

function spread(values) {
  const sorted = values.sort((one, other) => one - other);
  const at = (part) => sorted[Math.round(part * (sorted.length - 1))] / SECOND;
  return [0, 0.05, 0.5, 0.95, 1].map((part) => at(part).toFixed(2)).join(", ");
}

const row = (cells) => `| ${cells.join(" | ")} |`;
console.log(row(["polls", ...Object.keys(GUESSES)]));
console.log(row(["---:", ...Object.keys(GUESSES).map(() => "---:")]));
for (const poll of POLLS) console.log(row([poll, ...late[poll].map(spread)]));
