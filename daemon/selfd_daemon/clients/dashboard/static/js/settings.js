// Settings: what is in force, and what the next start will read.

import { send } from "./api.js";
import { attempt, field, h, notify } from "./dom.js";

export const title = "Settings";

export function show(page) {
  const wanted = h("input", { type: "search", name: "filter", on: { input: filter } });
  const groups = h("div");
  page.append(h("p", { className: "meta" }, "Written to settings.toml in the data folder, and read once, at the next start."),
    h("form", { className: "row", role: "search", on: { submit: (event) => event.preventDefault() } }, field("Find a setting", wanted, { className: "grow" })), groups);
  load();

  async function load() {
    const data = await attempt(() => send("settings"));
    if (!data) return;
    const under = new Map();
    for (const setting of data.settings) {
      const name = setting.name.includes(".") ? setting.name.split(".")[0] : "general";
      under.set(name, [...(under.get(name) ?? []), setting]);
    }
    groups.replaceChildren(...[...under].map(([name, settings]) => h("section", {}, h("h2", {}, `${name[0].toUpperCase()}${name.slice(1)}`.replaceAll("_", " ")),
      h("ul", { className: "cards" }, settings.map((setting) => card(setting, load))))));
    filter();
  }

  /** Show the settings whose name or description has what is written. */
  function filter() {
    const words = wanted.value.trim().toLowerCase();
    for (const group of groups.children) {
      for (const one of group.querySelectorAll(".card")) one.hidden = !one.textContent.toLowerCase().includes(words);
      group.hidden = !group.querySelector(".card:not([hidden])");
    }
  }
}

const FIXED = { flag: "from a flag, which wins over the file", environment: "from the environment, which wins over the file" };

function card(setting, changed) {
  const input = control(setting);
  const fixed = setting.name === "data_dir" ? "found before the file is" : FIXED[setting.origin];
  const write = async (value) => {
    if (!(await attempt(() => send("change_setting", { name: setting.name, value })))) return;
    notify(`${setting.name} is changed from the next start on.`);
    changed();
  };
  const save = (event) => {
    event.preventDefault();
    write(entered(setting, input));
  };
  const differs = JSON.stringify(setting.value) !== JSON.stringify(setting.nextValue);
  const keep = h("button", { hidden: true }, "Save");
  if (fixed) input.disabled = true;
  input.addEventListener("input", () => (keep.hidden = JSON.stringify(entered(setting, input)) === JSON.stringify(setting.nextValue)));
  const name = h("label", { className: "name", htmlFor: (input.id = `setting-${setting.name}`) }, setting.name);
  return h("li", { className: "card" }, h("form", { className: "setting", on: { submit: save } },
    name, h("p", {}, setting.description),
    h("p", { className: "meta" }, `${setting.type[0].toUpperCase()}${setting.type.slice(1)}. Default: ${setting.default}.`,
      fixed ? ` Not changed here: ${fixed}.` : ""),
    h("div", { className: "value" }, input,
      differs ? h("p", { className: "meta" }, `In force until the next start: ${written(setting.value)}`) : null,
      fixed ? null : h("div", { className: "actions" }, keep,
        setting.origin === "file" || differs ? h("button", { type: "button", className: "plain", on: { click: () => write(null) } }, "Back to the default") : null))));
}

function control({ nextValue, type, name }) {
  if (typeof nextValue === "boolean") return h("input", { type: "checkbox", name, checked: nextValue });
  if (type.startsWith("one of ")) {
    const select = h("select", { name }, type.slice(7).split(", ").map((each) => h("option", { value: each }, each)));
    select.value = nextValue;
    return select;
  }
  return h("input", { name, type: typeof nextValue === "number" ? "number" : "text", step: "any", value: written(nextValue) });
}

const written = (value) => (Array.isArray(value) ? value.join(", ") : String(value ?? ""));

function entered({ nextValue }, input) {
  if (typeof nextValue === "boolean") return input.checked;
  if (typeof nextValue === "number") return input.valueAsNumber;
  if (Array.isArray(nextValue)) return input.value.split(",").map((each) => each.trim()).filter(Boolean);
  return input.value;
}
