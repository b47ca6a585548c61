/** A MapLibre map as both pages use it: own worker file, no base map, no glyph server, words in the page's language. */
import "maplibre-gl/dist/maplibre-gl.css";
import {
  AttributionControl,
  Map as MapLibreMap,
  NavigationControl,
  ScaleControl,
  setWorkerUrl,
  type LayerSpecification,
  type LngLatBoundsLike,
  type MapGeoJSONFeature,
  type PaddingOptions,
  type PointLike,
  type Point,
  type SourceSpecification,
} from "maplibre-gl";
import workerAddress from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import { texts } from "./language";

const PAPER = "#f3f6f9";
const TAP_RADIUS_PX = 8;

export interface MapContent {
  bounds: LngLatBoundsLike;
  sources: Record<string, SourceSpecification>;
  layers: LayerSpecification[];
  fitPadding: number | PaddingOptions;
  /** Keep the view in the address, so that it can be shared and survives a reload. */
  viewInAddress: boolean;
}

/** Throws when the browser has no WebGL 2. */
export function openMap(container: HTMLElement, content: MapContent): MapLibreMap {
  setWorkerUrl(new URL(workerAddress, import.meta.url).href);
  const map = new MapLibreMap({
    container,
    style: {
      version: 8,
      sources: content.sources,
      layers: [{ id: "paper", type: "background", paint: { "background-color": PAPER } }, ...content.layers],
    },
    bounds: content.bounds,
    fitBoundsOptions: { padding: content.fitPadding },
    hash: content.viewInAddress ? "map" : false,
    minZoom: 7,
    maxZoom: 19,
    pitchWithRotate: false,
    maxPitch: 0,
    attributionControl: false,
    locale: texts.mapControls,
    // Relative addresses in a TileJSON are meant against this page, not against the worker that fetches the tiles.
    transformRequest: (address) => ({ url: new URL(address, location.href).href }),
  });
  map.addControl(new AttributionControl({ compact: true }), "bottom-right");
  map.addControl(new NavigationControl({ showCompass: true }), "top-right");
  map.addControl(new ScaleControl({ unit: "metric" }), "bottom-right");
  return map;
}

/** The topmost feature under a fingertip. */
export function featureNear(map: MapLibreMap, at: Point, layers: string[]): MapGeoJSONFeature | undefined {
  const around = (radius: number): [PointLike, PointLike] => [
    [at.x - radius, at.y - radius],
    [at.x + radius, at.y + radius],
  ];
  const hits = (radius: number) => map.queryRenderedFeatures(around(radius), { layers });
  return hits(1)[0] ?? hits(TAP_RADIUS_PX)[0];
}

export function prefersStillness(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
