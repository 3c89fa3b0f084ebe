// The time since the page was opened: one point a second of the run, and what happened.

/** Above this many points two become one: a page that stays open for days stays small. */
const POINTS_MAX = 1200;
const MARKS_MAX = 200;

/** Whoever has not looked for so long does not know what was between: the line breaks. */
const GAP_S = 5;

const WIDE = 600;
const HIGH = 120;
/** Room for the width of the line at the peak. */
const TOP = 3;

let points = [];
let marks = [];

/** What comes next is of another run. */
function forget() {
  [points, marks] = [[], []];
}

function remember(now) {
  if (now.commands) rememberNumbers(now);
  for (const { at_s, what } of now.happened) {
    if (!marks.some((mark) => mark.at === at_s && mark.what === what)) marks.push({ at: at_s, what });
  }
  marks = marks.slice(-MARKS_MAX);
}

function rememberNumbers(now) {
  const last = points.at(-1)?.at ?? 0;
  if (Math.floor(now.at_s) <= Math.floor(last)) return;
  const isGap = points.length > 0 && now.at_s - last > GAP_S;
  if (isGap) points.push({ at: now.at_s, p50: null, p99: null, rate: null });
  points.push(point(now));
  if (points.length > POINTS_MAX) points = thinned(points);
}

/** A second in which nothing ended has no latency, not one of zero. */
function point({ at_s, recent_ms, recent_terminal, recent_s }) {
  const { p50, p99 } = recent_ms.count > 0 ? recent_ms : { p50: null, p99: null };
  return { at: at_s, p50, p99, rate: recent_s > 0 ? recent_terminal / recent_s : 0 };
}

/** Every two as one: the worse latency, the mean rate. */
function thinned(all) {
  const joined = (one, other, how) => (one === null || other === null ? (one ?? other) : how(one, other));
  const mean = (one, other) => (one + other) / 2;
  return all.flatMap((one, nth) => {
    if (nth % 2 === 1) return [];
    const other = all[nth + 1] ?? one;
    return {
      at: other.at,
      p50: joined(one.p50, other.p50, Math.max),
      p99: joined(one.p99, other.p99, Math.max),
      rate: joined(one.rate, other.rate, mean),
    };
  });
}

function drawCharts() {
  if (points.length === 0) return;
  const last = points.at(-1);
  const [p99, rate] = [peak("p99"), peak("rate")];
  const now = (value) => (value === null ? "–" : fixed(value, 1));
  write("latency-told", `${now(last.p99)} · peak ${fixed(p99, 1)}`);
  write("rate-told", `${now(last.rate)} · peak ${fixed(rate, 1)}`);
  draw("latency", ["", "p99"], ["half", "p50"]);
  draw("rate", ["", "rate"]);
  for (const one of document.querySelectorAll(".since")) one.textContent = time(points[0].at);
  for (const one of document.querySelectorAll(".until")) one.textContent = time(last.at);
}

const peak = (of) => Math.max(0, ...points.map((point) => point[of]));

/** Draws curves, the first of which sets the scale, over the marks. */
function draw(name, ...curves) {
  const top = peak(curves[0][1]) || 1;
  const drawn = curves.map(([look, of]) => path(look, curve(of, top)));
  const seen = marks.filter((mark) => mark.at >= points[0].at);
  const lines = seen.map(({ at, what }) => {
    const line = path("mark", `M${x(at)} 0V${HIGH}`);
    line.append(named(`${time(at)} ${what}`));
    return line;
  });
  lay(`${name}-chart`, named(at(`${name}-told`).parentElement.textContent), ...lines, ...drawn);
}

/** A line through all values, broken where there is none. */
function curve(of, top) {
  let [drawn, pen] = ["", "M"];
  for (const point of points) {
    const value = point[of];
    if (value !== null) {
      const y = HIGH - (Math.min(value / top, 1) * (HIGH - TOP));
      drawn += `${pen}${x(point.at)} ${y.toFixed(1)}${pen === "M" ? "h0" : ""}`;
    }
    pen = value === null ? "M" : "L";
  }
  return drawn;
}

function x(at) {
  const [from, to] = [points[0].at, points.at(-1).at];
  return (Math.min((at - from) / (to - from || 1), 1) * WIDE).toFixed(1);
}

function path(look, drawn) {
  const line = svg("path");
  line.setAttribute("class", look);
  line.setAttribute("d", drawn);
  return line;
}

function named(text) {
  const title = svg("title");
  title.textContent = text;
  return title;
}

const svg = (tag) => document.createElementNS(at("rate-chart").namespaceURI, tag);
