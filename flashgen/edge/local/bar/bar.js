// The bar of `flashgen serve`. It is in previewed pages only, outside of <body> and in a shadow root: it changes nothing
// of the page, and the page's styles do not reach it. Its connection tells it the status; a page of another revision
// than the server's reloads, so that no edit is missed that came before the connection.
(() => {
  if (window !== window.top) return; // a frame of the bar's own

  const PREFIX = "/_flashgen/preview/";
  const MARKS = [
    [-604800, "7 d", ""], [-3600, "1 h", ""], [-60, "1 min", ""], [-10, "10 s", "narrow-off"], [0, "Start", ""],
  ];
  const STATES = { scheduled: "Scheduled", live: "Live", paused: "Paused", soldout: "Sold out", ended: "Ended" };
  const SECOND = 1000;
  const WEEK = 604800;
  const DAY = 86400;
  // Where on the slider the sale starts and ends. Before the start it is logarithmic: the last minute has room.
  const START = 500;
  const END = 900;
  const LAST = 1000;
  const TRIES = 3;
  const FAILS_AFTER = { forbidden: SECOND, portal: SECOND, hanging: 11 * SECOND };

  const { revision } = document.currentScript.dataset;
  const kept = JSON.parse(sessionStorage.getItem("flashgen-preview") ?? "{}");
  const keep = (more) => sessionStorage.setItem("flashgen-preview", JSON.stringify(Object.assign(kept, more)));

  let status = null;
  let receivedAt = 0;
  let page = {};
  let path = location.pathname; // of the page that is seen: in frames a link may lead to another one
  let frames = [];
  let isDragging = false;
  let bar; // the shadow root

  const find = (selector) => bar.querySelector(selector);
  const windows = () => [window, ...frames.map((frame) => frame.contentWindow)];
  const servedNow = () => status.now + performance.now() - receivedAt;

  function make(tag, properties = {}, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  }

  async function change(wishes) {
    find(".bar").ariaBusy = "theme" in wishes; // which takes a build
    const answer = await fetch(PREFIX + "controls", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(wishes),
    });
    find(".bar").ariaBusy = false;
    find(".refusal").textContent = answer.ok ? "" : (await answer.json()).message;
    if (!answer.ok) show();
  }

  // The page hears of a new pointer or clock as when it comes back online: it asks at once.
  function nudge(target) {
    const isOnline = status.fault !== "offline";
    Object.defineProperty(target.navigator, "onLine", { configurable: true, get: () => isOnline });
    target.dispatchEvent(new Event(isOnline ? "online" : "offline"));
  }

  // Long before the start a page polls every few minutes, and says so only after three failures: do not wait for them.
  async function nudgeAll() {
    const { fault } = status;
    const pause = FAILS_AFTER[fault];
    for (let left = pause ? TRIES : 1; left && status.fault === fault; left -= 1) {
      windows().forEach(nudge);
      await new Promise((resolve) => setTimeout(resolve, pause ?? 0));
    }
  }

  // Time: positions of the slider, and times in ms

  function timeAt(position) {
    const { starts_at, ends_at } = page;
    if (position < START) return starts_at - WEEK ** (1 - position / START) * SECOND;
    if (position <= END) return starts_at + ((ends_at - starts_at) * (position - START)) / (END - START);
    return ends_at + ((position - END) / (LAST - END)) * DAY * SECOND;
  }

  function positionOf(time) {
    const { starts_at, ends_at } = page;
    const left = (starts_at - time) / SECOND;
    if (left > 0) return Math.max(0, START * (1 - Math.log(Math.max(1, left)) / Math.log(WEEK)));
    if (time <= ends_at) return START + ((time - starts_at) / (ends_at - starts_at)) * (END - START);
    return Math.min(LAST, END + ((time - ends_at) / SECOND / DAY) * (LAST - END));
  }

  function span(ms) {
    const seconds = Math.round(Math.abs(ms) / SECOND);
    const parts = [[DAY, "d"], [3600, "h"], [60, "min"], [1, "s"]].map(([size, name], index, all) => {
      const count = Math.floor((index ? seconds % all[index - 1][0] : seconds) / size);
      return count ? `${count} ${name}` : "";
    });
    return parts.filter(Boolean).slice(0, 2).join(" ") || "0 s";
  }

  function distance(time) {
    if (time < page.starts_at) return `${span(page.starts_at - time)} before the start`;
    if (time < page.ends_at) return `${span(time - page.starts_at)} after the start`;
    return `${span(time - page.ends_at)} after the end`;
  }

  const clockText = (time) =>
    new Intl.DateTimeFormat("en-GB", {
      timeZone: page.timezone, weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit",
      minute: "2-digit", second: "2-digit", timeZoneName: "short",
    }).format(time);

  function showTime() {
    const state = document.documentElement.dataset.state ?? "";
    find(".state").dataset.state = state;
    find(".state").textContent = STATES[state] ?? "";
    find(".state").hidden = !state;
    if (!page.sale) return;
    const time = isDragging ? timeAt(find("#slider").valueAsNumber) : servedNow();
    find(".clock").textContent = clockText(time);
    find(".moment").textContent = distance(time) + (status.pretends ? "" : ": this machine’s time, the store’s state");
    find("#slider").setAttribute("aria-valuetext", `${clockText(time)}, ${distance(time)}`);
    if (!isDragging) find("#slider").value = positionOf(time);
  }

  // What the controls show

  function showStatus() {
    for (const input of bar.querySelectorAll("[name=state]")) input.checked = input.value === shownState();
    find(".now").hidden = !status.pretends;
    find("[name=fault]").value = status.fault;
    find("[name=fault]").classList.toggle("active", status.fault !== "none");
    const themes = [["", `${status.theme ? "The sale’s own" : page.theme || "The sale’s own"}`]];
    for (const name of status.themes) if (status.theme || name !== page.theme) themes.push([name, name]);
    fill("theme", themes, status.theme);
    find("[name=theme]").classList.toggle("active", status.theme !== "");
    showProblems();
    showTime();
  }

  function shownState() {
    if (!status.pretends || !page.sale) return "";
    if (status.state) return status.state;
    const time = servedNow();
    return time < page.starts_at ? "scheduled" : time < page.ends_at ? "live" : "ended";
  }

  function fill(name, options, value) {
    find(`[name=${name}]`).replaceChildren(...options.map(([key, text]) => new Option(text, key, false, key === value)));
  }

  function showProblems() {
    const errors = status.problems.filter(({ level }) => level === "error");
    const list = errors.length ? errors : status.problems;
    const noun = (errors.length ? "error" : "warning") + (list.length === 1 ? "" : "s");
    const count = find(".count");
    count.hidden = !list.length;
    count.textContent = `${list.length} ${noun}`;
    count.classList.toggle("error", errors.length > 0);
    const rest = errors.length ? "; the page is as it was before" : "";
    find("summary").textContent = list.length ? `check: ${list.length} ${noun}${rest}` : "check: no problems";
    find("ol").replaceChildren(...list.map(problemRow));
    if (errors.length) {
      find("details").open = true;
      show();
    }
  }

  function problemRow({ level, place, message, hint, quote }) {
    return make("li", { className: level },
      make("p", { className: "place", textContent: place || "flashgen" }),
      make("p", { textContent: message }),
      ...(quote ? [make("pre", { textContent: quote })] : []),
      ...(hint ? [make("p", { className: "hint", textContent: hint })] : []));
  }

  async function readPage() {
    page = await (await fetch(PREFIX + "page?" + path)).json();
    for (const element of bar.querySelectorAll(".of-sale")) element.hidden = !page.sale;
    showLanguages();
    showWeight();
    const hasButton = document.querySelector("button[data-sku]");
    find("[value=one-sold-out]").disabled = !hasButton;
  }

  function showLanguages() {
    const languages = Object.entries(page.locales ?? {});
    const names = new Intl.DisplayNames("en", { type: "language" });
    find(".languages").hidden = !languages.length;
    const options = languages.map(([tag, address]) => [address, names.of(tag)]);
    const isOne = options.some(([address]) => address === path);
    fill("language", isOne ? options : [["", "Choice of languages"], ...options], isOne ? path : "");
  }

  function showWeight() {
    const weight = page.weight ?? {};
    find(".weight").hidden = !weight.total;
    if (!weight.total) return;
    const { html, css, js, total, max } = weight;
    const number = (count) => count.toLocaleString("en");
    Object.assign(find("meter"), { max, high: max - 1, value: total });
    const text = find("small");
    text.textContent = total > max ? `${number(total)} bytes: ${number(total - max)} too many`
      : `${number(total)} of ${number(max)} bytes`;
    text.classList.toggle("over", total > max);
    find(".weight").title = `compressed: HTML ${number(html)}, css ${number(css)}, js ${number(js)}`;
  }

  // Unfolding, and frames of other widths

  function show(isOpen = true) {
    find(".bar").classList.toggle("open", isOpen);
    find(".panel").hidden = !isOpen;
    find(".tab").setAttribute("aria-expanded", isOpen);
  }

  function stage(widths) {
    find(".stage").hidden = !widths.length;
    document.body.inert = widths.length > 0; // it is behind the frames
    frames = widths.map((width) => {
      const frame = make("iframe", { src: path, title: `The page at ${width} pixels`, width });
      frame.addEventListener("load", () => frameLoaded(frame));
      return frame;
    });
    find(".stage").replaceChildren(...frames.map((frame) =>
      make("figure", {}, make("figcaption", { textContent: frame.width }), make("div", {}, frame))));
    fit();
  }

  function fit() {
    const room = find(".stage");
    if (!frames.length) return;
    const below = find(".bar").offsetHeight + 24;
    room.style.paddingBottom = `${below}px`;
    const sum = frames.reduce((total, frame) => total + Number(frame.width), 0);
    const scale = Math.min(1, (room.clientWidth - 24 * (frames.length + 1)) / sum);
    const height = Math.max(120, room.clientHeight - below - 38); // the padding above, and the caption
    for (const frame of frames) {
      Object.assign(frame.style, { scale, height: `${height / scale}px` });
      Object.assign(frame.parentElement.style, { width: `${frame.width * scale}px`, height: `${height}px` });
    }
  }

  function frameLoaded(frame) {
    const { contentDocument, contentWindow } = frame;
    const made = contentDocument?.querySelector("script[data-revision]")?.dataset.revision;
    if (made && made !== revision) return contentWindow.location.reload(); // a browser may keep pages for a minute
    if (status) nudge(contentWindow);
    if (!made || contentWindow.location.pathname === path) return;
    // A link was followed: the facts and the other frames go along.
    path = contentWindow.location.pathname;
    keep({ path, under: location.pathname });
    for (const other of frames) if (other !== frame) other.contentWindow.location.replace(path);
    readPage().then(showStatus);
  }

  function setWidth(value) {
    keep({ width: value });
    if (!value && path !== location.pathname) return location.assign(path);
    stage(value ? value.split(" ") : []);
  }

  // Wiring

  function wire() {
    find(".tab").addEventListener("click", () => {
      const isOpen = find(".panel").hidden;
      show(isOpen);
      keep({ isOpen });
    });
    find(".bar").addEventListener("keydown", ({ key }) => {
      if (key !== "Escape") return;
      show(false);
      keep({ isOpen: false });
      find(".tab").focus();
    });
    const setTime = (at) => change({ sale: page.sale, at: Math.round(at) });
    const slider = find("#slider");
    let sending = null;
    const send = async () => {
      // One request at a time; the last position is always sent.
      for (let sent; sent !== slider.value; ) {
        sent = slider.value;
        await setTime(timeAt(slider.valueAsNumber));
      }
      isDragging = false;
      sending = null;
    };
    slider.addEventListener("input", () => {
      isDragging = true;
      showTime();
      sending ??= send();
    });
    find(".now").addEventListener("click", () => change({ now: true }));
    for (const [seconds, text, className] of [...MARKS, [null, "End", ""]]) {
      const mark = make("button", { type: "button", textContent: text, className });
      const left = seconds === null ? END : seconds ? START * (1 - Math.log(-seconds) / Math.log(WEEK)) : START;
      mark.style.setProperty("--at", left / 10);
      if (seconds) mark.ariaLabel = `${text} before the start`;
      mark.addEventListener("click", () => setTime(seconds === null ? page.ends_at : page.starts_at + seconds * SECOND));
      find(".marks").append(mark);
    }
    bar.addEventListener("change", ({ target }) => {
      const { name, value } = target;
      const sku = document.querySelector("button[data-sku]")?.dataset.sku;
      if (name === "state") change({ sale: page.sale, state: value, ...(value === "one-sold-out" ? { sku } : {}) });
      else if (name === "theme" || name === "fault") change({ [name]: value });
      else if (name === "language") location.assign(value);
      else if (name === "width") setWidth(value);
    });
    new ResizeObserver(fit).observe(find(".bar"));
    addEventListener("resize", fit);
    new MutationObserver(showTime).observe(document.documentElement, { attributeFilter: ["data-state"] });
    setInterval(() => document.hidden || showTime(), SECOND);
  }

  async function mount() {
    const host = make("flashgen-preview", { lang: "en", dir: "ltr" });
    bar = host.attachShadow({ mode: "open" });
    host.hidden = true;
    if (kept.width && kept.under === location.pathname) path = kept.path;
    bar.innerHTML = await (await fetch(PREFIX + "bar.html")).text();
    const styled = new Promise((resolve) => (find("link").onload = resolve));
    document.documentElement.append(host);
    await Promise.all([styled, readPage()]);
    wire();
    show(kept.isOpen ?? false);
    const width = kept.width ?? "";
    find(`[name=width][value="${width}"]`).checked = true;
    stage(width ? width.split(" ") : []);
    showStatus();
    host.hidden = false;
  }

  let mounting = null;
  new EventSource(PREFIX + "events").onmessage = async ({ data }) => {
    const isFirst = !status;
    status = JSON.parse(data);
    receivedAt = performance.now();
    if (String(status.revision) !== revision) return location.reload();
    if (!isFirst || status.fault !== "none") nudgeAll();
    if (!status.bar) return;
    await (mounting ??= mount());
    showStatus();
  };
})();
