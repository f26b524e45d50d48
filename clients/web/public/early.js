// A page that is reloaded has no access token. This asks for one while the code
// that needs it is on its way; src/api/transport.ts takes the answer. Names are
// those of src/sync/session.ts. Of the code, only who is signed in needs the
// rooms': it is fetched from here, for the entry would ask for it when it runs.
try {
  if (localStorage.getItem("causerie.session")) {
    const { room } = document.currentScript.dataset;
    if (room) document.head.append(Object.assign(document.createElement("link"), { rel: "modulepreload", href: room }));
    const refresh = () =>
      fetch("/causerie.v1.AuthService/RefreshSession", {
        method: "POST",
        headers: { "content-type": "application/grpc-web+proto", "x-grpc-web": "1" },
        // The frame of an empty message.
        body: new Uint8Array(5),
        credentials: "same-origin",
        redirect: "error",
        // A page that goes meanwhile must not lose the cookie that succeeds the spent one.
        keepalive: true,
        signal: AbortSignal.timeout(8_000),
      });
    const answer = navigator.locks ? navigator.locks.request("causerie.cookie", refresh) : refresh();
    // Whoever takes it hears of it too.
    answer.catch(() => {});
    window.causerieEarly = answer;
  }
} catch {
  // No storage, no session.
}
