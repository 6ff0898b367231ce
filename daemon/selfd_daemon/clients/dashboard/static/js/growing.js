// A list with the newest on top: read page by page, grown at its top by what happens meanwhile.

import { empty, h } from "./dom.js";

const ENOUGH = 10; // new ones for one press of Older
const MOST_GROWN = 100; // beyond what a person opened: every card costs each frame that moves it

export class Growing {
  #read;
  #card;
  #nothing;
  #dayOf;
  #after = null;
  #opened = 0; // how long a person made it

  /**
   * `read(after)` gives a page of edges or nothing, `card(node)` draws one with its `data-id`;
   * with `dayOf(node)` each day gets a heading.
   */
  constructor({ read, card, nothing, dayOf = null }) {
    [this.#read, this.#card, this.#nothing, this.#dayOf] = [read, card, nothing, dayOf];
    this.list = h("ul", { className: "cards" });
    this.more = h("button", { type: "button", className: "plain", hidden: true, on: { click: () => this.#older() } }, "Older");
  }

  find(id) {
    return this.list.querySelector(`[data-id="${id}"]`);
  }

  async restart() {
    this.#after = null;
    await this.#older(() => this.list.replaceChildren());
  }

  /** Show other cards instead, all that there are. */
  instead(cards) {
    this.more.hidden = true;
    this.list.replaceChildren(...cards);
  }

  /** Put new ones on top, the newest last among them. */
  add(nodes) {
    this.list.querySelector(":scope > .nothing")?.remove();
    for (const node of nodes) {
      const first = this.list.firstElementChild;
      const day = this.#dayOf?.(node);
      if (!day) this.list.prepend(this.#card(node));
      else if (first?.dataset.day === day) first.after(this.#card(node));
      else this.list.prepend(heading(day), this.#card(node));
    }
    this.#shorten();
  }

  /** Read on until enough is new: after `#shorten`, reading begins with what is shown still. */
  async #older(before = () => {}) {
    let page;
    let fresh = 0;
    do {
      page = await this.#read(this.#after);
      if (!page) return;
      before();
      before = () => {};
      for (const { node } of page.edges) fresh += this.#append(node);
      this.#after = page.pageInfo.endCursor;
    } while (fresh < ENOUGH && page.pageInfo.hasNextPage);
    this.more.hidden = !page.pageInfo.hasNextPage;
    this.#opened = this.list.childElementCount;
    if (!this.#opened) this.list.append(h("li", { className: "nothing" }, empty(this.#nothing)));
  }

  #append(node) {
    if (this.find(node.id)) return 0;
    const day = this.#dayOf?.(node);
    if (day && [...this.list.querySelectorAll(":scope > .day")].at(-1)?.dataset.day !== day) this.list.append(heading(day));
    this.list.append(this.#card(node));
    return 1;
  }

  #shorten() {
    if (this.list.childElementCount <= this.#opened + MOST_GROWN) return;
    while (this.list.childElementCount > this.#opened + MOST_GROWN) this.list.lastElementChild.remove();
    this.#after = null;
    this.more.hidden = false;
  }
}

const heading = (day) => h("li", { className: "day", "data-day": day }, h("h2", {}, day));
