// The page's one script: it reads the pointer, keeps the server's time, and opens and closes the buy buttons.
//
// What it expects of a theme's HTML; the texts are all there, this file holds none:
//   script#flashgen               JSON: pointer (relative URL), origins, starts_at, ends_at, products (their number)
//   button[data-sku]              disabled, inside an element with data-state
//   main[data-label-live] …       the buttons' text in each state: scheduled, live, paused, soldout, ended
//   [data-when="live paused"]     shown in these states only; inside .status it is also announced
//   [data-unit=d|h|m|s]           the countdown's digits, from the largest; leading zeros get the class `zero`
//   time[data-time=starts_at|ends_at], #announcement

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

// Time left to the opening, and how often to poll while there is more than that. `flashgen forecast` has the same table.
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
const FORWARDS = 5;
const PROBE_LIMIT = 800;

const STATES = ["scheduled", "live", "paused", "ended"];
const POINTER_NAME = /^unlock\.[a-z0-9]+\.js$/;
const ORDER_PATH = /^\/[\w./~-]+$/;
// In the visitor's zone, and in the calendar and digits that the build writes.
const LONG_DATE = {
  weekday: "long", year: "numeric", month: "long", day: "numeric", hour: "numeric", minute: "2-digit",
  timeZoneName: "short", calendar: "gregory", numberingSystem: "latn",
};
const UNITS = { d: 86400, h: 3600, m: 60, s: 1 };

const page = JSON.parse(document.getElementById("flashgen").textContent);
const root = document.documentElement;
const main = document.querySelector("main");
const buttons = [...document.querySelectorAll("button[data-sku]")];
const units = [...document.querySelectorAll("[data-unit]")];

// The server's clock

// Offset and error in ms against performance.now(), which no visitor can set. Unknown is "long ago": nothing opens.
let clock = { offset: -Infinity, error: 0, exact: false };

// Where the answers tell whole seconds only: between what the offset has to be.
let least = -Infinity;
let most = -Infinity;

let latest = -Infinity;

function serverNow() {
  const now = performance.now() + clock.offset;
  // The middle of two bounds may move back. Its time stands still then: what has opened stays open.
  return (latest = clock.exact ? now : Math.max(now, latest));
}

// For the countdown only: until the server's time is known the visitor's clock may fill it. It opens nothing.
const countdownNow = () => (isFinite(clock.offset) ? serverNow() : Date.now());

function hearExact(offset, error) {
  // The tightest reading stays until another contradicts it: performance.now() stands still while a laptop sleeps.
  const contradicted = Math.abs(offset - clock.offset) > error + clock.error;
  if (!clock.exact || error < clock.error || contradicted) clock = { offset, error, exact: true };
}

function hearBounds(low, high) {
  // More than a second apart: performance.now() stood still. Less: another cache on the way has cut the seconds again,
  // and then only the lower bound holds.
  most = low > most + SECOND ? high : Math.min(high, most);
  least = Math.max(low, least);
  if (clock.exact && low <= clock.offset + clock.error) return;
  clock = { offset: Math.max(least, (least + most) / 2), error: 0, exact: false };
}

