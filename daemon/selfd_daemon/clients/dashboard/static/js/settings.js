// Settings: what is in force, and what the next start will read.

import { send } from "./api.js";
import { attempt, field, h, notify } from "./dom.js";

export const title = "Settings";

export function show(page) {
  const list = h("ul", { className: "cards" });
  page.append(h("p", { className: "meta" }, "Written to settings.toml in the data folder, and read once, at the next start."), list);
  load();

  async function load() {
    const data = await attempt(() => send("settings"));
    if (data) list.replaceChildren(...data.settings.map((setting) => card(setting, load)));
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
  if (fixed) input.disabled = true;
  return h("li", { className: "card" }, h("form", { on: { submit: save } },
    field(setting.name, input), h("p", { className: "meta" }, `${setting.description} Takes ${setting.type}; ${setting.default} without a word from you.`),
    differs ? h("p", {}, `In force until the next start: ${written(setting.value)}`) : null,
    fixed ? h("p", { className: "meta" }, `Not changed here: ${fixed}.`)
      : h("div", { className: "actions" }, h("button", { className: "plain" }, "Save"),
        setting.origin === "file" || differs ? h("button", { type: "button", className: "plain", on: { click: () => write(null) } }, "Back to the default") : null)));
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
