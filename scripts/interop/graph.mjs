// Microsoft's own JavaScript client against the admin API of a running server with a fleet.
//
//     NODE_EXTRA_CA_CERTS=DATA/ca.pem node graph.mjs DATA
//
// A line for each check begins with `ok` or `FAIL`. It wipes simulated devices.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Client, GraphError, PageIterator, ResponseType } from "@microsoft/microsoft-graph-client";

const WITHIN_MS = 15_000;
const LOOK_EVERY_MS = 50;
const ALL_WITHIN_MS = 40_000;
const DEVICES = "/deviceManagement/managedDevices";
const NOBODY = "00000000-0000-7000-8000-000000000000";

const data = process.argv[2];
const read = (name) => readFileSync(join(data, name), "utf8").trim();
const admin = JSON.parse(read("endpoints.json")).admin;

function clientWith(token) {
  return Client.init({
    baseUrl: `https://${admin}/`,
    customHosts: new Set([admin.slice(0, admin.lastIndexOf(":"))]),
    authProvider: (done) => done(null, token),
  });
}

const graph = clientWith(read("admin-token"));
const one = (id, ...rest) => graph.api([DEVICES, id, ...rest].join("/"));

// --- helpers ------------------------------------------------------------------------------------

async function everything(request) {
  const found = [];
  const keep = (device) => found.push(device) > 0;
  await new PageIterator(graph, await request.get(), keep).iterate();
  return found;
}

/** The devices that can answer. */
async function present() {
  return (await everything(graph.api(DEVICES))).filter((device) => device["x-muster-connected"]);
}

/** Looks again and again until there is something to see. */
async function eventually(what, look) {
  const end = Date.now() + WITHIN_MS;
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    assert(Date.now() < end, `${what} did not happen`);
    await new Promise((again) => setTimeout(again, LOOK_EVERY_MS));
  }
}

async function results(id) {
  return (await one(id).select("deviceActionResults").get()).deviceActionResults;
}

/** Asks for an action and returns its result once it is over. */
async function acted(device, action, body) {
  const answer = await one(device.id, action).responseType(ResponseType.RAW).post(body);
  assert.equal(answer.status, 204);
  const command = answer.headers.get("x-muster-command-id");
  return eventually(`${action} of ${device.serialNumber}`, async () => {
    const result = (await results(device.id)).find((it) => it["x-muster-command-id"] === command);
    return ["pending", "active"].includes(result.actionState) ? undefined : result;
  });
}

async function refused(request, status, code) {
  const error = await request.then(() => assert.fail("was not refused"), (reason) => reason);
  assert(error instanceof GraphError, `${error}`);
  assert.deepEqual([error.statusCode, error.code], [status, code]);
  assert(error.requestId, "no request id");
  return JSON.parse(error.body).innerError["x-muster-reason"];
}

const isAndroid = (device) => device.operatingSystem === "Android";
/** A Shared iPad is supervised, too, but has no one owner whose passcode or lock it could be. */
const isSupervised = (device) => device.isSupervised && device["x-muster-mode"] !== "shared-ipad";

// --- checks -------------------------------------------------------------------------------------

