// Asks the run for its numbers, once a second.

const EVERY_MS = 1_000;
/** An address that does not answer is asked half as often each time, and in the end no more. */
const LONGEST_MS = 30_000;
const MISSES_MAX = 8;
const ANSWER_WITHIN_MS = 5_000;

/** A run that is silent so short before the end of its plan has come to it. */
const NEAR_THE_END_S = 3;

/** Kept here and nowhere else. */
let token = "";
let last = null;
let misses = 0;
let timer = 0;
let isLooking = false;

/** Nobody is there to ask. */
class Silence extends Error {}

/** Asks with the token. It is in a header, so no other site can have a browser send it. */
async function ask(path, options = {}) {
  const answer = await fetch(path, {
    ...options,
    headers: { Authorization: `Bearer ${token}` },
    cache: "no-store",
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  }).catch(() => {
    throw new Silence("the address does not answer");
  });
  if (answer.status === 401) askForToken("That is not the token of this run.");
  return answer;
}

async function refusal(answer) {
  const problem = await answer.json().catch(() => ({}));
  return problem.detail ?? `status ${answer.status}`;
}

async function look() {
  if (isLooking) return;
  isLooking = true;
  clearTimeout(timer);
  try {
    const answer = await ask("/v1/run");
    if (answer.status === 401) return;
    if (!answer.ok) throw new Error(await refusal(answer));
    found(await answer.json());
  } catch (cause) {
    missed(cause);
  } finally {
    isLooking = false;
  }
}

function found(now) {
  misses = 0;
  follow(now, last);
  last = now;
  remember(now);
  show(now);
  at("gone").hidden = true;
  at("run").hidden = false;
  at("wishes").disabled = ends;
  showCourse();
  timer = setTimeout(look, EVERY_MS);
}

/** Nobody answers. The last numbers stay; a first miss may be chance. */
function missed(cause) {
  misses += 1;
  if (misses < MISSES_MAX) timer = setTimeout(look, Math.min(EVERY_MS * 2 ** misses, LONGEST_MS));
  if (misses < 2 && last && !isOver()) return;
  write("gone-why", why(cause));
  at("gone").hidden = false;
  at("wishes").disabled = true;
  showCourse();
}

const isOver = () => ends || (last !== null && last.at_s > last.lasts_s - NEAR_THE_END_S);

function why(cause) {
  if (!(cause instanceof Silence)) return `The numbers cannot be shown: ${cause.message}.`;
  if (!last) return "Nothing answers at this address. Has the run ended?";
  const kept = `The last numbers, of ${time(last.at_s)}, stay.`;
  if (ends) return `The run has ended, as was wished. ${kept}`;
  if (isOver()) return `The run is over: its address no longer answers. ${kept}`;
  return `The address no longer answers: the run has ended, or something keeps it. ${kept}`;
}

at("again").addEventListener("click", () => {
  misses = 0;
  look();
});
