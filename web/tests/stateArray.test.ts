import { expect, test } from "vitest";
import { readStateArray } from "../shared/stateArray";

const HEAD = {
  version: 1,
  network: "yukimachi-1",
  at: "2027-01-14T21:50:00Z",
  segments: 4,
  labels: ["never", "done", "unknown"],
  age_min: [0, 30],
  confidence: [0, 50, 90],
};

/** Put together as docs/state-array.md says. */
function arrayOf(head: object, bytes: number[]): ArrayBuffer {
  const said = new TextEncoder().encode(JSON.stringify(head));
  const whole = new Uint8Array(8 + said.length + bytes.length);
  whole.set(new TextEncoder().encode("snst"));
  new DataView(whole.buffer).setUint32(4, said.length, true);
  whole.set(said, 8);
  whole.set(bytes, 8 + said.length);
  return whole.buffer;
}

/** Of label, age and confidence; 0 says that there is none of the latter two. */
function byteOf(label: number, age: number, confidence: number): number {
  return label + HEAD.labels.length * (age + (HEAD.age_min.length + 1) * confidence);
}

const BYTES = [byteOf(0, 0, 0), byteOf(1, 1, 3), byteOf(1, 2, 2), byteOf(2, 2, 1)];

test("each row says its label, its age and how sure it is", () => {
  const state = readStateArray(arrayOf(HEAD, BYTES));
  expect([0, 1, 2, 3].map((row) => [state.label(row), state.fromMinutes(row), state.confidenceFrom(row)])).toEqual([
    ["never", undefined, undefined],
    ["done", 0, 90],
    ["done", 30, 50],
    ["unknown", 30, 0],
  ]);
  expect([state.network, state.segments]).toEqual(["yukimachi-1", 4]);
  expect(state.at).toEqual(new Date("2027-01-14T21:50:00Z"));
});

test("an age counts up to where the next one begins", () => {
  const state = readStateArray(arrayOf(HEAD, BYTES));
  expect([0, 1, 2, 3, 4].map((row) => state.untilMinutes(row))).toEqual([undefined, 30, undefined, undefined, undefined]);
});

test("a row that the array does not have says nothing", () => {
  const state = readStateArray(arrayOf(HEAD, BYTES));
  for (const row of [-1, 4, 1.5]) {
    expect([state.label(row), state.fromMinutes(row), state.confidenceFrom(row)]).toEqual([undefined, undefined, undefined]);
  }
});

test("before the first cut there is no time", () => {
  expect(readStateArray(arrayOf({ ...HEAD, at: null, segments: 0 }, [])).at).toBeNull();
});

test("what cannot be read without telling wrong states is refused", () => {
  const whole = arrayOf(HEAD, BYTES);
  for (let bytes = 0; bytes < whole.byteLength; bytes++) expect(() => readStateArray(whole.slice(0, bytes))).toThrow();
  expect(() => readStateArray(arrayOf(HEAD, [...BYTES, 0]))).toThrow("not whole");
  expect(() => readStateArray(arrayOf({ ...HEAD, version: 2 }, BYTES))).toThrow("version 2");
  expect(() => readStateArray(arrayOf({ ...HEAD, labels: ["never", "melted", "done"] }, BYTES))).toThrow("melted");
  expect(() => readStateArray(new TextEncoder().encode("<!doctype html>").buffer)).toThrow("no state array");
});
