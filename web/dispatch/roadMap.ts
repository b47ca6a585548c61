/** The dispatch map: road tiles coloured by the live state of their segments, and the ploughs on top. */
import type { LngLatLike, Map as MapLibreMap, MapMouseEvent, PaddingOptions } from "maplibre-gl";
import type { Label } from "../shared/labels";
import type { SegmentFacts } from "../shared/live";
import { featureNear, openMap, prefersStillness } from "../shared/map";
import { NOTHING_CHOSEN, ROAD_CHOSEN_LAYER, ROAD_TAP_LAYERS, roadLayers } from "../shared/roads";
import { ADDRESSES, type Network } from "./api";
import { MACHINE_LAYER, machineLayer } from "./machines";

export const ROADS = { source: "roads", sourceLayer: "roads" } as const;

const FIT_PADDING_PX = 32;
const LEGEND_PX = 330;
/** Narrower than this the panel is a sheet over the lower part of the map. */
const SHEET_BELOW_PX = 720;
/** How far up a place has to move, in heights of the map, to stand in the middle of what the sheet leaves free. */
const SHEET_SHIFT = 0.3;
const GLIDE_MS = 700;

export interface Taps {
  openMachine(device: string): void;
  openSegment(id: number, place: LngLatLike): void;
  close(): void;
}

export function openRoadMap(container: HTMLElement, network: Network): MapLibreMap {
  return openMap(container, {
    bounds: network.bbox,
    sources: {
      roads: { type: "vector", url: `${ADDRESSES.roadTiles}?v=${network.network_id}` },
      [MACHINE_LAYER]: { type: "geojson", data: { type: "FeatureCollection", features: [] } },
    },
    layers: [...roadLayers({ ...ROADS, state: "feature-state" }), machineLayer],
    fitPadding: roomBesideCards(container),
    viewInAddress: true,
  });
}

export function answerTaps(map: MapLibreMap, taps: Taps): void {
  map.on("click", (event) => answerTap(map, event, taps));
  for (const layer of [MACHINE_LAYER, ...ROAD_TAP_LAYERS]) {
    map.on("mouseenter", layer, () => (map.getCanvas().style.cursor = "pointer"));
    map.on("mouseleave", layer, () => (map.getCanvas().style.cursor = ""));
  }
}

export function paintSegments(map: MapLibreMap, segments: SegmentFacts[]): void {
  for (const { id, label, evidence } of segments) map.setFeatureState({ ...ROADS, id }, { label, evidence });
}

export function paintedLabel(map: MapLibreMap, id: number): Label {
  return (map.getFeatureState({ ...ROADS, id })["label"] as Label | undefined) ?? "never";
}

export function markSegment(map: MapLibreMap, id: number | undefined): void {
  map.setFilter(ROAD_CHOSEN_LAYER, id === undefined ? NOTHING_CHOSEN : ["==", ["id"], id]);
}

/** Moves a place to where the panel does not cover it; `zoom` only when the map is to go there in any case. */
export function bringIntoView(map: MapLibreMap, place: LngLatLike, zoom?: number): void {
  const { clientWidth, clientHeight } = map.getContainer();
  const sheet = clientWidth < SHEET_BELOW_PX;
  if (!sheet && zoom === undefined) return;
  const view = { center: place, zoom: zoom ?? map.getZoom(), offset: [0, sheet ? -SHEET_SHIFT * clientHeight : 0] as [number, number] };
  map.easeTo({ ...view, duration: prefersStillness() ? 0 : GLIDE_MS });
}

function roomBesideCards(container: HTMLElement): PaddingOptions {
  const left = container.clientWidth < SHEET_BELOW_PX ? FIT_PADDING_PX : LEGEND_PX;
  return { left, top: FIT_PADDING_PX, right: 2 * FIT_PADDING_PX, bottom: FIT_PADDING_PX };
}

function answerTap(map: MapLibreMap, event: MapMouseEvent, taps: Taps): void {
  const machine = featureNear(map, event.point, [MACHINE_LAYER])?.properties["device"];
  if (machine !== undefined) return taps.openMachine(String(machine));
  const road = featureNear(map, event.point, ROAD_TAP_LAYERS)?.id;
  if (road !== undefined) return taps.openSegment(Number(road), event.lngLat);
  taps.close();
}
