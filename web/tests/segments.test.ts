import { expect, test } from "vitest";
import { SegmentStates } from "../dispatch/segments";
import type { SegmentFacts } from "../shared/live";

function done(id: number): SegmentFacts {
  return { id, label: "done", share: 100, at: "2026-01-14T15:30:00Z", evidence: "blade", confidence: 97 };
}

test("a segment that a newer snapshot no longer has is drawn as never cleared", () => {
  const states = new SegmentStates();
  states.replace({ number: 1, segments: [done(1), done(2)] });
  const drawn = states.replace({ number: 9, segments: [done(2)] });
  expect(drawn.map(({ id, label }) => [id, label])).toEqual([
    [1, "never"],
    [2, "done"],
  ]);
  expect(states.of(1)).toBeUndefined();
});

test("a delta that has been seen before changes nothing", () => {
  const states = new SegmentStates();
  states.replace({ number: 5, segments: [] });
  expect(states.add({ number: 5, segments: [done(1)] })).toEqual([]);
  expect(states.add({ number: 6, segments: [done(1)] })).toHaveLength(1);
  expect(states.of(1)?.label).toBe("done");
});

test("a snapshot of a server that has begun to count anew is taken as it is", () => {
  const states = new SegmentStates();
  states.replace({ number: 900, segments: [done(1)] });
  states.replace({ number: 3, segments: [] });
  expect(states.add({ number: 4, segments: [done(2)] })).toHaveLength(1);
});
