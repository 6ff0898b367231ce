// Jobs: what runs, how far it is, what it measured.

import { follow, send } from "./api.js";
import { attempt, count, duration, empty, h, notify, when } from "./dom.js";
import { eachFrame } from "./live.js";
import { drawNights } from "./nights.js";

export const title = "Jobs";

const RUNNING = new Set(["QUEUED", "RUNNING", "WAITING"]);

export function show(page) {
  const nights = h("section", { "aria-label": "Nights" });
  const list = h("ul", { className: "cards" });
  page.append(nights, h("h2", {}, "Now and before"), list);
  drawNights(nights);
  load();

  async function load() {
    const data = await attempt(() => send("jobs", { first: 30 }));
    if (!data) return;
    const { edges } = data.jobs;
    list.replaceChildren(...(edges.length ? edges.map(({ node }) => card(node)) : [h("li", {}, empty("No jobs yet."))]));
  }

  const moved = eachFrame((jobs, missing) => {
    if (missing) return load();
    for (const [id, job] of new Map(jobs.map((each) => [each.id, each]))) {
      const old = list.querySelector(`[data-id="${id}"]`);
      if (old) old.replaceWith(card(job));
      else list.prepend(card(job));
    }
    return list.querySelector(".empty")?.parentElement.remove();
  });
  return follow("job_progress", {}, {
    next: ({ jobProgress }) => moved(jobProgress),
    failed: (error) => notify(error.message, { bad: true }),
  });
}

function card(job) {
  const name = job.kind.toLowerCase().replaceAll("_", " ");
  const took = job.startedAt && job.finishedAt ? ` in ${duration((new Date(job.finishedAt) - new Date(job.startedAt)) / 1000)}` : "";
  const cancel = async () => {
    if (await attempt(() => send("cancel_job", { id: job.id }))) notify(`Cancelled: ${name}.`);
  };
  return h("li", { className: "card split", "data-id": job.id },
    h("p", {}, h("strong", {}, name), `: ${job.state.toLowerCase()}${took}`),
    job.state === "RUNNING" ? h("progress", { max: 1, value: job.progress, "aria-label": `${name}, progress` }) : null,
    job.error ? h("p", { className: "error" }, job.error) : h("p", { className: "meta" }, job.message),
    figures(job),
    h("p", { className: "meta" }, when(job.createdAt)),
    RUNNING.has(job.state)
      ? h("div", { className: "actions" }, h("button", { type: "button", className: "danger", on: { click: cancel } }, "Cancel"))
      : null);
}

/** The measured results that the card does not say in other lines. */
function figures({ metrics, message }) {
  const told = ([name, value]) => name === "seconds" || (typeof value === "string" && message.includes(value));
  const plain = Object.entries(metrics).filter((pair) => typeof pair[1] !== "object" && pair[1] && !told(pair));
  if (!plain.length) return null;
  return h("p", { className: "meta" }, plain.map(([name, value]) => `${name.replaceAll("_", " ")}: ${typeof value === "number" ? count(value) : value}`).join(", "));
}
