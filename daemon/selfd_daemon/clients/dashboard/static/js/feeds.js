// Feeds and their articles.

import { follow, send } from "./api.js";
import { attempt, count, empty, field, h, notify, when } from "./dom.js";
import { Growing } from "./growing.js";
import { eachFrame } from "./live.js";

export const title = "Feeds";

export function show(page) {
  const url = h("input", { type: "url", name: "url", required: true, placeholder: "https://example.org/ or its feed" });
  const feeds = h("ul", { className: "cards" });
  const articles = new Growing({ read, card: articleCard, nothing: "No articles yet." });
  page.append(
    h("form", { className: "row", on: { submit: add } }, field("Follow a feed or a page that has one", url, { className: "grow" }),
      h("button", {}, "Follow"), h("button", { type: "button", className: "plain", on: { click: poll } }, "Poll now")),
    feeds, h("h2", {}, "Articles"), articles.list, articles.more);
  loadFeeds();
  articles.restart();

  async function loadFeeds() {
    const data = await attempt(() => send("feeds"));
    if (!data) return;
    feeds.replaceChildren(...data.feeds.map((feed) => feedCard(feed, loadFeeds)));
    if (!data.feeds.length) feeds.append(h("li", {}, empty("No feeds yet.")));
  }

  async function read(after) {
    return (await attempt(() => send("articles", { first: 20, after })))?.articles;
  }

  async function add(event) {
    event.preventDefault();
    const data = await attempt(() => send("add_feed", { url: url.value }));
    if (!data) return;
    notify(`Following ${data.addFeed.title}.`);
    url.value = "";
    loadFeeds();
  }

  async function poll() {
    if (await attempt(() => send("poll_feeds", {}))) notify("Polling. New articles appear below.");
  }

  const arrived = eachFrame((added, missing) => (missing ? articles.restart() : articles.add(added.filter(({ id }) => !articles.find(id)))));
  return follow("article_added", {}, {
    next: ({ articleAdded }) => arrived(articleAdded),
    failed: (error) => notify(error.message, { bad: true }),
  });
}

function feedCard(feed, changed) {
  const remove = async () => {
    if (!confirm(`Stop following ${feed.title} and remove its ${feed.articleCount} articles?`)) return;
    if (await attempt(() => send("remove_feed", { id: feed.id }))) changed();
  };
  const articles = `${count(feed.articleCount)} article${feed.articleCount === 1 ? "" : "s"}`;
  return h("li", { className: "card split" },
    h("p", {}, h("strong", {}, feed.title)),
    h("div", { className: "meta" }, `${feed.url}, ${articles}, polled `, when(feed.lastPolledAt),
      ", next ", when(feed.nextPollAt)),
    feed.error ? h("p", { className: "error" }, feed.error) : null,
    h("div", { className: "actions" }, h("button", { type: "button", className: "danger", on: { click: remove } }, "Remove")));
}

function articleCard(article) {
  const name = article.url
    ? h("a", { href: article.url, rel: "noreferrer noopener", target: "_blank" }, article.title)
    : article.title;
  const told = article.corroboration > 1 ? `, told by ${article.corroboration} sources` : "";
  return h("li", { className: "card", "data-id": article.id }, h("p", {}, h("strong", {}, name)), h("p", {}, article.summary),
    h("div", { className: "meta" }, `${article.feed.title}, `, when(article.publishedAt ?? article.fetchedAt), told));
}
