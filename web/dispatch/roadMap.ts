/** The dispatch map: roads coloured by their live state or by the public's, and on top the ploughs and where they drove. */
import type { GeoJSONSourceSpecification, LayerSpecification, LngLatLike, Map as MapLibreMap, MapMouseEvent, PaddingOptions } from "maplibre-gl";
import type { Label } from "../shared/labels";
import type { SegmentFacts } from "../shared/live";
import { featureNear, openMap, prefersStillness } from "../shared/map";
import { NOTHING_CHOSEN, ROAD_CHOSEN_LAYER, ROAD_TAP_LAYERS, roadLayers } from "../shared/roads";
import { ADDRESSES, type Network } from "./api";
import { MACHINE_LAYER, machineLayer } from "./machines";
import type { PublicSegment } from "./publicSegmentView";
import { TRAIL_SOURCE, trailLayers } from "./trails";

export const ROADS = { source: "roads", sourceLayer: "roads" } as const;
/** The same tiles once more, whose features are known by the rows of the state array, not by the ids of the live stream. */
export const PUBLIC_ROADS = { source: "public-roads", sourceLayer: "roads" } as const;

const STAFF_ROAD_LAYERS = roadLayers(ROADS);
const PUBLIC_ROAD_LAYERS = roadLayers(PUBLIC_ROADS).map(
  (layer) => ({ ...layer, id: publicName(layer.id), layout: { ...layer.layout, visibility: "none" } }) as LayerSpecification,
);
const PUBLIC_TAP_LAYERS = ROAD_TAP_LAYERS.map(publicName);

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
  openPublicSegment(segment: PublicSegment, place: LngLatLike): void;
  close(): void;
}

export function openRoadMap(container: HTMLElement, network: Network): MapLibreMap {
  const url = `${ADDRESSES.roadTiles}?v=${network.network_id}`;
  const nothing: GeoJSONSourceSpecification = { type: "geojson", data: { type: "FeatureCollection", features: [] } };
  return openMap(container, {
    bounds: network.bbox,
    sources: {
      [ROADS.source]: { type: "vector", url },
      [PUBLIC_ROADS.source]: { type: "vector", url, promoteId: { [PUBLIC_ROADS.sourceLayer]: "row" } },
      [TRAIL_SOURCE]: nothing,
      [MACHINE_LAYER]: nothing,
    },
    layers: [...STAFF_ROAD_LAYERS, ...PUBLIC_ROAD_LAYERS, ...trailLayers, machineLayer],
    fitPadding: roomBesideCards(container),
    viewInAddress: true,
  });
}

export function answerTaps(map: MapLibreMap, taps: Taps): void {
  map.on("click", (event) => answerTap(map, event, taps));
  for (const layer of [MACHINE_LAYER, ...ROAD_TAP_LAYERS, ...PUBLIC_TAP_LAYERS]) {
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

export function markPublicSegment(map: MapLibreMap, row: number | undefined): void {
  map.setFilter(publicName(ROAD_CHOSEN_LAYER), row === undefined ? NOTHING_CHOSEN : ["==", ["get", "row"], row]);
}

/** The public's roads instead of the staff's and of the machines; what staff hide by themselves stays as it is. */
export function showPublicRoads(map: MapLibreMap, shown: boolean): void {
  for (const { id } of [...STAFF_ROAD_LAYERS, machineLayer]) setVisible(map, id, !shown);
  for (const { id } of PUBLIC_ROAD_LAYERS) setVisible(map, id, shown);
}

function setVisible(map: MapLibreMap, layer: string, visible: boolean): void {
  map.setLayoutProperty(layer, "visibility", visible ? "visible" : "none");
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
  const told = featureNear(map, event.point, PUBLIC_TAP_LAYERS)?.properties;
  if (told !== undefined) {
    const name: unknown = told["name"] ?? told["route"] ?? null;
    return taps.openPublicSegment({ row: Number(told["row"]), name: name === null ? null : String(name) }, event.lngLat);
  }
  taps.close();
}

function publicName(layer: string): string {
  return `public-${layer}`;
}
