// The page's one script: it reads the pointer, keeps the server's time, and opens and closes the buy buttons.
//
// What it needs in a theme's HTML, which has all the texts (this file has none):
//   script#flashgen               JSON: pointer (relative URL), origins, timezone, starts_at, ends_at, products
//                                 (their number, on a page that may not have a button for each),
//                                 query (what order URLs add: the language, in a sale of several)
//   button[data-sku]              aria-disabled="true", inside an element with data-state
//   main[data-label-live] …       the buttons' text in each state: scheduled, live, paused, soldout, ended
//   [data-when="live paused"]     shown in these states only; with `unknown`, until the script runs
//   .status [data-when]           sentences, which are also announced. Besides the states they have `unknown` (before the
//                                 first answer, and without this script), `due` (the start has come, the sale has not
//                                 opened), `no-answer` and `offline`. Only `unknown` is not hidden in the HTML.
//   [data-since]                  its text has {time}: since when there is no answer
//   [data-unit=d|h|m|s]           the countdown's digits, from the largest; leading zeros get the class `zero`
//   #announcement[data-label]     read out by screen readers; the label is that of the start, for the time left to it
//   time[data-time=starts_at|ends_at]
// A script that adds or removes buttons dispatches the event "buttons" on the document.

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

// Time left to the opening, and how often to poll while there is more than that. unlock/polling.py has it too.
const SCHEDULE = [
  [HOUR, 5 * MINUTE],
  [10 * MINUTE, MINUTE],
  [MINUTE, 15 * SECOND],
  [10 * SECOND, 5 * SECOND],
  [-Infinity, SECOND],
];
const RUSH = 5 * MINUTE;
const POLL_IN_RUSH = 10 * SECOND;
const POLL_LATER = 30 * SECOND;
const BACK_OFF_CAP = 30 * SECOND;
const REQUEST_LIMIT = 10 * SECOND;
// Failed polls before the page says so. At the start a single one is enough.
const FAILURES_MAX = 3;
// How late a sale may open, by a poll and the edge's copy, before the page says that its start has come.
const LATE = 5 * SECOND;
// A tick that comes earlier or later than this shows that the device slept, or that its clock was set.
const JUMP = 3 * SECOND;
// Seconds before the opening at which screen readers say how long it is.
const ANNOUNCED = [10, 60, 600];
const FORWARDS = 5;
const PROBE_LIMIT = 800;

const STATES = ["scheduled", "live", "paused", "ended"];
const POINTER_NAME = /^unlock\.[a-z0-9]+\.js$/;
const ORDER_PATH = /^\/[\w./~-]+$/;
// In the calendar and digits that the build writes.
const LONG_DATE = {
  weekday: "long", year: "numeric", month: "long", day: "numeric", hour: "numeric", minute: "2-digit",
  timeZoneName: "long", calendar: "gregory", numberingSystem: "latn",
};
const CLOCK_TIME = { timeStyle: "medium", numberingSystem: "latn" };
const UNITS = { d: 86400, h: 3600, m: 60, s: 1 };

const page = JSON.parse(document.getElementById("flashgen").textContent);
const root = document.documentElement;
const main = document.querySelector("main");
const findButtons = () => [...document.querySelectorAll("button[data-sku]")];
let buttons = findButtons();
const units = [...document.querySelectorAll("[data-unit]")];
const sinces = [...document.querySelectorAll("[data-since]")].map((element) => [element, element.textContent]);

// The server's clock

// Offset and error in ms from performance.now(), which no visitor can set. An unknown offset is long ago: nothing opens.
let clock = { offset: -Infinity, error: 0, exact: false };

// If answers have whole seconds only: the bounds of the offset.
let least = -Infinity;
let most = -Infinity;

let latest = -Infinity;

function serverNow() {
  const now = performance.now() + clock.offset;
  // The middle of two bounds may move back. The time then waits, so that a button that has opened stays open.
  return (latest = clock.exact ? now : Math.max(now, latest));
}

