/** What the residents' server answers. */
import type { FeatureCollection, LineString } from "geojson";
import type { Evidence, Label } from "../shared/labels";

export const ADDRESSES = { roads: "/roads.json", segments: "/segments.geojson" } as const;

export interface Road {
  name: string;
  /** Numbers such as 国道900号. */
  routes: string[];
  km_total: number;
  km_done: number;
  label: Label;
  since: string | null;
  evidence: Evidence;
}

export interface RoadsCut {
  cut_at: string;
  roads: Road[];
}

export interface SegmentProperties {
  id: number;
  name: string | null;
  route: string | null;
  class: string;
  label: Label;
  at: string | null;
  evidence: Evidence;
  share: number;
}

export type SegmentsCut = FeatureCollection<LineString, SegmentProperties> & {
  cut_at: string;
  network: string;
  attribution: string;
};