const checks = {
  "a page of five, with a link and a count": async () => {
    const page = await graph.api(DEVICES).top(5).get();
    assert.equal(page.value.length, 5);
    assert(page["@odata.nextLink"].startsWith(`https://${admin}/v1.0/`));
    assert(page["@odata.count"] >= 20, `only ${page["@odata.count"]} devices`);
  },
  "PageIterator meets every device once": async () => {
    const page = await graph.api(DEVICES).get();
    const found = await everything(graph.api(DEVICES).top(3));
    assert.equal(new Set(found.map((device) => device.id)).size, found.length);
    assert.equal(found.length, page["@odata.count"]);
  },
  "a device by its id": async () => {
    const [listed] = (await graph.api(DEVICES).top(1).get()).value;
    const device = await one(listed.id).get();
    assert.deepEqual([device.id, device.serialNumber], [listed.id, listed.serialNumber]);
    assert(!Number.isNaN(Date.parse(device.enrolledDateTime)));
    assert.equal(device.ownerType, undefined);
    assert.equal((await one(listed.id).version("beta").get()).ownerType, device.managedDeviceOwnerType);
  },
  "select keeps to what was selected": async () => {
    const [device] = (await graph.api(DEVICES).top(1).select(["id", "model"]).get()).value;
    assert.deepEqual(Object.keys(device).sort(), ["id", "model"]);
  },
  "the bypass code is told by name only, one at a time, and opens the lock": async () => {
    const name = "activationLockBypassCode";
    const listed = await everything(graph.api(DEVICES).select(["id", name]));
    assert(listed.every((device) => device[name] === null));
    const supervised = (await present()).filter(isSupervised);
    const told = await eventually("a bypass code", async () => {
      const codes = await Promise.all(supervised.map(({ id }) => one(id).select(name).get()));
      const known = codes.findIndex((device) => device[name]);
      return known < 0 ? undefined : { id: supervised[known].id, code: codes[known][name] };
    });
    assert.match(told.code, /^[0-9A-Z]{5}-[0-9A-Z]{5}(-[0-9A-Z]{4}){4}$/);
    const device = await one(told.id).get();
    assert.equal(device[name], null);
    const result = await acted(device, "bypassActivationLock");
    assert.deepEqual([result.actionName, result.actionState], ["bypassActivationLock", "done"]);
  },
  "resetPasscode leaves a passcode in deviceActionResults": async () => {
    const androids = (await present()).filter(isAndroid);
    const outcomes = await Promise.all(androids.map((device) => acted(device, "resetPasscode").catch(() => null)));
    const done = outcomes.filter((result) => result?.actionState === "done");
    assert(done.length > 0, "no device reset its passcode");
    for (const result of done) {
      assert.equal(result["@odata.type"], "#microsoft.graph.resetPasscodeActionResult");
      assert.match(result.passcode, /^\S{4,}$/);
    }
  },
  "remoteLock": async () => {
    const device = (await present()).find(isSupervised);
    const result = await acted(device, "remoteLock");
    assert.deepEqual([result.actionName, result.actionState], ["remoteLock", "done"]);
  },
  "rebootNow": async () => {
    // With a passcode it stays away from its network until somebody unlocks it: nobody waits for it here.
    const device = (await present()).findLast(isSupervised);
    const result = await acted(device, "rebootNow");
    assert.deepEqual([result.actionName, result.actionState], ["rebootNow", "done"]);
  },
  "Lost Mode, which beta alone can start, and the place of the device": async () => {
    const device = (await present()).find(isSupervised);
    await refused(one(device.id, "enableLostMode").post({ message: "call" }), 404, "ResourceNotFound");
    assert.equal(await one(device.id, "enableLostMode").version("beta").post({ message: "call" }), undefined);
    await eventually("Lost Mode", async () =>
      (await one(device.id).version("beta").get()).lostModeState === "enabled");
    const located = await acted(device, "locateDevice");
    assert.equal(located["@odata.type"], "#microsoft.graph.locateDeviceActionResult");
    assert(Math.abs(located.deviceLocation.latitude) <= 90);
    assert.equal((await acted(device, "disableLostMode")).actionState, "done");
  },
  "a deleted device is gone at once": async () => {
    const device = (await present()).find((it) => it.deviceEnrollmentType === "appleUserEnrollment");
    const count = async () => (await graph.api(DEVICES).top(1).get())["@odata.count"];
    const before = await count();
    await one(device.id).delete();
    assert.equal(await count(), before - 1);
    await refused(one(device.id).get(), 404, "ResourceNotFound");
    await refused(one(device.id, "recoverPasscode").post(), 404, "ResourceNotFound");
  },
  "wipe with the SDK's body; what no account locks comes back as another device": async () => {
    const here = await present();
    const iphone = here.find(isSupervised);
    // An iPhone may stay at its Activation Lock, an Android device without Google's services never does.
    const aosp = here.find((device) => isAndroid(device) && device.deviceEnrollmentType === "unknownFutureValue");
    const body = { keepEnrollmentData: false, keepUserData: false, macOsUnlockCode: "", persistEsimDataPlan: true };
    for (const device of [iphone, aosp]) {
      const result = await acted(device, "wipe", body);
      assert.deepEqual([result.actionName, result.actionState], ["factoryReset", "done"]);
      assert.equal((await one(device.id).get()).managementState, "wipeIssued");
      await refused(one(device.id, "syncDevice").post(), 404, "ResourceNotFound");
    }
    const again = await eventually("a new enrolment", async () =>
      (await present()).find((device) => device.serialNumber === aosp.serialNumber));
    assert.notEqual(again.id, aosp.id);
  },
  "404 for a device nobody knows, a key that is none, and a path that is none": async () => {
    for (const path of [`${DEVICES}/${NOBODY}`, `${DEVICES}/abc`, "/deviceManagement/nothing"]) {
      await refused(graph.api(path).get(), 404, "ResourceNotFound");
    }
    await refused(one(NOBODY, "wipe").post({}), 404, "ResourceNotFound");
  },
  "400 with the reason, and nothing done": async () => {
    const [device] = (await graph.api(DEVICES).top(1).get()).value;
    const before = await results(device.id);
    const kept = await refused(one(device.id, "wipe").post({ keepUserData: "yes" }), 400, "BadRequest");
    assert.match(kept, /keepUserData/);
    assert.match(await refused(graph.api(DEVICES).filter("id eq 'x'").get(), 400, "BadRequest"), /\$filter/);
    assert.match(await refused(graph.api(DEVICES).select("pinCode").get(), 400, "BadRequest"), /pinCode/);
    const users = (await present()).filter((it) => it.deviceEnrollmentType === "appleUserEnrollment");
    assert(users.length > 0, "the fleet has no User Enrollment");
    assert.match(await refused(one(users[0].id, "resetPasscode").post(), 400, "BadRequest"), /User Enrollment/);
    assert.deepEqual(await results(device.id), before);
  },
  "401 for a wrong token": async () => {
    const stranger = clientWith("0".repeat(64));
    await refused(stranger.api(DEVICES).get(), 401, "InvalidAuthenticationToken");
    await refused(stranger.api(`${DEVICES}/${NOBODY}/wipe`).post({}), 401, "InvalidAuthenticationToken");
  },
  "405 for a verb that is not served": async () => {
    await refused(graph.api(DEVICES).post({}), 405, "MethodNotAllowed");
  },
};

// --- run ----------------------------------------------------------------------------------------

setTimeout(() => {
  console.log("FAIL    the checks of the Graph client: not finished in time");
  process.exit(1);
}, ALL_WITHIN_MS).unref();

for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
    console.log(`ok      graph: ${name}`);
  } catch (error) {
    process.exitCode = 1;
    console.log(`FAIL    graph: ${name}: ${String(error.message).replaceAll(/\s+/g, " ")}`);
  }
}
