/** What residents may ask for, and what is answered. */
import type { Label } from "../shared/labels";

export const ADDRESSES = {
  network: "/v1/network",
  live: "/v1/live/public",
  roadTiles: "/tiles/roads.json",
  byClass: (cut: string | null) => `/v1/summaries/class${cut === null ? "" : `?${CUT}=${cut}`}`,
  state: (network: string) => `/v1/state/${network}.bin`,
} as const;

/** Of which cut an answer is wanted: a browser that still keeps one of the cut before asks anew. */
const CUT = "v";

export interface Network {
  network_id: string;
  bbox: Box;
}

/** West, south, east, north. */
export type Box = [number, number, number, number];

export interface Summary {
  id: string;
  name: string;
  km: number;
  km_by_label: Record<Label, number>;
  newest_at: string | null;
}

export interface Summaries {
  cut_at: string | null;
  summaries: Summary[];
}

/** Between when what is left may be done. */
export interface Expected {
  from: string;
  until: string;
  confidence: "low" | "medium" | "high";
}

export interface Road extends Summary {
  /** Numbers such as 国道900号. */
  routes: string[];
  district: string | null;
  bbox: Box;
  /** Where roads near a place were asked for. */
  distance_m: number | null;
  expected: Expected | null;
}

export interface RoadsPage {
  cut_at: string | null;
  roads: Road[];
  /** After which road to go on, while there is more. */
  next: string | null;
}

/** All roads, the most important ones first; those that have a name; or those around a place. */
export type Question = { kind: "all" } | { kind: "named"; name: string } | { kind: "near"; lat: number; lon: number };

const NEAR_M = 1_000;
/** Ten metres; where somebody is, is nobody's business any nearer. */
const PLACE_DIGITS = 4;

export interface Asked {
  question: Question;
  limit: number;
  after: string | null;
}

export function roadsAddress({ question, limit, after }: Asked, cut: string | null): string {
  const asked = new URLSearchParams({ limit: String(limit) });
  if (question.kind === "named") asked.set("q", question.name);
  if (question.kind === "near") {
    asked.set("near", `${question.lat.toFixed(PLACE_DIGITS)},${question.lon.toFixed(PLACE_DIGITS)}`);
    asked.set("within_m", String(NEAR_M));
  }
  if (after !== null) asked.set("after", after);
  if (cut !== null) asked.set(CUT, cut);
  return `/v1/roads?${asked}`;
}
