/** Trails on the map: loaded once, grown by what machines report, and asked for again where something is missing. */
import type { Feature } from "geojson";
import type { ExpressionSpecification, FilterSpecification, GeoJSONSource, LineLayerSpecification, Map as MapLibreMap } from "maplibre-gl";
import type { Machine } from "../shared/live";
import { NOTHING_CHOSEN } from "../shared/roads";
import { fetchJson } from "../shared/server";
import { ADDRESSES, type TrailAnswer } from "./api";
import { TRAIL_MINUTES, TrailLines, type Stretch } from "./trailLines";

export const TRAIL_SOURCE = "trails";
export const TRAIL_INK = "#1b2a49";
export const TRAIL_DASHES: [number, number] = [2, 2];
const CHOSEN_LAYER = "trails-chosen";
const LAYERS = [CHOSEN_LAYER, "trails-casing", "trails-travelling", "trails-working"];
const DIMMED = 0.35;
const DRAW_MS = 1_000;
/** What a tracker kept while it was out of reach is stored some seconds after the machine is seen again. */
const ASK_AGAIN_MS = 6_000;
/** More machines than this are asked for all at once. */
const ASKED_ONE_BY_ONE_MAX = 4;

const IS_WORKING: ExpressionSpecification = ["get", "working"];
/** Beside the middle of the road, on the side on which they drive, so that the road's own colour stays in sight. */
const BESIDE = byZoom([10, -1], [12, -2], [14, -4.5], [17, -8]);

export const trailLayers: LineLayerSpecification[] = [
  line(CHOSEN_LAYER, NOTHING_CHOSEN, { "line-color": "#f0a000", "line-width": byZoom([10, 5], [14, 8], [17, 13]), "line-opacity": 0.75 }),
  line("trails-casing", IS_WORKING, { "line-color": "#ffffff", "line-width": byZoom([10, 0.8], [12, 2], [14, 4.4], [17, 7]) }),
  line("trails-travelling", ["!", IS_WORKING], {
    "line-color": TRAIL_INK,
    "line-width": byZoom([10, 0.5], [12, 0.7], [14, 1.4], [17, 2]),
    "line-dasharray": TRAIL_DASHES,
  }),
  line("trails-working", IS_WORKING, { "line-color": TRAIL_INK, "line-width": byZoom([10, 0.8], [12, 1.2], [14, 2.6], [17, 4.5]) }),
];

export class Trails {
  private readonly lines = new Map<string, TrailLines>();
  private readonly missing = new Set<string>();
  private shown = true;
  private chosen: string | undefined;
  private drawing: number | undefined;
  private asking: number | undefined;

  constructor(private readonly map: MapLibreMap) {}

  /** Takes in what machines report; what lies between two reports that do not follow each other is asked for. */
  report(machines: Machine[]): void {
    for (const { device, lon, lat, at, working, silent } of machines) {
      if (silent) continue;
      if (!this.linesOf(device).grow({ lon, lat, atMs: Date.parse(at), working: working === true })) this.missing.add(device);
    }
    this.askSoon();
    this.drawSoon();
  }

  /** All that may be seen are told anew. */
  forget(): void {
    this.lines.clear();
    this.missing.clear();
  }

  /** All trails, as the server knows them. */
  async load(): Promise<void> {
    this.missing.clear();
    if (this.shown) await this.ask(ADDRESSES.trails(TRAIL_MINUTES));
  }

  show(shown: boolean): void {
    if (shown && !this.shown) {
      this.shown = true;
      void this.load();
    }
    this.shown = shown;
    for (const layer of LAYERS) this.map.setLayoutProperty(layer, "visibility", shown ? "visible" : "none");
    this.drawSoon();
  }

  /** One trail stands out; nothing when none does. */
  emphasise(device: string | undefined): void {
    if (device === this.chosen) return;
    this.chosen = device;
    const isChosen: ExpressionSpecification = ["==", ["get", "device"], device ?? ""];
    this.map.setFilter(CHOSEN_LAYER, device === undefined ? NOTHING_CHOSEN : isChosen);
    for (const layer of LAYERS.filter((name) => name !== CHOSEN_LAYER)) {
      this.map.setPaintProperty(layer, "line-opacity", device === undefined ? 1 : ["case", isChosen, 1, DIMMED]);
    }
  }

  /** How many lines each machine has, for browser tests. */
  counts(): Record<string, number> {
    return Object.fromEntries([...this.lines].map(([device, lines]) => [device, lines.lines().length]));
  }

  private askSoon(): void {
    if (this.missing.size > 0) this.asking ??= window.setTimeout(() => void this.askForMissing(), ASK_AGAIN_MS);
  }

  private async askForMissing(): Promise<void> {
    const missing = [...this.missing];
    this.missing.clear();
    if (this.shown && missing.length > ASKED_ONE_BY_ONE_MAX) await this.ask(ADDRESSES.trails(TRAIL_MINUTES));
    else if (this.shown) for (const device of missing) await this.ask(ADDRESSES.trails(TRAIL_MINUTES, device));
    this.asking = undefined;
    this.askSoon();
  }

  /** A trail that cannot be had now is asked for with the next one that is missing, or when the stream is back. */
  private async ask(address: string): Promise<void> {
    const answer = await fetchJson<TrailAnswer>(address).catch(() => undefined);
    for (const [device, stretches] of told(answer)) {
      this.linesOf(device).adopt(stretches);
      this.missing.delete(device);
    }
    this.drawSoon();
  }

  private linesOf(device: string): TrailLines {
    let lines = this.lines.get(device);
    if (lines === undefined) this.lines.set(device, (lines = new TrailLines()));
    return lines;
  }

  private drawSoon(): void {
    this.drawing ??= window.setTimeout(() => {
      this.drawing = undefined;
      if (!this.shown) return;
      const source = this.map.getSource<GeoJSONSource>(TRAIL_SOURCE);
      void source?.setData({ type: "FeatureCollection", features: this.features() });
    }, DRAW_MS);
  }

  private features(): Feature[] {
    return [...this.lines].flatMap(([device, lines]) =>
      lines.lines().map(({ working, points }) => ({
        type: "Feature" as const,
        geometry: { type: "LineString" as const, coordinates: points.map(({ lon, lat }) => [lon, lat]) },
        properties: { device, working },
      })),
    );
  }
}

/** By device, in the order of time in which the server tells them. */
function told(answer: TrailAnswer | undefined): Map<string, Stretch[]> {
  const found = new Map<string, Stretch[]>();
  for (const { geometry, properties } of answer?.features ?? []) {
    const startMs = Date.parse(properties.from);
    const points = geometry.coordinates.map(([lon, lat], place) => {
      return { lon, lat, atMs: startMs + (properties.after_s[place] ?? 0) * 1000 };
    });
    const stretches = found.get(properties.device) ?? [];
    stretches.push({ working: properties.working, points });
    found.set(properties.device, stretches);
  }
  return found;
}

function line(id: string, filter: FilterSpecification, paint: NonNullable<LineLayerSpecification["paint"]>): LineLayerSpecification {
  return {
    id,
    type: "line",
    source: TRAIL_SOURCE,
    filter,
    layout: { "line-cap": "round", "line-join": "round" },
    paint: { "line-offset": BESIDE, ...paint },
  };
}

function byZoom(...stops: [zoom: number, px: number][]): ExpressionSpecification {
  return ["interpolate", ["linear"], ["zoom"], ...stops.flat()] as unknown as ExpressionSpecification;
}
