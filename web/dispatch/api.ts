/** What the staff API answers, and its addresses. */
import type { Evidence, Label } from "../shared/labels";

export const ADDRESSES = {
  network: "/v1/network",
  live: "/v1/live",
  roadTiles: "/tiles/roads.json",
  segment: (id: number) => `/v1/segments/${id}`,
  dailyReport: (device: string, day: string) => `/v1/reports/daily/${device}/${day}`,
} as const;

export interface Network {
  name: string;
  network_id: string;
  bbox: [number, number, number, number];
  segments: number;
  attribution: string;
}

export interface Direction {
  direction: number;
  /** Nothing where it is not known which way it was driven, and each way counts. */
  label: Label | null;
  share: number;
  done_at: string | null;
  as_of: string | null;
  last_at: string | null;
  passes: number;
  evidence: Evidence;
  confidence: number;
  spread_at: string | null;
  spreads: number;
  intervals_m: [number, number][];
}

export interface Segment {
  id: number;
  name: string | null;
  route: string | null;
  class: string;
  manager: string;
  length_m: number;
  label: Label;
  directions: Direction[];
  closures: { from: string; until: string | null; reason: string }[];
}