// For the countdown only, which may use the visitor's clock until the server's time is known. It opens nothing.
const countdownNow = () => (isFinite(clock.offset) ? serverNow() : Date.now());

function addExactReading(offset, error) {
  // The tightest reading counts until another contradicts it: performance.now() stops while a laptop sleeps.
  const contradicted = Math.abs(offset - clock.offset) > error + clock.error;
  if (!clock.exact || error < clock.error || contradicted) clock = { offset, error, exact: true };
}

function addBounds(low, high) {
  // More than a second above the old bounds: performance.now() has stopped for a while. Less: another cache on the way
  // has cut the seconds again, and then only the lower bound holds.
  most = low > most + SECOND ? high : Math.min(high, most);
  least = Math.max(low, least);
  if (clock.exact && low <= clock.offset + clock.error) return;
  clock = { offset: Math.max(least, (least + most) / 2), error: 0, exact: false };
}

function readTime(headers, sent, received) {
  const exact = parseInt(headers.get("x-now"), 10);
  // RFC 9110 and 9111: both are cut to whole seconds, so the true time is their sum, or up to two seconds after it.
  const stated = Date.parse(headers.get("date")) + Number(headers.get("age")) * SECOND;
  if (exact) addExactReading(exact - (sent + received) / 2, (received - sent) / 2);
  else if (stated) addBounds(stated - received, stated + 2 * SECOND - sent);
}

// The pointer

let pointer = null;
let pointerUrl = page.pointer;
let gone = new Set();

const isTime = (text) => !isNaN(Date.parse(text));

function check(value) {
  const ok =
    Number.isInteger(value.rev) &&
    STATES.includes(value.state) &&
    isTime(value.starts_at) &&
    isTime(value.ends_at) &&
    (!value.opens_at || isTime(value.opens_at)) &&
    Array.isArray(value.closed) &&
    Array.isArray(value.sold);
  if (!ok) throw new Error("not a pointer");
}

// Parsed, never run: a writer of the pointer alone cannot run code in the page.
const parse = (text) => JSON.parse(/^\s*flashgen\((.*)\)\s*;?\s*$/s.exec(text)[1]);

async function read(url, signal, forwards) {
  const sent = performance.now();
  // The random query defeats caches on the way that ignore no-store; it is not in the edge's cache key.
  const response = await fetch(url + "?" + Math.random().toString(36).slice(2), {
    cache: "no-store", credentials: "omit", signal,
  });
  const received = performance.now();
  const text = await response.text();
  if (!response.ok) throw new Error(response.status);
  const value = parse(text);
  if (value.forward !== undefined) return follow(value.forward, url, signal, forwards);
  check(value);
  readTime(response.headers, sent, received);
  return { url, value };
}

function follow(name, url, signal, forwards) {
  if (!forwards || !POINTER_NAME.test(name)) throw new Error("bad forward");
  return read(url.replace(/[^/]*$/, name), signal, forwards - 1);
}

function accept({ url, value }) {
  // An edge may lag behind another. Revisions of another pointer (after a forward) do not compare with ours.
  if (pointer && url === pointerUrl && value.rev < pointer.rev) return;
  pointerUrl = url;
  pointer = value;
  gone = new Set([...value.closed, ...value.sold]);
}

// The state of the sale

function times() {
  const { state, starts_at, ends_at, opens_at } = pointer || page;
  // A sale that was rolled back to scheduled may still hold the opening of its last go-live.
  const opening = state === "live" && opens_at ? opens_at : starts_at;
  return { opens: Date.parse(opening), ends: Date.parse(ends_at) };
}

// The page refuses origins that are not baked into it, and paths that could name another host or query.
function servers() {
  const { path, origins } = pointer.order || {};
  if (!ORDER_PATH.test(path) || !Array.isArray(origins)) return [];
  return origins.filter((origin) => page.origins.includes(origin)).map((origin) => origin + path);
}

function saleState(now) {
  if (!pointer) return "scheduled";
  const { opens, ends } = times();
  if (now >= ends) return "ended";
  if (pointer.state !== "live") return pointer.state;
  if (pointer.opens_at && now < opens) return "scheduled";
  return servers().length ? "live" : "paused";
}

