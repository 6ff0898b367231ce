// The API: queries over fetch, subscriptions over one WebSocket (graphql-transport-ws).
// The documents are the files of graphql/operations/, served as one object; the cookie signs us in.

let documents;

export class ApiError extends Error {
  constructor(message, code) {
    super(message);
    this.code = code;
  }
}

async function documentNamed(name) {
  documents ??= fetch("/dashboard/operations.json").then((reply) => reply.json());
  const found = (await documents)[name];
  if (!found) throw new ApiError(`no document named ${name}`, "NO_DOCUMENT");
  return found;
}

/** Send one query or mutation; returns its data, throws ApiError with the server's words. */
export async function send(name, variables = {}, options = {}) {
  const query = await documentNamed(name);
  let reply;
  try {
    reply = await fetch("/graphql", {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/graphql-response+json" },
      body: JSON.stringify({ query, variables }),
      ...options,
    });
  } catch {
    throw new ApiError("selfd does not answer: is it running?", "UNREACHABLE");
  }
  if (reply.status === 401) throw new ApiError("You are not signed in.", "UNAUTHENTICATED");
  const body = await reply.json();
  if (body.errors) throw new ApiError(body.errors[0].message, body.errors[0].extensions?.code);
  return body.data;
}

/** Trade a one-time code for the session cookie. */
export async function signIn(code) {
  const reply = await fetch("/session", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ code }),
  });
  return reply.ok;
}

const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;

/** One socket for all subscriptions; opens when needed, comes back by itself. */
class Socket {
  #socket = null;
  #ready = false;
  #wait = FIRST_WAIT;
  #next = 1;
  #running = new Map();
  onState = () => {};

  start(query, variables, handlers) {
    const id = String(this.#next++);
    this.#running.set(id, { query, variables, ...handlers });
    if (this.#ready) this.#subscribe(id);
    else this.#open();
    return () => this.#stop(id);
  }

  #stop(id) {
    if (this.#running.delete(id) && this.#ready) this.#send({ id, type: "complete" });
  }

  #open() {
    if (this.#socket) return;
    const socket = new WebSocket(`ws://${location.host}/graphql`, "graphql-transport-ws");
    this.#socket = socket;
    socket.onopen = () => this.#send({ type: "connection_init" });
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    socket.onclose = () => this.#closed();
  }

  #closed() {
    const lost = this.#ready;
    this.#socket = null;
    this.#ready = false;
    this.onState(false);
    for (const [id, { once, failed }] of this.#running) {
      if (!once || !lost) continue; // a stream that cannot be taken up again ends here
      this.#running.delete(id);
      failed?.(new ApiError("the connection was lost", "UNREACHABLE"));
    }
    setTimeout(() => this.#running.size && this.#open(), this.#wait);
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT);
  }

  #receive(message) {
    if (message.type === "connection_ack") {
      this.#ready = true;
      this.#wait = FIRST_WAIT;
      this.onState(true);
      for (const id of this.#running.keys()) this.#subscribe(id);
    } else if (message.type === "ping") {
      this.#send({ type: "pong" });
    } else {
      this.#deliver(message);
    }
  }

  #deliver({ id, type, payload }) {
    const running = this.#running.get(id);
    if (!running) return;
    if (type === "next" && !payload.errors) {
      running.next(payload.data);
      return;
    }
    this.#running.delete(id);
    const error = type === "next" ? payload.errors[0] : payload?.[0];
    if (error) running.failed?.(new ApiError(error.message, error.extensions?.code));
    else running.ended?.();
  }

  #subscribe(id) {
    const { query, variables } = this.#running.get(id);
    const now = typeof variables === "function" ? variables() : variables;
    this.#send({ id, type: "subscribe", payload: { query, variables: now } });
  }

  #send(message) {
    this.#socket?.send(JSON.stringify(message));
  }
}

export const socket = new Socket();

/**
 * Follow a subscription until the returned function is called. `variables` may be a function, asked
 * again at each reconnection. `once`: end with an error when the connection is lost.
 */
export function follow(name, variables, handlers) {
  let stop = null;
  let stopped = false;
  documentNamed(name).then((query) => {
    if (!stopped) stop = socket.start(query, variables, handlers);
  }, handlers.failed);
  return () => {
    stopped = true;
    stop?.();
  };
}
