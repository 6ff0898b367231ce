// How the things that answers and searches point to are shown: memories, articles, documents.

import { h, when } from "./dom.js";

/** One line that says what an item is and where it comes from. */
export function origin(item) {
  if (item.__typename === "Memory") {
    const from = item.source ? ` from ${item.source}` : "";
    return h("span", { className: "meta" }, `Memory${from}, `, when(item.createdAt));
  }
  if (item.__typename === "Article") {
    const title = item.url
      ? h("a", { href: item.url, rel: "noreferrer noopener", target: "_blank" }, item.title)
      : item.title;
    return h("span", { className: "meta" }, title, ` in ${item.feed.title}, `, when(item.publishedAt));
  }
  if (item.__typename === "Thought") {
    return h("span", { className: "meta" }, `Journal, ${item.id}, `, when(item.at));
  }
  const lines = item.startLine === item.endLine ? `line ${item.startLine}` : `lines ${item.startLine} to ${item.endLine}`;
  return h("span", { className: "meta" }, `${item.path}, ${lines}`);
}

/** An answer's text with its [1] marks as links to the citations below it. */
export function marked(text, prefix) {
  const paragraph = h("p", { className: "answer" });
  for (const part of text.split(/(\[\d+\])/)) {
    const mark = /^\[(\d+)\]$/.exec(part);
    paragraph.append(mark ? h("a", { className: "cite", href: `#${prefix}-${mark[1]}`, on: { click: jump } }, part) : part);
  }
  return paragraph;
}

/** Go to a citation without leaving the page: the address after # names pages. */
function jump(event) {
  event.preventDefault();
  const target = document.getElementById(event.currentTarget.getAttribute("href").slice(1));
  target?.scrollIntoView({ block: "center" });
  target?.focus();
}

export function citations(list, prefix) {
  if (!list.length) return null;
  const cards = list.map((citation, at) => h("li", { className: "card cited", id: `${prefix}-${at + 1}`, tabIndex: -1 },
    h("blockquote", {}, citation.quote),
    h("span", {}, `[${at + 1}] `), origin(citation.item)));
  return h("div", {}, h("h2", {}, "Sources"), h("ul", { className: "cards" }, cards));
}
