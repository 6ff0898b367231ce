// Self: what selfd measures of itself, live; its journal, its goals, its weights.

import { follow, send } from "./api.js";
import { calibrationPlot, gauge, interval, line } from "./charts.js";
import { attempt, bytes, count, drawnFrom, empty, field, figures, h, notify, share, when } from "./dom.js";
import { Growing } from "./growing.js";
import { whileSeen } from "./live.js";

export const title = "Self";

const FROM_MINUS_ONE = new Set(["valence"]);

export function show(page) {
  const now = h("section", { "aria-label": "Now" });
  const skills = h("section", { "aria-label": "Capabilities" });
  const goals = h("section", { "aria-label": "Goals" });
  const journal = new Growing({
    read: async (after) => (await attempt(() => send("journal", { first: 20, after })))?.journal, card: thought, nothing: "Nothing was worth an entry yet.",
  });
  const tests = h("section", { "aria-label": "Assessment" });
  const weights = h("section", { "aria-label": "Weights" });
  page.append(now, skills, goals, h("h2", {}, "Journal"), journal.list, journal.more, tests, weights);

  function draw(self) {
    const { identity, affect, body, attention, capabilities, calibration, limits, unknown } = self;
    const rounded = Object.entries(affect).filter(([name]) => name !== "inputs").map(([, value]) => value.toFixed(2));
    const felt = [rounded, share(body.cpuLoad), bytes(body.residentMemory), bytes(body.diskFree), body.onBattery, body.thermalPressure];
    drawnFrom(now, [identity, attention, felt], () => drawNow(now, self));
    drawnFrom(skills, [capabilities, calibration, limits, unknown], () => drawSkills(skills, self));
    drawnFrom(goals, self.goals, () => drawGoals(goals, self, reload));
  }

  async function reload() {
    const data = await attempt(() => send("self_model"));
    if (data) draw(data.selfModel);
  }

  reload();
  journal.restart();
  drawTests(tests);
  drawWeights(weights);
  const failed = (error) => notify(error.message, { bad: true });
  const stops = [
    whileSeen(() => follow("follow_self", {}, { next: ({ selfModel }) => draw(selfModel), failed })),
    follow("thoughts", {}, { next: ({ thoughts }) => journal.add([thoughts]), failed }),
  ];
  return () => stops.forEach((stop) => stop());
}

function drawNow(section, { identity, body, affect, attention, asOf }) {
  const moods = ["valence", "arousal", "curiosity", "confidence", "fatigue"].map((name) => h("div", {},
    h("dt", {}, name), h("dd", {}, gauge(affect[name], FROM_MINUS_ONE.has(name) ? -1 : 0, 1, `${name} ${affect[name].toFixed(2)}`),
      h("span", { className: "meta" }, affect[name].toFixed(2)))));
  const power = body.onBattery === null ? "not known" : body.onBattery ? "battery" : "mains";
  section.replaceChildren(
    h("p", {}, h("strong", {}, identity.name), ", since ", when(identity.bornAt), ". ", attention ?? "Nothing holds the workspace now."),
    h("p", { className: "meta" }, "Functions of measured signals; nothing is claimed to be felt. As of ", when(asOf), "."),
    h("dl", { className: "figures gauges" }, moods),
    figures([["Load", share(body.cpuLoad)], ["Memory in use", bytes(body.residentMemory)], ["Power", power],
      ["Heat", body.thermalPressure ?? "not known"], ["Free on disk", bytes(body.diskFree)], ["Device", body.device]]));
}

function drawSkills(section, { capabilities, calibration, calibrationError, limits, unknown }) {
  const rows = capabilities.map((skill) => {
    const part = skill.attempts ? skill.successes / skill.attempts : null;
    const told = part === null ? "not judged yet" : `${skill.successes} of ${skill.attempts}, between ${share(skill.low)} and ${share(skill.high)}`;
    return h("tr", {}, h("th", { scope: "row" }, skill.name), h("td", {},
      part === null ? "" : interval(skill.low, part, skill.high, `${skill.name}: ${told}`), h("span", { className: "meta" }, told)));
  });
  const heading = ["What", "Success"].map((name) => h("th", { scope: "col" }, name));
  const judged = calibration.filter((bin) => bin.answers);
  section.replaceChildren(h("h2", {}, "What it can do"),
    rows.length ? h("div", { className: "scroll", tabIndex: 0, role: "group", "aria-label": "Capabilities" },
      h("table", {}, h("thead", {}, h("tr", {}, heading)), h("tbody", {}, rows))) : empty("Nothing was tried yet."),
    h("h2", {}, "Does it know how sure it is?"),
    judged.length ? h("div", {}, calibrationPlot(judged), h("p", { className: "meta" }, calibrationError === null ? "" : `Off by ${share(calibrationError)} on the mean.`))
      : empty("Rate some answers as right or wrong, and this shows."),
    limits?.length ? h("details", {}, h("summary", {}, "What it cannot do here"), h("ul", {}, limits.map((each) => h("li", {}, said(each))))) : "",
    unknown?.length ? h("details", {}, h("summary", {}, "What it does not know of itself"), h("ul", {}, unknown.map((each) => h("li", {}, said(each))))) : "");
}

