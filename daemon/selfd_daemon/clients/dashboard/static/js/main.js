// Sign in, choose the page by the address after #, keep the state line true.

import { ApiError, follow, send, signIn, socket } from "./api.js";
import { age, count, h, notify } from "./dom.js";
import * as ask from "./ask.js";
import * as feeds from "./feeds.js";
import * as jobs from "./jobs.js";
import { everySeconds } from "./live.js";
import * as memories from "./memories.js";
import * as news from "./news.js";
import * as self from "./self.js";
import * as settings from "./settings.js";
import * as system from "./system.js";

const PAGES = { ask, memories, feeds, news, self, jobs, system, settings };
const page = document.getElementById("page");
const state = document.getElementById("state");
let leave = () => {};

function drawNavigation(current) {
  const links = Object.entries(PAGES).map(([name, { title }]) =>
    h("a", { href: `#/${name}`, "aria-current": name === current ? "page" : null }, title));
  document.getElementById("nav").replaceChildren(...links);
}

/** Show the page that the address names; `show` returns how to leave it. */
function route() {
  const name = /^#\/(\w+)/.exec(location.hash)?.[1];
  const current = name in PAGES ? name : "ask";
  leave();
  drawNavigation(current);
  document.title = `${PAGES[current].title} · selfd`;
  page.replaceChildren(h("h1", {}, PAGES[current].title));
  leave = PAGES[current].show(page) ?? (() => {});
}

async function refreshState() {
  try {
    const { status } = await send("status");
    const problem = status.problems[0];
    state.textContent = problem ?? `${count(status.memoryCount)} memories, ${count(status.articleCount)} articles`
      + (status.runningJobs ? `, ${status.runningJobs} at work` : "");
    state.classList.toggle("problem", Boolean(problem));
  } catch (error) {
    state.textContent = error.message;
    state.classList.add("problem");
    if (error instanceof ApiError && error.code === "UNAUTHENTICATED") signedOut();
  }
}

function signedOut() {
  leave();
  leave = () => {};
  page.replaceChildren(h("h1", {}, "Sign in"),
    h("p", {}, "Run ", h("code", {}, "selfd open"), " in a terminal. It opens this page with a link that works once."));
}

/** Refresh at most once a second, however fast events come. */
function soon(run) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    setTimeout(() => ((waiting = false), run()), 1000);
  };
}

async function start() {
  const code = /^#code=([\w-]+)$/.exec(location.hash)?.[1];
  if (code) {
    history.replaceState(null, "", "/");
    if (!(await signIn(code))) notify("This link was used already or is too old: run selfd open again.", { bad: true, seconds: 20 });
  }
  try {
    await send("status");
  } catch (error) {
    if (error.code === "UNAUTHENTICATED") {
      state.textContent = "Signed out";
      signedOut();
      return;
    }
  }
  await refreshState();
  const refresh = soon(refreshState);
  follow("events", {}, { next: refresh, failed: (error) => notify(error.message, { bad: true }) });
  socket.onState = (connected) => {
    if (connected) refresh();
    else state.textContent = "selfd does not answer; trying again…";
    state.classList.toggle("problem", !connected);
  };
  addEventListener("hashchange", () => {
    route();
    page.focus();
  });
  route();
  everySeconds(60, age);
}

start();
