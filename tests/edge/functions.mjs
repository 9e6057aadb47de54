// Runs an edge function without CloudFront: reads events from stdin, prints what the handler makes of each.
//
//   node functions.mjs FUNCTION_JS < '[{"request": {"uri": "/x/", "query": "a=b" | null}}, {"response": {…}}, …]'

import { readFileSync } from "node:fs";
import { createContext, runInContext } from "node:vm";

// Nothing of node is there: only what ECMAScript itself has.
const context = createContext({}, { codeGeneration: { strings: false, wasm: false } });
runInContext(`"use strict";${readFileSync(process.argv[2], "utf8")};this.handler = handler;`, context);

function answer(event) {
  const { request } = event;
  if (request) request.rawQueryString = () => request.query ?? undefined;
  const made = context.handler(event);
  return made === request ? { uri: made.uri } : made;
}

console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(answer)));
