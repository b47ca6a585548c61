/** The residents' map, loaded only when somebody wants it: tiles of roads in the colours of the latest public cut. */
import type { FilterSpecification, Map as MapLibreMap, MapGeoJSONFeature, MapMouseEvent } from "maplibre-gl";
import { Popup } from "maplibre-gl";
import { element } from "../shared/dom";
import { labelChip } from "../shared/legend";
import { Looks, sureness } from "../shared/looks";
import { patternOf } from "../shared/labels";
import { texts } from "../shared/language";
import { featureNear, openMap, prefersStillness } from "../shared/map";
import { NOTHING_CHOSEN, ROAD_CHOSEN_LAYER, ROAD_TAP_LAYERS, roadLayers } from "../shared/roads";
import type { StateArray } from "../shared/stateArray";
import { retryTiles } from "../shared/tileRetry";
import { clock } from "../shared/time";
import { ADDRESSES, type Box, type Network, type Road } from "./api";

/** For browser tests and for a look from the console. */
declare global {
  interface Window {
    residentsMap?: MapLibreMap;
  }
}

const ROADS = { source: "roads", sourceLayer: "roads" } as const;
const LOOK_AFTER_MS = 80;
const FIT = { padding: 48, maxZoom: 16 };
/** What coarse tiles move a line by. */
const BOX_MARGIN_DEG = 0.003;

export class RoadMap {
  private readonly map: MapLibreMap;
  private readonly drawn: Promise<void>;
  private readonly looks: Looks;
  private looking: number | undefined;

  /** Throws when the browser has no WebGL 2. */
  constructor(
    container: HTMLElement,
    readonly network: Network,
    private state: StateArray,
  ) {
    this.looks = new Looks(state);
    this.map = openMap(container, {
      bounds: network.bbox,
      sources: { roads: { type: "vector", url: `${ADDRESSES.roadTiles}?v=${network.network_id}`, promoteId: "row" } },
      layers: roadLayers(ROADS),
      fitPadding: FIT.padding,
      viewInAddress: false,
    });
    this.drawn = new Promise((resolve) => this.map.once("style.load", () => resolve()));
    this.map.on("sourcedata", (event) => {
      if (event.sourceId === ROADS.source) this.lookSoon();
    });
    window.residentsMap = this.map;
    this.map.on("click", (event) => this.answerTap(event));
  }

  onTilesMissing(tell: (missing: boolean) => void): void {
    retryTiles(this.map, ROADS.source, tell);
  }

  async renew(state: StateArray): Promise<void> {
    this.state = state;
    await this.drawn;
    for (const [row, look] of this.looks.renewed(state)) this.map.setFeatureState({ ...ROADS, id: row }, look);
    this.map.triggerRepaint();
  }

  async showRoad(road: Road): Promise<void> {
    await this.drawn;
    this.map.setFilter(ROAD_CHOSEN_LAYER, isOf(road));
    this.fit(road.bbox);
  }

  async showAll(): Promise<void> {
    await this.drawn;
    this.map.setFilter(ROAD_CHOSEN_LAYER, NOTHING_CHOSEN);
    this.fit(this.network.bbox);
  }

  close(): void {
    clearTimeout(this.looking);
    this.map.remove();
  }

  private fit(box: Box): void {
    this.map.resize();
    this.map.fitBounds(box, { ...FIT, animate: !prefersStillness() });
  }

  /** Tiles come in bursts. */
  private lookSoon(): void {
    if (this.looking !== undefined) return;
    this.looking = window.setTimeout(() => {
      this.looking = undefined;
      this.look();
    }, LOOK_AFTER_MS);
  }

  private look(): void {
    const rows = new Set(this.map.querySourceFeatures(ROADS.source, { sourceLayer: ROADS.sourceLayer }).map(rowOf));
    if (this.looks.forgetIfMany(rows.size)) this.map.removeFeatureState(ROADS);
    for (const [row, look] of this.looks.ofNew(rows)) this.map.setFeatureState({ ...ROADS, id: row }, look);
  }

  private answerTap(event: MapMouseEvent): void {
    const road = featureNear(this.map, event.point, ROAD_TAP_LAYERS);
    if (road === undefined) return;
    new Popup({ maxWidth: "280px" }).setLngLat(event.lngLat).setDOMContent(popupContent(road, this.state)).addTo(this.map);
  }
}

function rowOf(feature: { properties: Record<string, unknown> }): number {
  return Number(feature.properties["row"]);
}

/** Roads of one name in other towns are others. */
function isOf(road: Road): FilterSpecification {
  const [west, south, east, north] = road.bbox;
  const [left, low, right, high] = [west - BOX_MARGIN_DEG, south - BOX_MARGIN_DEG, east + BOX_MARGIN_DEG, north + BOX_MARGIN_DEG];
  const corners = [[left, low], [right, low], [right, high], [left, high], [left, low]];
  return ["all", ["==", ["coalesce", ["get", "name"], ["get", "route"]], road.name], ["within", { type: "Polygon", coordinates: [corners] }]];
}

function popupContent(road: MapGeoJSONFeature, state: StateArray): HTMLElement {
  const row = rowOf(road);
  const label = state.label(row) ?? "never";
  const sure = sureness(state, row);
  const fromMinutes = state.fromMinutes(row);
  const lines = [
    fromMinutes === undefined || state.at === null ? null : texts.portal.lastWorked(fromMinutes, state.untilMinutes(row), clock(state.at, new Date())),
    sure === undefined ? null : texts.portal.sureness(texts.portal.surenessOf[sure]),
  ];
  return element(
    "div",
    { class: "segment-popup" },
    element("strong", {}, String(road.properties["name"] ?? road.properties["route"] ?? texts.unnamedRoad)),
    element("p", {}, labelChip(label, patternOf(label, sure === "low" ? "inferred" : null))),
    ...lines.filter((line) => line !== null).map((line) => element("p", {}, line)),
    element("p", { class: "meaning" }, texts.labelMeanings[label]),
  );
}
