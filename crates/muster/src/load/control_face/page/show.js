// A run at one moment, in the words of the terminal.

/** How far commands come, by the names of their numbers. */
const WAY = [["planned", "planned"], ["queued", "queued"], ["delivered", "delivered"],
  ["answered", "acknowledged"], ["stored", "stored"]];

/** How they end otherwise. */
const ENDS = [["pushed", "pushed"], ["not now", "not_now"], ["error", "error"], ["expired", "expired"],
  ["cancelled", "cancelled"], ["refused", "refused"], ["timed out", "timed_out"],
  ["dropped", "dropped"], ["lost", "lost"]];

/** What can be said of a threshold, the most urgent first. */
const STANDINGS = [[false, "✗ breaks", "breaks"], [null, "? not yet", "unknown"], [true, "✓ holds", "holds"]];

function show(now) {
  document.title = `${time(now.at_s)} ${now.name} · muster load`;
  write("name", now.name || "muster load");
  write("question", now.question);
  showClock(now);
  showDevices(now);
  if (now.commands) showNumbers(now);
  showThresholds(now.thresholds);
  rows("happened", "nothing yet", now.happened.toReversed(), ({ at_s, what }) =>
    made("li", "", made("b", "", time(at_s)), made("span", "", what)));
}

function showClock({ at_s, lasts_s, phase }) {
  write("time", `${time(at_s)} of ${time(lasts_s)}`);
  write("phase", phase && `phase ${phase}`);
  at("progress").max = lasts_s || 1;
  at("progress").value = Math.min(at_s, lasts_s || 1);
}

function showDevices({ devices, enrolled, connected, locked, left, connect_failures }) {
  const offline = Math.max(enrolled - connected, 0);
  const yet = Math.max(devices - enrolled - left, 0);
  const share = (look, number) => sized(made("span", look), number, devices);
  lay("devices-bar", share("online", connected), share("offline", offline), share("left", left));
  lay("devices",
    fact("online", count(connected), `of ${count(devices)} online`),
    fact("offline", count(offline), "offline"),
    fact("left", count(left), "wiped or retired"),
    fact("yet", count(yet), "not there yet"),
    fact("", count(locked), "locked"),
    ...(connect_failures > 0 ? [fact("", count(connect_failures), "connects failed")] : []));
}

function showNumbers(now) {
  lay("commands", ...WAY.flatMap(([name, of]) => {
    const reached = now.commands[of];
    return [made("span", "", name), track(reached, now.commands.planned), made("span", "number", count(reached))];
  }));
  const ends = [["open", now.open], ...ENDS.map(([name, of]) => [name, now.commands[of]]),
    ["executed twice", now.executed_twice]];
  lay("ends", ...ends.filter(([name, number]) => name === "open" || number > 0)
    .map(([name, number]) => fact("", count(number), name)));
  lay("latency", quantiles("so far", now.total_ms, 1), quantiles("recent", now.recent_ms, 1),
    quantiles("lag", now.lag_ms, 2));
  drawCharts();
  rows("errors", "none", now.errors, ({ code, name, count: times }) =>
    made("li", "", made("code", "", code), made("span", "", name), made("b", "", `× ${count(times)}`)));
}

function showThresholds(thresholds) {
  const sorted = STANDINGS.flatMap(([holds, said, look]) =>
    thresholds.filter((one) => one.holds === holds).map(({ text }) => ({ text, said, look })));
  rows("thresholds", "the scenario has none", sorted, ({ text, said, look }) =>
    made("li", look, made("b", "", said), made("code", "", text)));
}

function rows(id, none, all, row) {
  lay(id, ...(all.length > 0 ? all.map(row) : [made("li", "none", none)]));
}

function quantiles(name, { p50, p99, max, count: of }, digits) {
  const head = made("th", "", name);
  head.scope = "row";
  const cells = [p50, p99, max].map((value) => made("td", "", of > 0 ? fixed(value, digits) : "–"));
  return made("tr", "", head, ...cells, made("td", "", count(of)));
}

function fact(key, number, what) {
  const swatch = key ? [made("span", `key ${key}`)] : [];
  return made("li", "", ...swatch, made("b", "", number), ` ${what}`);
}

const track = (part, whole) => made("span", "track", sized(made("span", ""), part, whole));

/** As wide as its share; the policy of the page lets a script do that, and no attribute. */
function sized(element, part, whole) {
  element.style.width = `${whole > 0 ? Math.min((100 * part) / whole, 100).toFixed(2) : 0}%`;
  return element;
}
