// A tab whose session ended while it was away (asleep, without a network) is refused at every try
// to connect again. It is led to the login page instead of trying for ever.
(() => {
  "use strict";

  async function leaveIfSignedOut() {
    const answer = await fetch("/api/v1/me", { cache: "no-store" }).catch(() => null);
    if (answer?.status === 401) location.replace("/login");
  }

  // The framework makes its socket after this script has run.
  const waiting = setInterval(() => {
    if (!window.socket) return;
    clearInterval(waiting);
    window.socket.on("connect_error", leaveIfSignedOut);
  }, 100);
})();
