// Ask: a question, the answer as it is made, its sources.

import { follow, send } from "./api.js";
import { attempt, duration, field, h, notify, share } from "./dom.js";
import { citations, marked } from "./sources.js";

export const title = "Ask";

let conversationId = null;
let turns = [];
let serial = 0;

export function show(page) {
  const list = h("div", { className: "turns" });
  const question = h("textarea", { name: "question", required: true, autocomplete: "off", maxLength: 4000, on: { keydown: sendOnEnter } });
  const stopButton = h("button", { type: "button", className: "plain", hidden: true }, "Stop");
  const askButton = h("button", { type: "submit" }, "Ask");
  const form = h("form", { className: "row" },
    field("Your question", question, { className: "grow" }), askButton, stopButton,
    h("button", { type: "button", className: "plain", on: { click: restart } }, "New conversation"));
  let stop = () => {};
  turns.forEach((turn) => list.append(turn));
  if (!turns.length) list.append(hint());
  page.append(list, form);
  question.focus();

  function sendOnEnter(event) {
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      form.requestSubmit();
    }
  }

  function restart() {
    stop();
    conversationId = null;
    turns = [];
    list.replaceChildren(hint());
    question.focus();
  }

  function add(turn) {
    if (!turns.length) list.replaceChildren();
    turns.push(turn);
    list.append(turn);
    turn.scrollIntoView({ block: "nearest" });
  }

  function busy(working) {
    askButton.disabled = working;
    stopButton.hidden = !working;
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = question.value.trim();
    if (!text || askButton.disabled) return;
    question.value = "";
    add(h("div", { className: "turn user" }, text));
    const reply = h("div", { className: "card turn", "aria-live": "polite" }, h("p", { className: "answer" }));
    add(reply);
    busy(true);
    const end = () => (busy(false), question.focus());
    stop = follow("generate", { input: { question: text, conversationId } }, {
      once: true,
      next: ({ generate }) => {
        if (generate.__typename === "TextDelta") reply.firstChild.append(generate.text);
        else finish(reply, generate.answer);
      },
      failed: (error) => {
        reply.append(h("p", { className: "error" }, error.message));
        end();
      },
      ended: end,
    });
    stopButton.onclick = () => {
      stop();
      reply.append(h("p", { className: "meta" }, "Stopped."));
      end();
    };
  });
  return () => stop();
}

function hint() {
  return h("p", { className: "empty" }, "selfd answers from your memories, documents and articles, in their own words, or says that it does not know.");
}

function finish(reply, answer) {
  if (!answer) return;
  conversationId = answer.conversationId;
  serial += 1;
  const prefix = `source-${serial}`;
  const sure = answer.abstained ? "Not sure enough to answer" : `${share(answer.confidence)} sure`;
  reply.replaceChildren(
    marked(answer.text, prefix),
    h("p", { className: "meta" }, `${sure}, ${answer.mind.name}, ${duration(answer.seconds)}`),
    h("div", { className: "actions" }, rate(answer.id, 1, "Right"), rate(answer.id, -1, "Wrong")),
    ...[citations(answer.citations, prefix)].filter(Boolean));
}

function rate(answerId, rating, name) {
  return h("button", {
    type: "button",
    className: "plain",
    on: {
      click: async ({ currentTarget }) => {
        const kept = await attempt(() => send("give_feedback", { input: { answerId, rating } }));
        if (!kept) return;
        currentTarget.parentElement.replaceChildren(h("span", { className: "meta" }, "Thank you."));
        notify("selfd keeps this and learns from it.");
      },
    },
  }, name);
}
