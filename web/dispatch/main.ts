/** The dispatch page: joins the live stream to the map, the figures, the legend and the panel. */
import "@digital-go-jp/design-tokens/dist/tokens.css";
import "../shared/page.css";
import "./dispatch.css";
import "./panel.css";
import type { Map as MapLibreMap } from "maplibre-gl";
import { byId, setText } from "../shared/dom";
import type { Label } from "../shared/labels";
import { texts } from "../shared/language";
import { LiveStream, type LiveHandlers, type Machine } from "../shared/live";
import { ServerFailure, describeFailure, fetchJson, sendJson } from "../shared/server";
import { retryTiles } from "../shared/tileRetry";
import { ServerClock, clock as clockTime } from "../shared/time";
import { ADDRESSES, type Network, type Session } from "./api";
import { Header } from "./header";
import { Legend } from "./legend";
import { Machines } from "./machines";
import { Panel } from "./panel";
import { PublicView } from "./publicView";
import { PUBLIC_ROADS, ROADS, answerTaps, openRoadMap, paintedLabel, paintSegments, showPublicRoads } from "./roadMap";
import { SegmentStates } from "./segments";
import { Selection, type Shown } from "./selection";
import { Trails } from "./trails";

/** For browser tests and for a look from the console. */
interface SnowtrackPage {
  map: MapLibreMap;
  labelOf(segmentId: number): Label;
  machines(): Machine[];
  /** How many lines the trail of each machine has. */
  trails(): Record<string, number>;
  /** The map is drawn and the first snapshot is painted. */
  readonly ready: boolean;
}

declare global {
  interface Window {
    snowtrack?: SnowtrackPage;
  }
}

const RETRY_MS = 3_000;
const REFRESH_MS = 1_000;

const header = new Header();
const panel = new Panel();
const notice = byId("notice");

/** Asks until there is an answer; who is not signed in goes to where that is done. */
async function load<Answer>(address: string): Promise<Answer> {
  for (;;) {
    try {
      const answer = await fetchJson<Answer>(address);
      hush();
      return answer;
    } catch (failure) {
      if (isSignedOut(failure)) leave();
      say(describeFailure(failure));
      await new Promise((wake) => setTimeout(wake, RETRY_MS));
    }
  }
}

/** A session can end while the page is open. */
async function leaveWhenSignedOut(): Promise<void> {
  await fetchJson<Session>(ADDRESSES.session).catch((failure: unknown) => {
    if (isSignedOut(failure)) leave();
  });
}

function isSignedOut(failure: unknown): boolean {
  return failure instanceof ServerFailure && failure.kind === "signedOut";
}

function leave(): void {
  location.replace(`./sign-in.html${location.search}`);
}

async function signOut(): Promise<void> {
  try {
    await sendJson("DELETE", ADDRESSES.session);
    leave();
  } catch (failure) {
    say(describeFailure(failure));
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
  const trails = new Trails(map);
  const legend = new Legend(() => showChosen());
  const publicView = new PublicView(map, network.network_id, clock, () => showChosen());
  const shown = { map, machines, trails, states, publicView, clock };
  const selection = new Selection(panel, shown);
  answerTaps(map, selection);
  byId("open-routes").addEventListener("click", () => selection.openRouteList());
  byId("open-machines").addEventListener("click", () => selection.openMachineList());
  retryTiles(map, [ROADS.source, PUBLIC_ROADS.source], (missing) => (missing ? say(texts.dispatch.roadsMissing) : hush()));
  window.setInterval(() => header.sayHowOld(clock.now()), REFRESH_MS);

  /** What the legend and the public view ask for. */
  function showChosen(): void {
    const { isShown, state } = publicView;
    const view = isShown ? "public" : "staff";
    if (document.documentElement.dataset["view"] !== view) selection.close();
    document.documentElement.dataset["view"] = view;
    if (isShown && state?.at) legend.showPublic(clockTime(state.at, clock.now()), state.segments, publicView.counts());
    if (!styled) return;
    showPublicRoads(map, isShown);
    trails.show(legend.wantsTrails && !isShown);
  }

  let styled = false;
  let painted = false;
  let drawn = false;
  const stream = new LiveStream(ADDRESSES.live, liveHandlers(shown, legend, () => (painted = true)));
  map.once("style.load", () => {
    machines.prepare();
    styled = true;
    showChosen();
    stream.open();
  });
  map.once("load", () => (drawn = true));

  window.snowtrack = {
    map,
    labelOf: (id) => paintedLabel(map, id),
    machines: () => machines.all(),
    trails: () => trails.counts(),
    get ready() {
      return drawn && painted;
    },
  };
}

/** What the live stream says, for all parts of the page. */
function liveHandlers(shown: Shown, legend: Legend, onPainted: () => void): LiveHandlers {
  const { map, machines, trails, states, publicView, clock } = shown;
  let isLive = false;
  let wasPainted = false;
  return {
    snapshot: (message) => {
      machines.forget();
      trails.forget();
      paintSegments(map, states.replace(message));
      wasPainted = true;
      onPainted();
    },
    delta: (message) => paintSegments(map, states.add(message)),
    heads: (message) => {
      machines.report(message.machines);
      trails.report(message.machines);
    },
    summary: (summary) => {
      clock.learn(summary.now);
      header.showSummary(summary);
      if (!publicView.isShown) legend.show(summary);
    },
    connection: (state) => {
      header.showConnection(state);
      if (state === "connecting" && wasPainted) void leaveWhenSignedOut();
      if (state === "live" && !isLive) {
        void trails.load();
        publicView.renew();
      }
      isLive = state === "live";
    },
  };
}

byId("sign-out").addEventListener("click", () => void signOut());
header.showAccount((await load<Session>(ADDRESSES.session)).name);
const network = await load<Network>(ADDRESSES.network);
header.showNetwork(network);
try {
  startMap(network);
} catch {
  say(texts.noMap);
}
