// News: what several sources tell, side by side, and what comes up more than usual.

import { send } from "./api.js";
import { sparkline } from "./charts.js";
import { attempt, empty, field, h, when } from "./dom.js";

export const title = "News";

const SPANS = [[24, "day"], [48, "two days"], [168, "week"]];
const WINDOWS = 12; // bars of a sparkline

export function show(page) {
  const hours = h("select", { name: "hours", on: { change: load } }, SPANS.map(([value, name]) => h("option", { value }, `the last ${name}`)));
  hours.value = "48";
  const trends = h("ul", { className: "cards columns" });
  const stories = h("ul", { className: "cards" });
  page.append(h("form", { className: "row" }, field("Look back over", hours)),
    h("h2", {}, "Trends"), trends, h("h2", {}, "Stories"), stories);
  load();

  async function load() {
    const span = Number(hours.value);
    const [told, rising] = await Promise.all([
      attempt(() => send("stories", { hours: span, first: 20 })), attempt(() => send("trends", { hours: span, first: 10 }))]);
    if (told) fill(stories, told.stories.map(story), "No story yet: one needs articles of the same event. Follow some feeds.");
    if (rising) fill(trends, rising.trends.map((trend) => trendCard(trend, span)), "Nothing comes up more than usual in three independent sources.");
  }
}

function fill(list, cards, nothing) {
  list.replaceChildren(...(cards.length ? cards : [h("li", {}, empty(nothing))]));
}

function trendCard(trend, hours) {
  const start = Date.now() - hours * 3_600_000;
  const windows = Array(WINDOWS).fill(0);
  for (const { publishedAt } of trend.articles) {
    const at = Math.floor(((new Date(publishedAt ?? Date.now()) - start) / (hours * 3_600_000)) * WINDOWS);
    windows[Math.min(WINDOWS - 1, Math.max(0, at))] += 1;
  }
  const expected = trend.forecast.toFixed(1);
  const error = trend.forecastError === null ? "" : `, give or take ${trend.forecastError.toFixed(1)}`;
  return h("li", { className: "card" },
    h("p", {}, h("strong", {}, trend.term), ` ${trend.burst.toFixed(1)} times as often as usual`),
    sparkline(windows, null, `${trend.term}: ${windows.join(", ")} articles from the oldest window to the newest`),
    h("p", { className: "meta" }, `${trend.count} articles; ${expected} expected next${error}`));
}

function story(told) {
  const sources = told.sources === 1 ? "one source" : `${told.sources} independent sources`;
  return h("li", { className: "card" },
    h("p", {}, h("strong", {}, told.title)),
    h("p", { className: "meta" }, `${sources}, since `, when(told.firstSeenAt)),
    h("div", { className: "beside" }, told.articles.map(telling)),
    told.disputes.length
      ? h("div", {}, h("h3", {}, "Where they differ"), h("ul", {}, told.disputes.map((dispute) => h("li", {}, dispute))))
      : null);
}

function telling(article) {
  const name = article.url
    ? h("a", { href: article.url, rel: "noreferrer noopener", target: "_blank" }, article.title)
    : article.title;
  return h("div", {}, h("p", { className: "meta" }, article.feed.title), h("p", {}, name), h("p", { className: "meta" }, when(article.publishedAt)));
}
