// System: what the daemon is, what is wrong with it, what its storage takes.

import { send } from "./api.js";
import { treemap } from "./charts.js";
import { attempt, bytes, count, drawnFrom, duration, figures, h, share } from "./dom.js";
import { everySeconds } from "./live.js";

export const title = "System";

const LARGEST = 15; // tables that have an area of their own

export function show(page) {
  const state = h("section", { "aria-label": "State" });
  const storage = h("section", { "aria-label": "Storage" });
  page.append(state, storage);
  drawStorage(storage);
  return everySeconds(5, () => drawState(state));
}

async function drawState(section) {
  const data = await attempt(() => send("status"));
  if (!data) return;
  const { status } = data;
  const { uptime, residentMemory, ...rest } = status;
  drawnFrom(section, [rest, duration(uptime), bytes(residentMemory)], () => section.replaceChildren(
    figures([
      ["Version", status.version], ["Up for", duration(status.uptime)], ["Backend", status.backend],
      ["Mind", status.mind?.name ?? "none"], ["Memory in use", bytes(status.residentMemory)],
      ["Memories", count(status.memoryCount)], ["Articles", count(status.articleCount)],
    ]),
    h("h2", {}, "Problems"),
    status.problems.length
      ? h("ul", {}, status.problems.map((problem) => h("li", { className: "error" }, problem)))
      : h("p", { className: "meta" }, "None.")));
}

async function drawStorage(section) {
  const data = await attempt(() => send("storage"));
  if (!data) return;
  const { storage } = data;
  section.replaceChildren(
    h("h2", {}, "Storage"),
    figures([
      ["Memories", count(storage.memoryCount)], ["Uncompressed", bytes(storage.rawBytes)],
      ["On disk", bytes(storage.storedBytes)], ["Saved", storage.saved > 0 ? share(storage.saved) : "nothing yet"],
    ]),
    areas(storage.parts, section.clientWidth), tiers(storage.tiers));
}

/** Where the bytes lie, the largest tables by name. */
function areas(parts, wide) {
  const rest = parts.slice(LARGEST).reduce((sum, part) => sum + part.bytes, 0);
  const items = [...parts.slice(0, LARGEST).map(({ name, bytes: size }) => [name.replaceAll("_", " "), size]), ["all others", rest]]
    .filter(([, size]) => size).map(([name, size]) => ({ name, size, told: bytes(size) }));
  return treemap(items, `Bytes on disk: ${items.map(({ name, told }) => `${name} ${told}`).join(", ")}`, wide);
}

function tiers(list) {
  const heading = ["Tier", "Codec", "Rows", "Raw", "Stored"].map((name, at) => h("th", { scope: "col", className: at > 1 ? "number" : "" }, name));
  const rows = list.map((tier) => h("tr", {},
    h("th", { scope: "row" }, tier.name), h("td", {}, tier.codec), h("td", { className: "number" }, count(tier.rows)),
    h("td", { className: "number" }, bytes(tier.rawBytes)), h("td", { className: "number" }, bytes(tier.storedBytes))));
  return h("div", { className: "scroll", tabIndex: 0 }, h("table", {},
    h("caption", { className: "meta" }, "What each tier holds"), h("thead", {}, h("tr", {}, heading)), h("tbody", {}, rows)));
}