const said = (each) => (typeof each === "string" ? each : Object.values(each).join(": "));

function drawGoals(section, { goals }, changed) {
  const before = section.querySelector("input"); // what is half written stays
  const text = h("input", { name: "goal", required: true, maxLength: 500, value: before?.value ?? "" });
  const writing = before !== null && document.activeElement === before;
  const add = async (event) => {
    event.preventDefault();
    if (!(await attempt(() => send("add_goal", { text: text.value })))) return;
    text.value = "";
    changed();
  };
  section.replaceChildren(h("h2", {}, "Goals"),
    h("ul", { className: "cards" }, goals.map((goal) => h("li", { className: "card" }, h("p", {}, goal.text),
      h("progress", { max: 1, value: goal.progress, "aria-label": `progress of: ${goal.text}` }),
      h("p", { className: "meta" }, `${share(goal.progress)}, ${goal.origin === "OWN" ? "its own" : "yours"}, since `, when(goal.createdAt))))),
    h("form", { className: "row", on: { submit: add } }, field("A goal of yours", text, { className: "grow" }), h("button", {}, "Add")));
  if (writing) text.focus();
}

function thought({ id, at, source, text, about }) {
  return h("li", { className: "card", "data-id": id }, h("p", {}, text),
    h("div", { className: "meta" }, `${source}, `, when(at), about.length ? `, about ${about.join(", ")}` : ""));
}

async function drawTests(section) {
  const data = await attempt(() => send("self_assessments", { first: 30 }));
  if (!data) return;
  const [last] = data.selfAssessments;
  const run = async () => {
    if (await attempt(() => send("assess_self", {}))) notify("Assessing. Jobs shows how far it is.");
  };
  const past = data.selfAssessments.map(({ score }) => score).reverse();
  section.replaceChildren(h("h2", {}, "Assessment"),
    last ? h("div", {}, h("p", {}, `${passedOf(last.tests)} tests passed, `, when(last.at)),
      past.length > 1 ? line(past, `scores, oldest first: ${past.map(share).join(", ")}`) : null,
      h("ul", {}, last.tests.map(tested)))
      : empty("It has not assessed itself yet."),
    h("button", { type: "button", className: "plain", on: { click: run } }, "Assess now"));
}

function passedOf(tests) {
  const done = tests.filter(({ measured }) => measured);
  return `${done.filter(({ passed }) => passed).length} of ${done.length}`;
}

function tested({ name, measured, passed, value, threshold, explanation }) {
  const verdict = passed ? "passed" : measured ? "failed" : "not measured";
  return h("li", {}, h("strong", { className: passed ? "good" : measured ? "error" : "" }, verdict), ` ${name}`,
    measured ? `: ${value.toFixed(3)}, needs ${threshold.toFixed(3)}` : "", ". ", h("span", { className: "meta" }, explanation));
}

/** The lineage as a tree: each generation under the one that it was trained from. */
async function drawWeights(section) {
  const data = await attempt(() => send("checkpoints"));
  if (!data) return;
  const under = Map.groupBy ? Map.groupBy(data.checkpoints, ({ parent }) => parent) : grouped(data.checkpoints);
  const branch = (parent) => {
    const members = under.get(parent) ?? [];
    return members.length ? h("ul", { className: "tree" }, members.map((each) => h("li", {}, node(each, () => drawWeights(section)), branch(each.id)))) : null;
  };
  section.replaceChildren(h("h2", {}, "Weights and where they come from"), branch(null) ?? empty("Only the weights that selfd came with."),
    h("p", { className: "meta" }, `${count(data.checkpoints.length)} in all; each names the hash of the one before it.`));
}

function grouped(list) {
  const found = new Map();
  for (const each of list) found.set(each.parent, [...(found.get(each.parent) ?? []), each]);
  return found;
}

function node(checkpoint, changed) {
  const gained = checkpoint.before !== null && checkpoint.after !== null
    ? `, ${checkpoint.before.toFixed(3)} to ${checkpoint.after.toFixed(3)} bits per byte on new text` : "";
  const state = checkpoint.active ? "active" : checkpoint.promoted ? "promoted once" : "rejected";
  const back = async () => {
    if (!confirm(`Go back to the weights ${checkpoint.id}?`)) return;
    if (await attempt(() => send("rollback", { id: checkpoint.id }))) {
      notify(`${checkpoint.id} serves now.`);
      changed();
    }
  };
  return h("div", {}, h("strong", {}, checkpoint.id), ` ${state}${gained}. `, h("span", { className: "meta" }, `${checkpoint.reason} `, when(checkpoint.createdAt)),
    !checkpoint.active && checkpoint.promoted && checkpoint.kept
      ? h("button", { type: "button", className: "plain small", on: { click: back } }, "Go back to it") : null);
}