function hearTime(headers, sent, received) {
  const exact = parseInt(headers.get("x-now"), 10);
  // RFC 9110 and 9111: both are cut to whole seconds, so the true time is their sum, or up to two seconds after it.
  const told = Date.parse(headers.get("date")) + Number(headers.get("age")) * SECOND;
  if (exact) hearExact(exact - (sent + received) / 2, (received - sent) / 2);
  else if (told) hearBounds(told - received, told + 2 * SECOND - sent);
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

// Parsed, never run: whoever may write only the pointer cannot run code in the page.
const parse = (text) => JSON.parse(/^\s*flashgen\((.*)\)\s*;?\s*$/s.exec(text)[1]);

async function read(url, signal, forwards) {
  const sent = performance.now();
  // The random query defeats caches on the way that ignore no-store; it is not in the edge's cache key.
  const query = "?" + Math.random().toString(36).slice(2);
  const response = await fetch(url + query, { cache: "no-store", credentials: "omit", signal });
  const received = performance.now();
  const text = await response.text();
  if (!response.ok) throw new Error(response.status);
  const value = parse(text);
  if (value.forward !== undefined) return follow(value.forward, url, signal, forwards);
  check(value);
  hearTime(response.headers, sent, received);
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

// What it means

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

// Only the page without products needs their number: every entry of `gone` is one of the sale's.
const allGone = () =>
  buttons.length
    ? buttons.every((button) => isGone(button.dataset.sku))
    : gone.has("*") || gone.size >= page.products;

const orGone = (state, is) => (is && state !== "ended" ? "soldout" : state);

// What is seen

let painted = "";

const buttonState = (button, sale) => orGone(sale, isGone(button.dataset.sku));

function paintButton(button, sale) {
  const state = buttonState(button, sale);
  button.closest("[data-state]").dataset.state = state;
  button.disabled = state !== "live";
  button.textContent = main.getAttribute("data-label-" + state);
}

function paintTime(element) {
  const time = pointer[element.dataset.time];
  if (Date.parse(time) === Date.parse(element.dateTime)) return;
  element.dateTime = time;
  element.textContent = new Intl.DateTimeFormat(root.lang || undefined, LONG_DATE).format(new Date(time));
}

function paintPage(sale) {
  const state = orGone(sale, allGone());
  document.querySelectorAll("[data-time]").forEach(paintTime);
  paintMessages(state);
  root.dataset.state = state;
}

const message = () => document.querySelector(".status [data-when]:not([hidden])")?.textContent;

function paintMessages(state) {
  const before = message();
  for (const element of document.querySelectorAll("[data-when]"))
    element.hidden = !element.dataset.when.split(" ").includes(state);
  if (message() !== before) document.getElementById("announcement").textContent = message();
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
}

function paint() {
  const now = serverNow();
  const sale = saleState(now);
  const version = sale + pointer?.nonce + pointer?.rev;
  if (version !== painted) {
    buttons.forEach((button) => paintButton(button, sale));
    if (pointer) paintPage(sale);
  }
  painted = version;
  paintCountdown(sale);
}

let ticking;

// On the server's full seconds, so that the button opens with the last digit and not up to a second later.
function tick() {
  // Read before painting, and rounded up: browsers cut fractions of a delay off, so that a timer may come just before
  // the second; a reading after the painting would then be just after it, and that second would never be shown.
  const now = countdownNow();
  paint();
  clearTimeout(ticking);
  ticking = setTimeout(tick, Math.ceil(SECOND - (now % SECOND)));
}

// Polling

let waiting;
let request = null;
let failures = 0;

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
  // About 3 s near the opening, which a request that hangs must not hold up; after failures more: the line may be slow.
  const limit = setTimeout(() => mine.abort(), Math.min(REQUEST_LIMIT, 3 * delay()));
  let answer = null;
  try {
    answer = await read(pointerUrl, mine.signal, FORWARDS);
  } catch {
    // Offline, busy or malformed: all the same to a visitor. The page stays as it is, and asks again.
  }
  clearTimeout(limit);
  if (mine !== request) return;
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

// The first that says it is ready, so that a busy server gets fewer buyers. If none does, one at random: they may be
// only slow, or behind a network that lets pages through and nothing else.
function choose(urls) {
  const any = urls[Math.floor(Math.random() * urls.length)];
  return urls.length < 2 ? any : Promise.any(urls.map(probe)).catch(() => any);
}

async function order({ target }) {
  const button = target.closest("button[data-sku]");
  if (!button || button.ariaBusy || buttonState(button, saleState(serverNow())) !== "live") return;
  button.ariaBusy = true;
  const url = await choose(servers());
  button.ariaBusy = null;
  location.assign(url + "?sku=" + encodeURIComponent(button.dataset.sku));
}

document.addEventListener("click", order);
document.addEventListener("visibilitychange", wake);
addEventListener("online", wake);
addEventListener("pageshow", ({ persisted }) => {
  // Browsers bring pages back as they were, and Firefox does so with buttons even on a reload (Mozilla bug 654072).
  painted = "";
  if (persisted) wake();
  else paint();
});
wake();
