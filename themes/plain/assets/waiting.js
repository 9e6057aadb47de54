// The page of buyers for whom no place was free: it asks the gate again, which sends them to the form, or back to here.
//
// What it needs in a theme's HTML, besides what page.js needs:
//   button[data-sku=""]   gets the SKU that the gate has put into the page's address
//   .until > *            a bar that gets shorter until the next try
//   .again                what is about trying again

import { query, ready } from "./page.js";

const FIRST_WAIT = 10;
const LONGEST_WAIT = 30;
const STEP = 0.25;

const button = document.querySelector("button[data-sku]");
const bar = document.querySelector(".until > *");
const sku = new URLSearchParams(location.search).get("sku");
// A redirect keeps the fragment of the address that it was asked for (RFC 9110, 10.2.2): it counts the tries.
const tries = Number(location.hash.slice(1)) || 0;

// Seconds, each 80 to 120 %, so that buyers who were turned away together do not come back together.
const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 1.5 ** tries) * (0.8 + 0.4 * Math.random());

// Nobody waits for a place that they do not see, nor for one in a sale that page.js shows as paused, sold out or over.
const isWaiting = () => !document.hidden && button.closest("[data-state]").dataset.state === "live";

let left = wait;

async function tick() {
  if (isWaiting()) left -= STEP;
  bar.style.inlineSize = (100 * Math.max(0, left)) / wait + "%";
  if (left > 0) return setTimeout(tick, STEP * 1000);
  try {
    // In place of this page, so that the way back leads to the sale.
    location.replace((await ready()) + query(sku) + "#" + (tries + 1));
  } catch {
    left = wait; // no server is ready: here the buyer reads why they wait, and in a browser's error page they do not
    tick();
  }
}

if (sku) {
  button.dataset.sku = sku;
  tick();
} else {
  document.querySelector(".again").hidden = true; // nobody knows what was wanted: the page leads back to the sale
}
