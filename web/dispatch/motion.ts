/** Where a machine is drawn between two of its positions: pure arithmetic on degrees and milliseconds. */

export interface Place {
  lat: number;
  lon: number;
}

export interface Pose extends Place {
  course: number | null;
}

/** A glide from the place where the machine was drawn last to the one it reported last. */
export interface Motion {
  from: Pose;
  to: Pose;
  startedMs: number;
  durationMs: number;
}

const GLIDE_MS_MIN = 200;
const GLIDE_MS_MAX = 3_000;
/** Further than any plough drives within one glide: it was away, so it appears at its new place. */
const GLIDE_M_MAX = 400;
const METRES_PER_DEGREE = 111_320;

export function standing(at: Pose, nowMs: number): Motion {
  return { from: at, to: at, startedMs: nowMs, durationMs: 0 };
}

/** Glides for as long as it took from the last report to this one, so that the next one comes when it has arrived. */
export function moveTo(motion: Motion, to: Pose, nowMs: number): Motion {
  const from = poseAt(motion, nowMs);
  if (distanceM(from, to) > GLIDE_M_MAX) return standing(to, nowMs);
  const sinceLastMs = nowMs - motion.startedMs;
  return { from, to, startedMs: nowMs, durationMs: Math.min(Math.max(sinceLastMs, GLIDE_MS_MIN), GLIDE_MS_MAX) };
}

export function hasArrived(motion: Motion, nowMs: number): boolean {
  return nowMs >= motion.startedMs + motion.durationMs;
}

export function poseAt(motion: Motion, nowMs: number): Pose {
  if (hasArrived(motion, nowMs)) return motion.to;
  const part = Math.max(0, (nowMs - motion.startedMs) / motion.durationMs);
  const { from, to } = motion;
  return {
    lat: from.lat + (to.lat - from.lat) * part,
    lon: from.lon + (to.lon - from.lon) * part,
    course: turned(from.course, to.course, part),
  };
}

/** Turns the short way round: from 350° to 10° over north. */
function turned(from: number | null, to: number | null, part: number): number | null {
  if (from === null || to === null) return to;
  const turn = ((to - from + 540) % 360) - 180;
  return (from + turn * part + 360) % 360;
}

export function distanceM(from: Place, to: Place): number {
  const east = (to.lon - from.lon) * Math.cos((from.lat * Math.PI) / 180);
  return Math.hypot(east, to.lat - from.lat) * METRES_PER_DEGREE;
}
