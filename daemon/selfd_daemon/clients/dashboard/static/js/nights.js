// Nights: tonight's plan, and what the last ones did.

import { send } from "./api.js";
import { attempt, clock, empty, h, notify, when } from "./dom.js";

const SHOWN = 5;

export async function drawNights(section) {
  const [plan, past] = await Promise.all([attempt(() => send("tonight")), attempt(() => send("nights", { first: SHOWN }))]);
  if (!plan || !past) return;
  const { tonight } = plan;
  const again = () => drawNights(section);
  const pause = async () => {
    if (await attempt(() => send("pause_nights", { paused: !tonight.paused }))) again();
  };
  const begin = async () => {
    if (!(await attempt(() => send("begin_tonight", {})))) return;
    notify("The night begins, once the machine is on power.");
    again();
  };
  section.replaceChildren(h("h2", {}, "Tonight"),
    h("div", { className: "card" }, h("p", {}, tonight.enabled ? `Between ${clock(tonight.startsAt)} and ${clock(tonight.endsAt)}.` : "Nights are off in the settings.",
      tonight.note ? ` Now it would wait: ${tonight.note}.` : ""),
    h("p", { className: "meta" }, `Used ${tonight.wattHours.toFixed(1)} Wh of at most ${tonight.mostWattHours.toFixed(0)}.`),
    steps(tonight.steps),
    h("div", { className: "actions" }, h("button", { type: "button", className: "plain", on: { click: pause } }, tonight.paused ? "Resume nights" : "Pause nights"),
      h("button", { type: "button", className: "plain", on: { click: begin } }, "Begin now"))),
    h("h2", {}, "Nights before"),
    past.nights.length ? h("ul", { className: "cards" }, past.nights.map(night)) : empty("No night yet."));
}

const STATES = { DONE: "good", FAILED: "error" };

function steps(list) {
  return h("ol", {}, list.map(({ name, sentence, state, note }) => h("li", {}, h("strong", {}, name), sentence ? `: ${sentence}` : "",
    sentence && state === "PLANNED" ? null : h("span", { className: STATES[state] ?? "" }, ` ${state.toLowerCase()}`),
    note ? h("span", { className: "meta" }, ` ${note}`) : null)));
}

function night({ day, beganAt, endedAt, wattHours, note, steps: done }) {
  return h("li", { className: "card" }, h("p", {}, h("strong", {}, day), ", began ", when(beganAt), endedAt ? ", ended " : ", not ended", endedAt ? when(endedAt) : null),
    note ? h("p", {}, note) : null, h("p", { className: "meta" }, `${wattHours.toFixed(2)} Wh`), h("details", {}, h("summary", {}, `${done.length} steps`), steps(done)));
}
