/** The residents' page: the list of roads first, then the map; both follow the public's cut. */
import "@digital-go-jp/design-tokens/dist/tokens.css";
import "../shared/page.css";
import "./portal.css";
import { byId, element, setText } from "../shared/dom";
import { LABELS, LABEL_COLOURS, type Label } from "../shared/labels";
import { fullLabel, labelSample, roadSample } from "../shared/legend";
import { prepareLanguage, texts } from "../shared/language";
import { describeFailure } from "../shared/server";
import { ADDRESSES } from "./api";
import { CutStream, type Cut } from "./cuts";
import { Finding } from "./finding";
import { Freshness } from "./freshness";
import { MapSide } from "./mapSide";
import { Overview } from "./overview";
import { RoadList } from "./roadList";

const words = texts.portal;
/** For when the stream is silent or closed. */
const REFRESH_MS = 60_000;
const RETRY_MS = 10_000;
/** All phones hear of a new cut at the same instant; they need not all ask in it. */
const SPREAD_MS = 8_000;

const freshness = new Freshness();
const overview = new Overview();
const list = new RoadList({
  chosen: (road) => {
    list.mark(road);
    void mapSide.showRoad(road);
  },
  shown: (question, cutAt) => {
    overview.show(question.kind === "all");
    freshness.learn(cutAt);
    shownCut = cutAt;
    refreshIn(REFRESH_MS);
  },
  failed: (failure) => {
    freshness.fail(describeFailure(failure));
    refreshIn(RETRY_MS);
  },
});
const mapSide = new MapSide(() => list.mark(undefined));
let shownCut: string | null | undefined;
let heardCut: string | null = null;
let stateAddress: string | null = null;
let nextRefresh: number | undefined;

function refresh(): void {
  // Whoever does not look need not ask; it is done on coming back.
  if (document.hidden) return refreshIn(REFRESH_MS);
  list.renew(heardCut);
  void overview.renew(heardCut);
  if (shownCut !== undefined) void mapSide.renew(stateAddress);
  // What lies there is of that cut for ever; whoever asks without having heard of a newer one wants the latest.
  stateAddress = null;
}

function refreshIn(ms: number): void {
  clearTimeout(nextRefresh);
  nextRefresh = window.setTimeout(refresh, ms);
}

function hear(cut: Cut): void {
  heardCut = cut.cut_at;
  stateAddress = cut.state;
  if (shownCut !== undefined && cut.cut_at !== shownCut) refreshIn(Math.random() * SPREAD_MS);
}

function fillLegend(): void {
  const row = (sample: SVGElement, ...said: (string | HTMLElement)[]) => element("li", { class: "legend-label" }, sample, element("span", {}, ...said));
  const label = (name: Label) => row(labelSample(name), element("strong", {}, fullLabel(name)), " ", texts.labelMeanings[name]);
  byId("legend").append(
    element("summary", {}, words.legend),
    element("ul", {}, ...LABELS.map(label)),
    element("h2", {}, texts.howSure),
    element(
      "ul",
      {},
      row(roadSample(LABEL_COLOURS.done, "plain"), words.sureMeaning),
      row(roadSample(LABEL_COLOURS.done, "dashed"), words.unsureMeaning),
      row(labelSample("unknown"), texts.evidenceMeanings.unknown),
    ),
    element("p", { class: "legend-note" }, texts.unknownIsNotUncleared),
  );
}

prepareLanguage(words.title, byId<HTMLAnchorElement>("language"));
setText(byId("title"), words.title);
setText(byId("lead"), words.lead);
setText(byId("about"), words.about);
fillLegend();
new Finding(list);
refresh();
new CutStream(ADDRESSES.live, hear).open();
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) refresh();
});
