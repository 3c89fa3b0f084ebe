// Where the token comes from: behind the # of the address, or typed.

function askForToken(text) {
  clearTimeout(timer);
  write("token-why", text);
  write("state", "a token is wanted");
  at("token-form").hidden = false;
  at("token").focus();
}

/** Begins to look with a token, if a text can be one. */
function begin(text) {
  if (!/^[!-~]+$/.test(text)) {
    return askForToken("The run said its token when it started, or left it in a file.");
  }
  [token, last, misses, ends] = [text, null, 0, false];
  forget();
  at("token-form").hidden = at("run").hidden = true;
  look();
}

/** Takes the token out of the address, where others would see it. */
function beginFromAddress() {
  const found = new URLSearchParams(location.hash.slice(1)).get("token");
  if (found !== null) history.replaceState(null, "", location.pathname);
  if (found !== null || token === "") begin(found ?? "");
}

at("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = at("token").value.trim();
  at("token").value = "";
  begin(text);
});
addEventListener("hashchange", beginFromAddress);
beginFromAddress();
