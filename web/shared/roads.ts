/** How roads are drawn: width by class, casing by structure, colour and pattern by the state of clearing. */
import type { ExpressionSpecification, FilterSpecification, LayerSpecification } from "maplibre-gl";
import { LABELS, LABEL_COLOURS, PATTERN_DASHES } from "./labels";

export interface RoadSource {
  source: string;
  sourceLayer?: string;
}

/** The layers that answer to a tap, topmost first. */
export const ROAD_TAP_LAYERS = ["roads-carriageway", "roads-footway"];
export const ROAD_CHOSEN_LAYER = "roads-chosen";
export const NOTHING_CHOSEN: FilterSpecification = ["boolean", false];

const INK = "#27313d";
const CASING = "#97a3b1";
const CHOSEN = "#111827";

/** Width in pixels at zoom 8, 12, 14 and 18. */
const ROAD_WIDTHS_PX: Readonly<Record<string, [number, number, number, number]>> = {
  national: [2, 4.6, 8.5, 26],
  prefectural: [1.7, 3.8, 7, 22],
  main: [1.3, 2.8, 5.6, 18],
  ramp: [0.8, 2, 4, 12],
  frontage: [0.8, 2, 4, 13],
  local: [0.7, 1.7, 3.8, 14],
  footway: [0.5, 1.1, 2, 6],
};
const OTHER_WIDTHS_PX: [number, number, number, number] = [0.7, 1.7, 3.8, 14];
const WIDTH_ZOOMS = [8, 12, 14, 18] as const;

/** The first of these is drawn last, on top. */
const CLASS_ORDER = ["national", "prefectural", "main", "ramp", "frontage", "local", "footway"];

const IS_FOOTWAY: ExpressionSpecification = ["==", ["get", "class"], "footway"];
const IS_CARRIAGEWAY: ExpressionSpecification = ["!=", ["get", "class"], "footway"];
const IS_TUNNEL: ExpressionSpecification = ["==", ["get", "structure"], "tunnel"];
const IS_BRIDGE: ExpressionSpecification = ["==", ["get", "structure"], "bridge"];

export function roadLayers(roads: RoadSource): LayerSpecification[] {
  const from = roads.sourceLayer === undefined ? { source: roads.source } : { source: roads.source, "source-layer": roads.sourceLayer };
  return [...casingLayers(from), chosenLayer(from), ...stateLayers(from), ...patternLayers(from), nameLayer(from)];
}

type From = { source: string; "source-layer"?: string };

function chosenLayer(from: From): LayerSpecification {
  return {
    id: ROAD_CHOSEN_LAYER,
    type: "line",
    ...from,
    filter: NOTHING_CHOSEN,
    layout: { "line-cap": "round", "line-join": "round" },
    paint: { "line-color": CHOSEN, "line-width": width(1, [7, 8, 10, 12]) },
  };
}

function casingLayers(from: From): LayerSpecification[] {
  const layout = { "line-cap": "butt", "line-join": "round", "line-sort-key": sortKey() } as const;
  return [
    {
      id: "roads-casing",
      type: "line",
      ...from,
      minzoom: 10.5,
      filter: ["all", IS_CARRIAGEWAY, ["!", IS_TUNNEL]],
      layout: { ...layout, "line-cap": "round" },
      paint: {
        "line-color": ["case", IS_BRIDGE, INK, CASING],
        "line-width": width(1, [0.6, 1.2, 2, 3], ["case", IS_BRIDGE, 2, 1]),
      },
    },
    {
      id: "roads-tunnel-casing",
      type: "line",
      ...from,
      minzoom: 10.5,
      filter: ["all", IS_CARRIAGEWAY, IS_TUNNEL],
      layout,
      paint: { "line-color": INK, "line-width": width(1, [1.2, 2.4, 4, 6]), "line-dasharray": [0.5, 0.35] },
    },
  ];
}

