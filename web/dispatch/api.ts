/** What the staff API answers, and its addresses. */
import type { Evidence, Label } from "../shared/labels";

export const ADDRESSES = {
  session: "/v1/session",
  ways: "/v1/session/ways",
  invitation: "/v1/session/invitation",
  network: "/v1/network",
  live: "/v1/live",
  publicLive: "/v1/live/public",
  trails: (minutes: number, device?: string) =>
    `/v1/trails?minutes=${minutes}${device === undefined ? "" : `&device=${encodeURIComponent(device)}`}`,
  roadTiles: "/tiles/roads.json",
  segment: (id: number) => `/v1/segments/${id}`,
  routes: "/v1/routes?limit=500",
  dailyReport: (device: string, day: string) => `/v1/reports/daily/${device}/${day}`,
} as const;

export interface Session {
  name: string;
}

export interface Network {
  name: string;
  network_id: string;
  bbox: [number, number, number, number];
  segments: number;
  attribution: string;
}

/** Lines of machines, each of work or of travel all along. */
export interface TrailAnswer {
  features: {
    geometry: { coordinates: [lon: number, lat: number][] };
    /** Of each point, how many seconds after `from` the machine was there. */
    properties: { device: string; working: boolean; from: string; after_s: number[] };
  }[];
}

/** The public has another cut; nothing lies anywhere before the first. */
export interface PublicCut {
  cut_at: string | null;
  state: string | null;
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

export const ROUTE_STATES = ["under_way", "begun", "waiting", "again", "done", "closed"] as const;
export type RouteState = (typeof ROUTE_STATES)[number];
export type RouteConfidence = "none" | "low" | "medium" | "high";

export interface Route {
  agency: string;
  route: string;
  name: string;
  district: string | null;
  state: RouteState;
  planned_m: number;
  left_m: number;
  /** Nothing where nothing is planned. */
  percent: number | null;
  machines: number;
  /** Seconds from the list's `at` on; nothing where nobody can tell. */
  early_s: number | null;
  late_s: number | null;
  confidence: RouteConfidence;
  due_at: string | null;
  overdue: boolean;
}

export interface RouteList {
  at: string;
  event_start: string;
  routes: Route[];
  /** Where to go on, while there is more. */
  next: string | null;
}
