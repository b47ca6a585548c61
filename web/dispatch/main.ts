/** The dispatch page: joins the live stream to the map, the figures, the legend and the panel. */
import "@digital-go-jp/design-tokens/dist/tokens.css";
import "../shared/page.css";
import "./dispatch.css";
import "./panel.css";
import type { Map as MapLibreMap } from "maplibre-gl";
import { byId, setText } from "../shared/dom";
import type { Label } from "../shared/labels";
import { texts } from "../shared/language";
import { LiveStream, type Machine } from "../shared/live";
import { describeFailure, fetchJson } from "../shared/server";
import { ServerClock } from "../shared/time";
import { ADDRESSES, type Network } from "./api";
import { Header } from "./header";
import { Legend } from "./legend";
import { Machines } from "./machines";
import { Panel } from "./panel";
import { ROADS, answerTaps, openRoadMap, paintedLabel, paintSegments } from "./roadMap";
import { SegmentStates } from "./segments";
import { Selection } from "./selection";
import { retryTiles } from "./tileRetry";

/** For browser tests and for a look from the console. */
interface SnowtrackPage {
  map: MapLibreMap;
  labelOf(segmentId: number): Label;
  machines(): Machine[];
  /** The map is drawn and the first snapshot is painted. */
  readonly ready: boolean;
}

declare global {
  interface Window {
    snowtrack?: SnowtrackPage;
  }
}

const NETWORK_RETRY_MS = 3_000;

const header = new Header();
const legend = new Legend();
const panel = new Panel();
const notice = byId("notice");

async function loadNetwork(): Promise<Network> {
  for (;;) {
    try {
      const network = await fetchJson<Network>(ADDRESSES.network);
      hush();
      return network;
    } catch (failure) {
      say(describeFailure(failure));
      await new Promise((wake) => setTimeout(wake, NETWORK_RETRY_MS));
    }
  }
}

function say(text: string): void {
  setText(notice, text);
  notice.hidden = false;
}

function hush(): void {
  notice.hidden = true;
}

function startMap(network: Network): void {
  const map = openRoadMap(byId("map"), network);
  const clock = new ServerClock();
  const states = new SegmentStates();
  const machines = new Machines(map);
  const selection = new Selection(map, panel, machines, states, clock);
  answerTaps(map, selection);
  byId("open-routes").addEventListener("click", () => selection.openRouteList());
  byId("open-machines").addEventListener("click", () => selection.openMachineList());
  retryTiles(map, ROADS.source, (missing) => (missing ? say(texts.dispatch.roadsMissing) : hush()));

  let painted = false;
  let drawn = false;
  const stream = new LiveStream(ADDRESSES.live, {
    snapshot: (message) => {
      paintSegments(map, states.replace(message));
      painted = true;
    },
    delta: (message) => paintSegments(map, states.add(message)),
    heads: (message) => machines.report(message.machines),
    summary: (summary) => {
      clock.learn(summary.now);
      header.showSummary(summary);
      legend.show(summary);
    },
    connection: (state) => header.showConnection(state),
  });
  map.once("style.load", () => {
    machines.prepare();
    stream.open();
  });
  map.once("load", () => (drawn = true));

  window.snowtrack = {
    map,
    labelOf: (id) => paintedLabel(map, id),
    machines: () => machines.all(),
    get ready() {
      return drawn && painted;
    },
  };
}

const network = await loadNetwork();
header.showNetwork(network);
try {
  startMap(network);
} catch {
  say(texts.noMap);
}
