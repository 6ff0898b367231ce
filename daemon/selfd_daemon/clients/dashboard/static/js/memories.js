// Memories: add, search, edit, forget with ten seconds to undo.

import { follow, send } from "./api.js";
import { attempt, empty, field, h, notify, when } from "./dom.js";
import { Growing } from "./growing.js";
import { eachFrame } from "./live.js";

export const title = "Memories";

const KINDS = ["NOTE", "FACT", "EPISODE", "PREFERENCE", "REFLECTION"];
const UNDO_SECONDS = 10;
const leaving = new Map(); // id -> timer of memories that are about to be forgotten

addEventListener("pagehide", () => {
  for (const id of leaving.keys()) send("forget", { id }, { keepalive: true });
});

export function show(page) {
  const search = h("input", { type: "search", name: "query" });
  const text = h("textarea", { name: "text", required: true });
  const kind = h("select", { name: "kind" }, KINDS.map((name) => h("option", { value: name }, name.toLowerCase())));
  const tags = h("input", { name: "tags", placeholder: "home, travel" });
  const all = new Growing({ read, card, dayOf: ({ createdAt }) => dayOf(createdAt), nothing: "Nothing yet. Tell selfd something worth keeping." });

  page.append(
    h("form", { className: "row", on: { submit: remember } },
      field("Remember", text, { className: "grow" }), field("Kind", kind), field("Tags", tags), h("button", {}, "Remember")),
    h("form", { className: "row", role: "search", on: { submit: find } },
      field("Search memories", search, { className: "grow" }), h("button", { className: "plain" }, "Search")),
    all.list, all.more);
  all.restart();

  async function read(after) {
    const data = await attempt(() => send("memories", { first: 20, after }));
    return data && { ...data.memories, edges: data.memories.edges.filter(({ node }) => !leaving.has(node.id)) };
  }

  async function remember(event) {
    event.preventDefault();
    const named = tags.value.split(",").map((tag) => tag.trim()).filter(Boolean);
    const kept = await attempt(() => send("remember", { input: { text: text.value, kind: kind.value, tags: named, source: "dashboard" } }));
    if (!kept) return;
    notify(kept.remember.occurrences > 1 ? `Known already: told ${kept.remember.occurrences} times.` : "Remembered.");
    text.value = tags.value = search.value = "";
    all.restart();
  }

  async function find(event) {
    event.preventDefault();
    if (!search.value.trim()) return all.restart();
    const data = await attempt(() => send("search", { query: search.value, scope: ["MEMORY"], first: 20 }));
    if (!data) return undefined;
    const found = data.search.filter(({ item }) => !leaving.has(item.id)).map(({ item }) => card(item));
    return all.instead(found.length ? found : [h("li", {}, empty("No memory has these words."))]);
  }

  /** Draw each memory as it is in the end; while searching, only those on the page. */
  const changed = eachFrame((changes, missing) => {
    if (missing && !search.value) return all.restart();
    const last = new Map();
    for (const { kind: change, id, memory } of changes) {
      last.set(id, { memory: change === "FORGOTTEN" ? null : memory, isNew: change === "ADDED" || last.get(id)?.isNew });
    }
    for (const [id, { memory }] of last) redraw(all.find(id), memory);
    return all.add([...last.values()].filter(({ memory, isNew }) => memory && isNew && !search.value && !all.find(memory.id)).map(({ memory }) => memory));
  });
  return follow("memory_changed", {}, {
    next: ({ memoryChanged }) => changed(memoryChanged),
    failed: (error) => notify(error.message, { bad: true }),
  });
}

/** What is being edited or taken back in ten seconds is left alone. */
function redraw(old, memory) {
  if (!memory) old?.remove();
  else if (old && !leaving.has(memory.id) && !old.querySelector("form")) old.replaceWith(card(memory));
}

const dayOf = (iso) => new Date(iso).toLocaleDateString("en", { weekday: "long", day: "numeric", month: "long", year: "numeric" });

function card(memory) {
  const item = h("li", { className: "card split", "data-id": memory.id });
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
