// Drives the API with the client of graphql-sse and prints one JSON line for each thing tried.
import { createClient } from "graphql-sse";

const [url, token] = process.argv.slice(2);

const client = (bearer) =>
  createClient({ url, headers: { authorization: `Bearer ${bearer}` }, retryAttempts: 0 });

const say = (name, result) => console.log(JSON.stringify({ name, result }));

async function first(from, query) {
  for await (const result of from.iterate({ query })) return result;
}

const own = client(token);

say("query", (await first(own, "{ status { version } }")).data);
say("subscription", (await first(own, "subscription { events(after: 0) { kind } }")).data);
say("invalid query", (await first(own, "{ nothing }")).errors[0].extensions.code);

const wrong = await first(client("wrong"), "{ __typename }").catch((error) => error);
say("wrong token", wrong.response?.status ?? wrong.message);

own.dispose();
