/** The lines along which one machine drove: as the server tells them, and as they grow with each of its reports. */
import { distanceM } from "./motion";

export const TRAIL_MINUTES = 30;
const KEPT_MS = TRAIL_MINUTES * 60_000;
/** Points nearer in time than this, or to the place before, add nothing that one sees. */
const STEP_MS = 5_000;
const STEP_M = 3;
/** What the server joins, so that a line grows as it would be told. */
const GAP_MS = 60_000;
const LEAP_MPS = 50;
const LEAP_M = 30;

export interface TrailPoint {
  lon: number;
  lat: number;
  atMs: number;
}

export interface Stretch {
  working: boolean;
  points: TrailPoint[];
}

/** A machine's report, as far as trails are concerned. */
export interface Report extends TrailPoint {
  working: boolean;
}

export class TrailLines {
  private stretches: Stretch[] = [];
  /** Its symbol is still on the way there, so the line is drawn to it only when the next one comes. */
  private newest: Report | undefined;

  /** False when something is missing between this report and the one before: the server may know of it. */
  grow(report: Report): boolean {
    const before = this.newest;
    if (before !== undefined && report.atMs <= before.atMs) return true;
    this.newest = report;
    if (before !== undefined) this.add(before);
    const last = before ?? this.end;
    this.trim(report.atMs - KEPT_MS);
    return last !== undefined && isJoined(last, report);
  }

  /** What the server knows, and after that what was reported since. */
  adopt(told: Stretch[]): void {
    const own = this.stretches;
    this.stretches = told.map(({ working, points }) => ({ working, points: [...points] }));
    const knownMs = this.end?.atMs ?? -Infinity;
    for (const { working, points } of own) {
      for (const point of points) if (point.atMs > knownMs) this.add({ ...point, working });
    }
    if (this.newest !== undefined) this.trim(this.newest.atMs - KEPT_MS);
  }

  /** Those that can be drawn. */
  lines(): Stretch[] {
    return this.stretches.filter(({ points }) => points.length > 1);
  }

  private get end(): TrailPoint | undefined {
    return this.stretches.at(-1)?.points.at(-1);
  }

  private add({ working, ...point }: Report): void {
    const stretch = this.stretches.at(-1);
    const end = this.end;
    if (end !== undefined && point.atMs <= end.atMs) return;
    if (stretch === undefined || end === undefined || !isJoined(end, point)) {
      this.stretches.push({ working, points: [point] });
    } else if (stretch.working !== working) {
      this.stretches.push({ working, points: [end, point] });
    } else {
      const settled = stretch.points.at(-2);
      // The end moves on until it is worth a point of its own.
      if (settled !== undefined && isNear(settled, end)) stretch.points.pop();
      stretch.points.push(point);
    }
  }

  private trim(sinceMs: number): void {
    for (const stretch of this.stretches) {
      const kept = stretch.points.findIndex(({ atMs }) => atMs >= sinceMs);
      stretch.points.splice(0, kept < 0 ? stretch.points.length : kept);
    }
    this.stretches = this.stretches.filter(({ points }) => points.length > 0);
  }
}

function isNear(one: TrailPoint, other: TrailPoint): boolean {
  return other.atMs - one.atMs < STEP_MS || distanceM(one, other) < STEP_M;
}

function isJoined(before: TrailPoint, after: TrailPoint): boolean {
  const tookMs = after.atMs - before.atMs;
  return tookMs <= GAP_MS && distanceM(before, after) <= LEAP_M + (LEAP_MPS * tookMs) / 1000;
}