const isGone = (sku) => gone.has("*") || gone.has(sku);

// Every entry of `gone` is a SKU of the sale, so their number tells it where buttons are missing.
const allGone = () =>
  page.products
    ? gone.has("*") || gone.size >= page.products
    : buttons.every((button) => isGone(button.dataset.sku));

const orGone = (state, is) => (is && state !== "ended" ? "soldout" : state);

// Showing it

let painted = "";
let state = "";
let sentence = "";
let secondsLeft = 0;

const buttonState = (button, sale) => orGone(sale, isGone(button.dataset.sku));

function paintButton(button, sale) {
  const own = buttonState(button, sale);
  button.closest("[data-state]").dataset.state = own;
  // A button that is `disabled` loses the focus, and Firefox brings that back on a reload (Mozilla bug 654072).
  button.disabled = false;
  button.setAttribute("aria-disabled", own !== "live");
  button.textContent = main.getAttribute("data-label-" + own);
}

const inWords = (time, options) => new Intl.DateTimeFormat(root.lang || undefined, options).format(time);

function paintTime(element) {
  const time = pointer[element.dataset.time];
  if (Date.parse(time) === Date.parse(element.dateTime)) return;
  element.dateTime = time;
  try {
    element.textContent = inWords(new Date(time), { ...LONG_DATE, timeZone: page.timezone });
  } catch {
    // A browser that is older than the zone's name: the visitor's zone, which is named as well.
    element.textContent = inWords(new Date(time), LONG_DATE);
  }
}

function paintSale(sale) {
  buttons.forEach((button) => paintButton(button, sale));
  if (pointer) document.querySelectorAll("[data-time]").forEach(paintTime);
  root.dataset.state = state = orGone(sale, allGone());
}

// What .status says: the sale's state, unless the page cannot know it.
function sentenceNow() {
  if (state === "soldout" || state === "ended") return state; // nothing to wait for
  if (navigator.onLine === false) return "offline";
  const late = countdownNow() - times().opens;
  const waits = state === "scheduled";
  if (failures >= FAILURES_MAX || (failures && waits && late >= 0)) return "no-answer";
  if (!pointer) return "unknown";
  return waits && late > LATE ? "due" : state;
}

const announce = (text) => (document.getElementById("announcement").textContent = text);

const message = () => document.querySelector(".status [data-when]:not([hidden])")?.textContent ?? "";

function paintMessages() {
  const before = message();
  const since = inWords(failingSince, CLOCK_TIME);
  for (const [element, text] of sinces) element.textContent = text.replace("{time}", since);
  for (const element of document.querySelectorAll("[data-when]"))
    element.hidden = !element.dataset.when.split(" ").includes(element.closest(".status") ? sentence : state);
  if (message() !== before) announce(message());
}

function paintCountdown(sale) {
  const { opens, ends } = times();
  const total = Math.max(0, Math.ceil(((sale === "scheduled" ? opens : ends) - countdownNow()) / SECOND));
  let left = total;
  for (const element of units) {
    const size = UNITS[element.dataset.unit];
    element.textContent = String(Math.floor(left / size)).padStart(2, "0");
    element.classList.toggle("zero", total < size);
    left %= size;
  }
  if (sale === "scheduled") announceTimeLeft(total);
}

function announceTimeLeft(total) {
  if (total && ANNOUNCED.some((mark) => total <= mark && mark < secondsLeft)) {
    const words = new Intl.RelativeTimeFormat(root.lang || undefined, { numberingSystem: "latn" });
    const time = total < 60 ? words.format(total, "second") : words.format(Math.round(total / 60), "minute");
    announce(document.getElementById("announcement").dataset.label + ": " + time);
  }
  secondsLeft = total;
}

function paint() {
  const sale = saleState(serverNow());
  const version = sale + pointer?.nonce + pointer?.rev;
  const before = state + sentence;
  if (version !== painted) paintSale(sale);
  sentence = sentenceNow();
  if (version !== painted || state + sentence !== before) paintMessages();
  painted = version;
  paintCountdown(sale);
}

