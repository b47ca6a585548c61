/** What of a state array is drawn: only rows that the map has loaded, and only what differs from before. */
import type { Label } from "./labels";
import type { StateArray } from "./stateArray";

/** How a road is drawn. */
export interface Look {
  label: Label;
  unsure: boolean;
}

export type Sureness = "low" | "medium" | "high";

/** From how many percent on. */
const MEDIUM_FROM = 50;
const HIGH_FROM = 80;
/** Fewer are not worth forgetting. */
const KEPT_MIN = 20_000;

/** Nothing where nobody worked. */
export function sureness(state: StateArray, row: number): Sureness | undefined {
  const from = state.confidenceFrom(row);
  if (from === undefined) return undefined;
  return from >= HIGH_FROM ? "high" : from >= MEDIUM_FROM ? "medium" : "low";
}

export class Looks {
  private drawn = new Map<number, Look>();

  constructor(private state: StateArray) {}

  /** Of these rows those that have to be drawn, and how. */
  ofNew(rows: Iterable<number>): [number, Look][] {
    return [...rows].filter((row) => !this.drawn.has(row)).map((row) => this.draw(row));
  }

  /** The same of the rows that were drawn before, under a newer array. */
  renewed(state: StateArray): [number, Look][] {
    this.state = state;
    const before = [...this.drawn];
    return before.filter(([row, look]) => !isSame(look, lookOf(state, row))).map(([row]) => this.draw(row));
  }

  /** Whether so many more were drawn than are in sight that it is better to begin anew; then it has. */
  forgetIfMany(inSight: number): boolean {
    if (this.drawn.size <= Math.max(KEPT_MIN, 2 * inSight)) return false;
    this.drawn.clear();
    return true;
  }

  private draw(row: number): [number, Look] {
    const look = lookOf(this.state, row);
    this.drawn.set(row, look);
    return [row, look];
  }
}

function lookOf(state: StateArray, row: number): Look {
  return { label: state.label(row) ?? "never", unsure: sureness(state, row) === "low" };
}

function isSame(one: Look, other: Look): boolean {
  return one.label === other.label && one.unsure === other.unsure;
}
