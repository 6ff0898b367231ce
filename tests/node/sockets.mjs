// Drives the API with the client of graphql-ws and prints one JSON line for each thing tried.
import { createClient } from "graphql-ws";
import WebSocket from "ws";

const [url, token] = process.argv.slice(2);

const client = (authorization) =>
  createClient({
    url,
    webSocketImpl: WebSocket,
    connectionParams: { authorization },
    retryAttempts: 0,
    lazyCloseTimeout: 0,
  });

const say = (name, result) => console.log(JSON.stringify({ name, result }));

async function first(from, query, variables = {}) {
  for await (const result of from.iterate({ query, variables })) return result;
}

async function refusal(from) {
  try {
    await first(from, "{ __typename }");
  } catch (closed) {
    return closed.code;
  }
}

const own = client(`Bearer ${token}`);

say("query", (await first(own, "{ status { version } }")).data);
say("mutation", (await first(own, 'mutation { forget(id: "memory:404") }')).data);

const change = "subscription { memoryChanged { kind memory { text } } }";
say("subscription", (await first(own, change)).data);

say("abort", await new Promise((resolve) => {
  const stop = own.subscribe(
    { query: "subscription { events(after: 0) { kind } }" },
    {
      next: () => stop(),
      error: () => resolve("error"),
      complete: () => resolve("complete"),
    },
  );
}));

const failed = await first(own, '{ memories(after: "nonsense") { totalCount } }');
say("failure", failed.errors[0].extensions.code);

const invalid = await first(own, "{ nothing }").catch((errors) => errors);
say("invalid query", invalid[0].extensions.code);

const broken = await first(own, "{ status {").catch((errors) => errors);
say("syntax error", broken[0].extensions.code);
say("socket after it", (await first(own, "{ __typename }")).data);

say("wrong token", await refusal(client("Bearer wrong")));
say("no token", await refusal(client(undefined)));

await own.dispose();
