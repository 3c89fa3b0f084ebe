// Changes the run: leaves wishes, and shows them before the numbers do.

/** The paces that can be chosen, in percent of the plan's own. */
const PACES = [10, 25, 50, 75, 100, 150, 200, 500, 1000];

/** What was wished for, until numbers say otherwise. */
let pace = 100;
let stands = false;
let ends = false;

/** The plan is played in another way than before: wished for here, or by somebody else. */
function follow(now, before) {
  if (now.factor !== before?.factor) pace = Math.round(now.factor * 100);
  if (now.clock !== before?.clock) stands = now.clock === "stands";
}

function showCourse() {
  const [look, said] = course();
  document.querySelector("header").className = look;
  write("state", said);
  write("pace", pace === 100 ? "" : `pace ${pace} %`);
  write("pause", stands ? "resume" : "pause");
  at("slower").disabled = pace <= PACES[0];
  at("faster").disabled = pace >= PACES.at(-1);
}

function course() {
  if (misses > 0) return isOver() ? ["", "over"] : ["gone", "no answer"];
  if (ends) return ["stands", "ending"];
  if (last.at_s === 0) return ["coming", "devices come up; then the plan begins"];
  if (stands) return ["stands", "paused"];
  if (last.at_s > last.lasts_s) return ["coming", "the plan is over; what is under way may end"];
  return ["plays", "plays"];
}

/** Leaves a wish, and says what became of it; returns whether it was taken. */
async function wish(verb, what, body) {
  try {
    const answer = await ask(`/v1/run/${verb}`, { method: "POST", body: body && JSON.stringify(body) });
    if (!answer.ok) throw new Error(await refusal(answer));
    tell(`wished: ${what}`, "");
    return true;
  } catch (cause) {
    tell(`not done: ${what}: ${cause.message}`, "refused");
    follow(last);
    showCourse();
    return false;
  }
}

function tell(text, look) {
  at("told").className = look;
  write("told", text);
}

function playAt(wanted) {
  pace = wanted;
  showCourse();
  wish("pace", `pace ${wanted} %`, { factor: wanted / 100 });
}

function pauseOrResume() {
  const verb = stands ? "resume" : "pause";
  stands = !stands;
  showCourse();
  wish(verb, verb);
}

function outage() {
  if (!at("percent").reportValidity()) return;
  const percent = at("percent").valueAsNumber;
  wish("inject", `outage of ${percent} % of the devices`, { fault: "outage", percent });
}

async function end() {
  at("ending").close();
  ends = await wish("stop", "the run ends");
  at("wishes").disabled = ends;
  showCourse();
}

const onClick = (id, then) => at(id).addEventListener("click", then);

onClick("pause", pauseOrResume);
onClick("slower", () => playAt(PACES.findLast((one) => one < pace)));
onClick("faster", () => playAt(PACES.find((one) => one > pace)));
onClick("restart", () => wish("inject", "the server restarts", { fault: "restart" }));
onClick("kill", () => wish("inject", "the server is killed", { fault: "kill" }));
onClick("outage", outage);
onClick("stop", () => at("ending").showModal());
onClick("go-on", () => at("ending").close());
onClick("end", end);