function stateLayers(from: From): LayerSpecification[] {
  return [
    {
      id: "roads-footway",
      type: "line",
      ...from,
      minzoom: 12.5,
      filter: IS_FOOTWAY,
      paint: { "line-color": stateColour(), "line-width": width(1), "line-dasharray": [2, 1] },
    },
    {
      id: "roads-carriageway",
      type: "line",
      ...from,
      filter: IS_CARRIAGEWAY,
      layout: { "line-cap": "round", "line-join": "round", "line-sort-key": sortKey() },
      paint: { "line-color": stateColour(), "line-width": width(1) },
    },
  ];
}

/** A dash pattern cannot follow the state, so each pattern is a layer of its own that shows where it applies. */
function patternLayers(from: From): LayerSpecification[] {
  const isUnknown: ExpressionSpecification = ["==", ["feature-state", "label"], "unknown"];
  const isUnsure: ExpressionSpecification = ["any", ["==", ["feature-state", "evidence"], "inferred"], ["boolean", ["feature-state", "unsure"], false]];
  const pattern = (id: string, applies: ExpressionSpecification, dashes: [number, number], share: number): LayerSpecification => ({
    id,
    type: "line",
    ...from,
    minzoom: 11,
    filter: IS_CARRIAGEWAY,
    paint: {
      "line-color": "#ffffff",
      "line-opacity": ["case", applies, 1, 0],
      "line-width": width(share),
      "line-dasharray": dashes,
    },
  });
  return [
    pattern("roads-unsure", ["all", isUnsure, ["!", isUnknown]], PATTERN_DASHES.dashed, 0.36),
    pattern("roads-unknown", isUnknown, PATTERN_DASHES.dotted, 0.5),
  ];
}

function nameLayer(from: From): LayerSpecification {
  const name: ExpressionSpecification = ["coalesce", ["get", "name"], ["get", "route"], ""];
  const route: ExpressionSpecification = ["coalesce", ["get", "route"], ""];
  return {
    id: "roads-name",
    type: "symbol",
    ...from,
    minzoom: 11,
    filter: IS_CARRIAGEWAY,
    layout: {
      "symbol-placement": "line",
      "symbol-spacing": 380,
      "symbol-sort-key": ["-", 0, sortKey()],
      "text-field": ["step", ["zoom"], route, 13, name],
      "text-font": ["Noto Sans JP", "Hiragino Sans", "Yu Gothic UI", "Meiryo"],
      "text-size": ["interpolate", ["linear"], ["zoom"], 11, 11, 16, 14],
      "text-letter-spacing": 0.06,
      "text-max-angle": 35,
    },
    paint: { "text-color": INK, "text-halo-color": "rgba(255,255,255,0.92)", "text-halo-width": 1.8 },
  };
}

function stateColour(): ExpressionSpecification {
  const cases = LABELS.flatMap((label) => [label, LABEL_COLOURS[label]]);
  return ["match", ["to-string", ["feature-state", "label"]], ...cases, LABEL_COLOURS.never] as unknown as ExpressionSpecification;
}

/** A share of the road's width, and so many more pixels at each stop. */
function width(share: number, extraPx = [0, 0, 0, 0], times: number | ExpressionSpecification = 1): ExpressionSpecification {
  const stops = WIDTH_ZOOMS.flatMap((zoom, stop) => [zoom, ["+", ["*", share, widthOfClass(stop)], ["*", extraPx[stop], times]]]);
  return ["interpolate", ["exponential", 1.5], ["zoom"], ...stops] as unknown as ExpressionSpecification;
}

function widthOfClass(stop: number): ExpressionSpecification {
  const cases = Object.entries(ROAD_WIDTHS_PX).flatMap(([roadClass, widths]) => [roadClass, widths[stop]]);
  return ["match", ["get", "class"], ...cases, OTHER_WIDTHS_PX[stop]] as unknown as ExpressionSpecification;
}

function sortKey(): ExpressionSpecification {
  const cases = CLASS_ORDER.flatMap((roadClass, place) => [roadClass, CLASS_ORDER.length - place]);
  return ["match", ["get", "class"], ...cases, 0] as unknown as ExpressionSpecification;
}
