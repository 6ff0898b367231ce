// Elements, notices, and how figures and times are written.

/** Make an element: properties by name, `on` for listeners; children may be text, elements or null. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [kind, run] of Object.entries(value)) element.addEventListener(kind, run);
    else if (name in element && name !== "list") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** A labelled field. */
export function field(label, input, properties = {}) {
  return h("div", properties, h("label", {}, label, input));
}

export function empty(text) {
  return h("p", { className: "empty" }, text);
}

/** Named figures side by side. */
export function figures(pairs) {
  return h("dl", { className: "figures" }, pairs.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

const shown = new WeakMap(); // section -> what it was last drawn from

/** Draw a section anew only where what it shows has changed: painting is what costs at rest. */
export function drawnFrom(section, value, draw) {
  const text = JSON.stringify(value);
  if (shown.get(section) === text) return;
  shown.set(section, text);
  draw();
}

/** Show a line at the bottom for a while; `action` is [name, function]. Returns a way to remove it. */
export function notify(text, { bad = false, action = null, seconds = 6 } = {}) {
  const notice = h("div", { className: bad ? "notice bad" : "notice" }, h("span", {}, text));
  const remove = () => notice.remove();
  if (action) {
    const [name, run] = action;
    notice.append(h("button", { type: "button", on: { click: () => (remove(), run()) } }, name));
  }
  document.getElementById("notices").append(notice);
  setTimeout(remove, seconds * 1000);
  return remove;
}

/** Run an action and show its failure; returns undefined when it failed. */
export async function attempt(run) {
  try {
    return await run();
  } catch (error) {
    notify(error.message, { bad: true, seconds: 10 });
    return undefined;
  }
}

const UNITS = ["B", "kB", "MB", "GB", "TB"];

export function bytes(count) {
  let unit = 0;
  while (count >= 1000 && unit < UNITS.length - 1) {
    count /= 1000;
    unit += 1;
  }
  return `${count < 10 && unit ? count.toFixed(1) : Math.round(count)} ${UNITS[unit]}`;
}

export const share = (part) => `${Math.round(part * 100)} %`;
export const count = (number) => number.toLocaleString("en");

const STEPS = [["day", 86_400], ["hour", 3600], ["minute", 60]];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/** A time as a person says it, with the exact one on hover. */
export function when(iso) {
  return iso ? h("time", { dateTime: iso, title: new Date(iso).toLocaleString() }, ago(iso)) : h("span", {}, "never");
}

/** Say every time on the page anew: "just now" does not stay so. */
export function age() {
  for (const time of document.querySelectorAll("time")) {
    const said = ago(time.dateTime);
    if (time.textContent !== said) time.textContent = said;
  }
}

function ago(iso) {
  const seconds = (new Date(iso) - Date.now()) / 1000;
  const [unit, size] = STEPS.find(([, step]) => Math.abs(seconds) >= step) ?? ["second", 1];
  if (Math.abs(seconds) > 30 * 86_400) return new Date(iso).toLocaleDateString("en", { dateStyle: "medium" });
  if (unit === "second") return seconds > 0 ? "in a moment" : "just now";
  return relative.format(Math.round(seconds / size), unit);
}

/** The time of day. */
export const clock = (iso) => new Date(iso).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });

/** A duration by its largest one or two units; `duration` of the command line does likewise. */
export function duration(seconds) {
  if (Math.round(seconds * 1000) < 1000) return `${twoDigits(seconds * 1000)} ms`;
  if (Math.round(seconds) < 60) return `${twoDigits(seconds)} s`;
  const [minutes, hours] = [Math.round(seconds / 60), Math.round(seconds / 3600)];
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

const twoDigits = (value) => value.toFixed(value < 9.95 ? 1 : 0);
