/** The residents' page: the list of roads first, then the map; both follow the public cut every minute. */
import "@digital-go-jp/design-tokens/dist/tokens.css";
import "../shared/page.css";
import "./portal.css";
import { byId, element, setText } from "../shared/dom";
import { LABELS } from "../shared/labels";
import { fullLabel, labelSample, surenessRows } from "../shared/legend";
import { prepareLanguage, texts } from "../shared/language";
import { describeFailure, fetchJson } from "../shared/server";
import { clock, secondsBetween } from "../shared/time";
import { ADDRESSES, type RoadsCut } from "./api";
import { MapSide } from "./mapSide";
import { RoadList } from "./roadList";

const words = texts.portal;
const REFRESH_MS = 60_000;
const RETRY_MS = 10_000;
/** Two cuts and a half: by then at least one has failed to come. */
const OLD_S = 25 * 60;

const warning = byId("warning");
const list = new RoadList(chooseRoad);
const mapSide = new MapSide(() => list.mark(undefined));
let cutAt: string | undefined;
let nextRefresh: number | undefined;

function chooseRoad(name: string): void {
  list.mark(name);
  void mapSide.showRoad(name);
}

/** Comes back by itself, sooner after a failure. */
async function refresh(): Promise<void> {
  clearTimeout(nextRefresh);
  const shown = await tryToShow();
  clearTimeout(nextRefresh);
  nextRefresh = window.setTimeout(() => void refresh(), shown ? REFRESH_MS : RETRY_MS);
}

async function tryToShow(): Promise<boolean> {
  try {
    showCut(await fetchJson<RoadsCut>(ADDRESSES.roads));
    return true;
  } catch (failure) {
    list.showNothing();
    warn(cutAt === undefined ? describeFailure(failure) : `${describeFailure(failure)} ${words.shownIsOld}`);
    return false;
  }
}

function showCut(cut: RoadsCut): void {
  const made = new Date(cut.cut_at);
  const ageS = secondsBetween(made, new Date());
  if (ageS > OLD_S) warn(words.old(texts.age(ageS)));
  else warning.hidden = true;
  void mapSide.renew(cut.cut_at);
  if (cut.cut_at === cutAt) return;
  setText(byId("cut"), words.cut(clock(made, new Date())));
  list.show(cut);
  cutAt = cut.cut_at;
}

function warn(text: string): void {
  setText(warning, text);
  warning.hidden = false;
}

function fillLegend(): void {
  const label = (name: (typeof LABELS)[number]) => {
    const row = element("li", { class: "legend-label" });
    row.append(labelSample(name), element("span", {}, element("strong", {}, fullLabel(name)), " ", texts.labelMeanings[name]));
    return row;
  };
  byId("legend").append(
    element("summary", {}, words.legend),
    element("ul", {}, ...LABELS.map(label)),
    element("h2", {}, texts.howSure),
    element("ul", {}, ...surenessRows()),
    element("p", { class: "legend-note" }, texts.unknownIsNotUncleared),
  );
}

prepareLanguage(words.title, byId<HTMLAnchorElement>("language"));
setText(byId("title"), words.title);
setText(byId("lead"), words.lead);
setText(byId("about"), words.about);
fillLegend();
void refresh();
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) void refresh();
});