let ticking;
let tickDue; // by the visitor's clock, which goes on while the device sleeps

// On the server's full seconds, so that the button opens with the last digit and not up to a second later.
function tick() {
  // Read before painting, and rounded up. Browsers cut fractions of a delay off, so a timer may fire just before the
  // second. A reading after the painting may be just after that second, which would then never be shown.
  const now = countdownNow();
  if (Math.abs(Date.now() - tickDue) > JUMP) poll();
  paint();
  clearTimeout(ticking);
  const delay = Math.ceil(SECOND - (now % SECOND));
  tickDue = Date.now() + delay;
  ticking = setTimeout(tick, delay);
}

// Polling

let waiting;
let request = null;
let failures = 0;
let failingSince = 0; // the server's time when the first of them was sent

function interval() {
  const now = serverNow();
  if (!isFinite(now)) return SECOND; // the first answer is still missing: back-off alone decides
  const left = times().opens - now;
  if (saleState(now) === "scheduled") return SCHEDULE.find(([above]) => left > above)[1];
  return -left < RUSH ? POLL_IN_RUSH : POLL_LATER;
}

function delay() {
  const backOff = failures && Math.min(BACK_OFF_CAP, 2 ** failures * SECOND);
  return Math.max(interval(), backOff) * (0.8 + 0.4 * Math.random());
}

async function poll() {
  stopPolling();
  const mine = (request = new AbortController());
  // About 3 s near the opening, so that a hanging request does not delay it. More after failures: the line may be slow.
  const limit = setTimeout(() => mine.abort(), Math.min(REQUEST_LIMIT, 3 * delay()));
  let answer = null;
  const sent = countdownNow();
  try {
    answer = await read(pointerUrl, mine.signal, FORWARDS);
  } catch {
    // Offline, busy, or a page where the pointer should be: the page keeps its state, and asks again.
  }
  clearTimeout(limit);
  if (mine !== request) return;
  if (!failures) failingSince = sent;
  failures = answer ? 0 : failures + 1;
  if (answer) accept(answer);
  waiting = setTimeout(poll, delay());
  tick();
}

function stopPolling() {
  clearTimeout(waiting);
  request?.abort();
  request = null;
}

function wake() {
  if (document.hidden) {
    clearTimeout(ticking);
    return stopPolling();
  }
  tickDue = Date.now();
  tick();
  poll();
}

// Ordering

async function probe(url) {
  const options = { cache: "no-store", credentials: "omit", signal: AbortSignal.timeout(PROBE_LIMIT) };
  const response = await fetch(new URL("/readyz", url), options);
  if (!response.ok) throw new Error(response.status);
  return url;
}

// The first server that is ready, so that a busy one gets fewer buyers; it fails if none is.
export const ready = () => Promise.any(servers().map(probe));

// If none answers, one at random: they may only be slow, or the visitor's network may block everything but pages.
function choose(urls) {
  const any = urls[Math.floor(Math.random() * urls.length)];
  return urls.length < 2 ? any : ready().catch(() => any);
}

export const query = (sku) => "?sku=" + encodeURIComponent(sku) + (page.query ?? "");

async function order({ target }) {
  const button = target.closest("button[data-sku]");
  if (!button || button.ariaBusy || buttonState(button, saleState(serverNow())) !== "live") return;
  button.ariaBusy = true;
  const url = await choose(servers());
  button.ariaBusy = null;
  location.assign(url + query(button.dataset.sku));
}

document.addEventListener("click", order);
document.addEventListener("buttons", () => {
  buttons = findButtons();
  painted = "";
  paint();
});
document.addEventListener("visibilitychange", wake);
addEventListener("online", wake);
addEventListener("offline", wake);
addEventListener("pageshow", ({ persisted }) => {
  // Browsers bring pages back as they were left.
  painted = "";
  if (persisted) wake();
  else paint();
});
wake();
