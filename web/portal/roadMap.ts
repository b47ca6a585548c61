/** The residents' map, loaded only when somebody wants it: the cut's segments in the colours of the list. */
import type { GeoJSONSource, LngLatBoundsLike, Map as MapLibreMap, MapMouseEvent } from "maplibre-gl";
import { LngLatBounds, Popup } from "maplibre-gl";
import { element } from "../shared/dom";
import { patternOf } from "../shared/labels";
import { labelChip } from "../shared/legend";
import { texts } from "../shared/language";
import { featureNear, openMap, prefersStillness } from "../shared/map";
import { NOTHING_CHOSEN, ROAD_CHOSEN_LAYER, ROAD_TAP_LAYERS, roadLayers } from "../shared/roads";
import { clock } from "../shared/time";
import type { SegmentProperties, SegmentsCut } from "./api";

const SOURCE = "segments";
const FIT = { padding: 48, maxZoom: 15.5 };

export class RoadMap {
  private readonly map: MapLibreMap;
  private readonly drawn: Promise<void>;

  /** Throws when the browser has no WebGL 2. */
  constructor(
    container: HTMLElement,
    private cut: SegmentsCut,
  ) {
    this.map = openMap(container, {
      bounds: boundsOf(cut, () => true) ?? [136, 36, 138, 38],
      sources: { [SOURCE]: { type: "geojson", data: cut, promoteId: "id", attribution: cut.attribution } },
      layers: roadLayers({ source: SOURCE, state: "get" }),
      fitPadding: FIT.padding,
      viewInAddress: false,
    });
    this.drawn = new Promise((resolve) => this.map.once("style.load", () => resolve()));
    this.map.on("click", (event) => this.answerTap(event));
  }

  get cutAt(): string {
    return this.cut.cut_at;
  }

  async renew(cut: SegmentsCut): Promise<void> {
    this.cut = cut;
    await this.drawn;
    await this.map.getSource<GeoJSONSource>(SOURCE)?.setData(cut);
  }

  /** False when the road is not on the map. */
  async showRoad(name: string): Promise<boolean> {
    const bounds = boundsOf(this.cut, (segment) => (segment.name ?? segment.route) === name);
    await this.drawn;
    this.map.setFilter(ROAD_CHOSEN_LAYER, ["==", ["coalesce", ["get", "name"], ["get", "route"]], name]);
    if (bounds !== undefined) this.fit(bounds);
    return bounds !== undefined;
  }

  async showAll(): Promise<void> {
    const bounds = boundsOf(this.cut, () => true);
    await this.drawn;
    this.map.setFilter(ROAD_CHOSEN_LAYER, NOTHING_CHOSEN);
    if (bounds !== undefined) this.fit(bounds);
  }

  private fit(bounds: LngLatBoundsLike): void {
    this.map.resize();
    this.map.fitBounds(bounds, { ...FIT, animate: !prefersStillness() });
  }

  private answerTap(event: MapMouseEvent): void {
    const id = featureNear(this.map, event.point, ROAD_TAP_LAYERS)?.id;
    const tapped = this.cut.features.find((feature) => feature.properties.id === id)?.properties;
    if (tapped === undefined) return;
    new Popup({ maxWidth: "260px" })
      .setLngLat(event.lngLat)
      .setDOMContent(popupContent(tapped, new Date(this.cut.cut_at)))
      .addTo(this.map);
  }
}

function popupContent(segment: SegmentProperties, now: Date): HTMLElement {
  const { label } = segment;
  const detail = segment.at === null ? "" : texts.portal.roadDetail(clock(new Date(segment.at), now), texts.evidence[segment.evidence ?? "none"]);
  return element(
    "div",
    { class: "segment-popup" },
    element("strong", {}, segment.name ?? segment.route ?? texts.unnamedRoad),
    element("p", {}, labelChip(label, patternOf(label, segment.evidence)), detail),
    element("p", { class: "meaning" }, texts.labelMeanings[label]),
  );
}

function boundsOf(cut: SegmentsCut, wanted: (segment: SegmentProperties) => boolean): LngLatBounds | undefined {
  const points = cut.features
    .filter((feature) => wanted(feature.properties))
    .flatMap((feature) => feature.geometry.coordinates as [number, number][]);
  if (points.length === 0) return undefined;
  return points.reduce((bounds, point) => bounds.extend(point), new LngLatBounds());
}
