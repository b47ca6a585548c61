import { expect, test } from "vitest";
import { hasArrived, moveTo, poseAt, standing, type Pose } from "../dispatch/motion";

const START: Pose = { lat: 36.55, lon: 136.6, course: 350 };
const NEXT: Pose = { lat: 36.5501, lon: 136.6002, course: 10 };

test("a machine glides to its next report in the time since its last one", () => {
  const motion = moveTo(standing(START, 0), NEXT, 1_000);
  expect(poseAt(motion, 1_000)).toEqual(START);
  expect(poseAt(motion, 1_500).lat).toBeCloseTo(36.55005, 9);
  expect(hasArrived(motion, 1_999)).toBe(false);
  expect(poseAt(motion, 2_000)).toEqual(NEXT);
});

test("it turns the short way round, over north", () => {
  const motion = moveTo(standing(START, 0), NEXT, 1_000);
  expect(poseAt(motion, 1_250).course).toBeCloseTo(355);
  expect(poseAt(motion, 1_750).course).toBeCloseTo(5);
});

test("a report that comes while it glides is taken up from where it is drawn", () => {
  const first = moveTo(standing(START, 0), NEXT, 1_000);
  const second = moveTo(first, { ...NEXT, lat: 36.5502 }, 1_500);
  expect(poseAt(second, 1_500)).toEqual(poseAt(first, 1_500));
});

test("after a long silence it glides no longer than the longest glide", () => {
  const motion = moveTo(standing(START, 0), NEXT, 600_000);
  expect(hasArrived(motion, 603_000)).toBe(true);
});

test("it appears at once at a place that it cannot have driven to meanwhile", () => {
  const far: Pose = { lat: 36.6, lon: 136.7, course: null };
  expect(poseAt(moveTo(standing(START, 0), far, 1_000), 1_000)).toEqual(far);
});

test("an unknown course stays unknown", () => {
  const motion = moveTo(standing(START, 0), { ...NEXT, course: null }, 1_000);
  expect(poseAt(motion, 1_500).course).toBeNull();
});
