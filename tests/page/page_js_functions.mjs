// Runs functions of page.js without a browser: reads cases from stdin, prints what each gives.
//
//   node page_js_functions.mjs PAGE_JS < '{"clock": [[[{"x-now"|"date"|"age": …}, sent, received], …], …], "pointers": […]}'

import { readFileSync } from "node:fs";

const source = readFileSync(process.argv[2], "utf8");
const between = (from, to) => source.slice(source.indexOf(from), source.indexOf(to));
const clockParts = [between("const SECOND", "const page ="), between("let clock =", "// The pointer")];
const makeClock = () => new Function(clockParts.join("\n") + "return { readTime, offset: () => clock.offset };")();
const pointerParts = [between("const SECOND", "const page ="), between("const isTime", "async function read")];
const { parse, check } = new Function(pointerParts.join("\n") + "return { parse, check };")();

function offsets(answers) {
  const clock = makeClock();
  return answers.map(([headers, sent, received]) => {
    clock.readTime(new Headers(headers), sent, received);
    return clock.offset();
  });
}

function isPointer(text) {
  try {
    check(parse(text));
    return true;
  } catch {
    return false;
  }
}

const cases = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify({ clock: cases.clock.map(offsets), pointers: cases.pointers.map(isPointer) }));
