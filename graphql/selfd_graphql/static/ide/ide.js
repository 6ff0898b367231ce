// Asks for the token, keeps it for this tab, and starts GraphiQL with it.
"use strict";

(() => {
  const KEY = "selfd-token";
  const WELCOME = `# The API of your own selfd. Ctrl-Enter runs the query under the cursor.

query Status {
  status {
    version
    memoryCount
    problems
  }
}

# Subscriptions run over a WebSocket; the same button ends them.
subscription Events {
  events {
    sequence
    at
    kind
    subject
  }
}
`;

  const login = document.getElementById("login");
  const field = document.getElementById("token");
  const refused = document.getElementById("refused");
  const url = location.origin + location.pathname;

  function ask(reason) {
    sessionStorage.removeItem(KEY);
    refused.textContent = reason;
    login.hidden = false;
    field.focus();
  }

  const headersOf = (token) => (token ? { authorization: `Bearer ${token}` } : {});

  async function accepted(token) {
    const reply = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...headersOf(token) },
      body: JSON.stringify({ query: "{ __typename }" }),
    });
    return reply.ok;
  }

  function start(token) {
    const fetcher = GraphiQL.createFetcher({
      url,
      headers: headersOf(token),
      subscriptionUrl: url.replace(/^http/, "ws"),
      wsConnectionParams: headersOf(token),
    });
    const root = ReactDOM.createRoot(document.getElementById("graphiql"));
    root.render(
      React.createElement(GraphiQL, {
        fetcher,
        defaultQuery: WELCOME,
        plugins: [GraphiQLPluginExplorer.explorerPlugin()],
      }),
    );
  }

  async function open(token, otherwise) {
    if (await accepted(token)) {
      if (token) sessionStorage.setItem(KEY, token);
      login.hidden = true;
      field.value = "";
      start(token);
    } else {
      ask(otherwise);
    }
  }

  const REFUSED = "This is not the token of the daemon that runs here.";

  login.addEventListener("submit", (event) => {
    event.preventDefault();
    open(field.value.trim(), REFUSED);
  });

  // A link may bring the token in its fragment, which browsers keep to themselves. Without one,
  // the cookie of a browser that has signed in to the dashboard will do.
  const fragment = new URLSearchParams(location.hash.slice(1)).get("token");
  if (fragment) history.replaceState(null, "", url);
  const known = fragment || sessionStorage.getItem(KEY);
  open(known, known ? REFUSED : "");
})();
