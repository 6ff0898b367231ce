// Memories: add, search, edit, forget with ten seconds to undo.

import { follow, send } from "./api.js";
import { attempt, empty, field, h, notify, when } from "./dom.js";
import { origin } from "./sources.js";

export const title = "Memories";

const KINDS = ["NOTE", "FACT", "EPISODE", "PREFERENCE", "REFLECTION"];
const UNDO_SECONDS = 10;
const leaving = new Map(); // id -> timer of memories that are about to be forgotten

addEventListener("pagehide", () => {
  for (const id of leaving.keys()) send("forget", { id }, { keepalive: true });
});

export function show(page) {
  const list = h("ul", { className: "cards" });
  const more = h("button", { type: "button", className: "plain", hidden: true }, "Older");
  const search = h("input", { type: "search", name: "query" });
  const text = h("textarea", { name: "text", required: true });
  const kind = h("select", { name: "kind" }, KINDS.map((name) => h("option", { value: name }, name.toLowerCase())));
  const tags = h("input", { name: "tags", placeholder: "home, travel" });
  let after = null;
  let lastDay = null; // the newest first, a heading for each day

  page.append(
    h("form", { className: "row", on: { submit: remember } },
      field("Remember", text, { className: "grow" }), field("Kind", kind), field("Tags", tags), h("button", {}, "Remember")),
    h("form", { className: "row", role: "search", on: { submit: find } },
      field("Search memories", search, { className: "grow" }), h("button", { className: "plain" }, "Search")),
    list, more);
  more.addEventListener("click", load);
  load();

  async function remember(event) {
    event.preventDefault();
    const named = tags.value.split(",").map((tag) => tag.trim()).filter(Boolean);
    const kept = await attempt(() => send("remember", { input: { text: text.value, kind: kind.value, tags: named, source: "dashboard" } }));
    if (!kept) return;
    notify(kept.remember.occurrences > 1 ? `Known already: told ${kept.remember.occurrences} times.` : "Remembered.");
    text.value = tags.value = "";
    restart();
  }

  function shown(id) {
    return list.querySelector(`[data-id="${id}"]`);
  }

  function restart() {
    after = lastDay = null;
    search.value = "";
    list.replaceChildren();
    load();
  }

  async function load() {
    const data = await attempt(() => send("memories", { first: 20, after }));
    if (!data) return;
    const { edges, pageInfo } = data.memories;
    for (const { node } of edges) {
      if (leaving.has(node.id) || shown(node.id)) continue;
      const day = dayOf(node.createdAt);
      if (day !== lastDay) list.append(h("li", { className: "day" }, h("h2", {}, day)));
      lastDay = day;
      list.append(card(node));
    }
    after = pageInfo.endCursor;
    more.hidden = !pageInfo.hasNextPage;
    if (!list.children.length) list.replaceChildren(h("li", {}, empty("Nothing yet. Tell selfd something worth keeping.")));
  }

  async function find(event) {
    event.preventDefault();
    if (!search.value.trim()) return restart();
    const data = await attempt(() => send("search", { query: search.value, scope: ["MEMORY"], first: 20 }));
    if (!data) return undefined;
    more.hidden = true;
    const found = data.search.map(({ item, text: words }) => h("li", { className: "card" }, h("p", {}, words), origin(item)));
    list.replaceChildren(...(found.length ? found : [h("li", {}, empty("No memory has these words."))]));
    return undefined;
  }

  return follow("memory_changed", {}, {
    next: ({ memoryChanged: { kind: change, id, memory } }) => {
      const old = shown(id);
      if (change === "FORGOTTEN") old?.remove();
      else if (old) old.replaceWith(card(memory));
      else if (change === "ADDED" && !search.value) list.prepend(card(memory));
    },
    failed: (error) => notify(error.message, { bad: true }),
  });
}

const dayOf = (iso) => new Date(iso).toLocaleDateString("en", { weekday: "long", day: "numeric", month: "long", year: "numeric" });

function card(memory) {
  const item = h("li", { className: "card", "data-id": memory.id });
  const told = memory.occurrences > 1 ? `, told ${memory.occurrences} times` : "";
  const from = memory.source ? ` from ${memory.source}` : "";
  item.append(
    h("p", {}, memory.text),
    h("div", { className: "meta" }, ...memory.tags.map((tag) => h("span", { className: "tag" }, tag)),
      `${memory.kind.toLowerCase()}${from}, `, when(memory.createdAt), told),
    h("div", { className: "actions" },
      h("button", { type: "button", className: "plain", on: { click: () => edit(item, memory) } }, "Edit"),
      h("button", { type: "button", className: "danger", on: { click: () => forget(item, memory) } }, "Forget")));
  return item;
}

function edit(item, memory) {
  const text = h("textarea", { required: true, value: memory.text });
  const tags = h("input", { value: memory.tags.join(", ") });
  const form = h("form", { on: { submit: save } },
    field("Text", text), field("Tags", tags),
    h("div", { className: "actions" }, h("button", {}, "Save"),
      h("button", { type: "button", className: "plain", on: { click: () => item.replaceWith(card(memory)) } }, "Cancel")));
  item.replaceChildren(form);
  text.focus();

  async function save(event) {
    event.preventDefault();
    const named = tags.value.split(",").map((tag) => tag.trim()).filter(Boolean);
    const data = await attempt(() => send("update_memory", { id: memory.id, text: text.value, tags: named }));
    if (data) item.replaceWith(card(data.updateMemory));
  }
}

/** Hide it at once and forget it in ten seconds, unless it is asked back. */
function forget(item, { id }) {
  item.hidden = true;
  const timer = setTimeout(async () => {
    leaving.delete(id);
    if (await attempt(() => send("forget", { id }))) item.remove();
    else item.hidden = false;
  }, UNDO_SECONDS * 1000);
  leaving.set(id, timer);
  notify("Forgotten.", {
    seconds: UNDO_SECONDS,
    action: ["Undo", () => {
      clearTimeout(timer);
      leaving.delete(id);
      item.hidden = false;
    }],
  });
}
