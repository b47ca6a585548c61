/** The bar on top: which network, is the stream alive, the figures of the moment, and how old they are. */
import { byId, setText } from "../shared/dom";
import { prepareLanguage, texts } from "../shared/language";
import type { Connection, Summary } from "../shared/live";
import { clockSeconds, secondsBetween } from "../shared/time";
import { Facts } from "./facts";
import type { Network } from "./api";

const words = texts.dispatch;
/** Figures come once a second; longer than this without any is worth a word. */
const QUIET_S = 5;

export class Header {
  private readonly figures = new Facts("figures-list");
  private readonly connection = byId("connection");
  private wasLive = false;
  private latest: Summary | undefined;

  constructor() {
    prepareLanguage(words.title, byId<HTMLAnchorElement>("language"));
    setText(byId("title"), words.title);
    setText(byId("docs"), words.apiDocs);
    setText(byId("open-routes"), words.routeList);
    setText(byId("open-machines"), words.machineList);
    setText(byId("sign-out"), words.signOut);
    for (const name of [words.machines, words.fixes, words.freshness, words.stateAsOf]) this.figures.set(name, words.none);
    byId("figures").replaceWith(this.figures.list);
    this.showConnection("connecting");
  }

  showAccount(name: string): void {
    byId("sign-out").title = name;
  }

  showNetwork(network: Network): void {
    setText(byId("network"), network.name);
    document.title = `${words.title} — ${network.name}`;
  }

  showConnection(state: Connection): void {
    document.documentElement.dataset["state"] = state;
    this.wasLive ||= state === "live";
    setText(this.connection, words.connection[this.wasLive ? state : "first"]);
  }

  showSummary(summary: Summary): void {
    const { working, known, silent } = summary.machines;
    this.figures.set(words.machines, words.machinesOf(working, known, silent));
    this.figures.set(words.fixes, words.fixesPerSecond(Math.round(summary.fixes.per_s).toLocaleString("en")));
    this.figures.set(words.freshness, freshness(summary.freshness_ms));
    this.latest = summary;
    this.sayHowOld(new Date(summary.now));
  }

  /** Which state of the roads is shown and as of when; while nothing new comes in, how long that has been so. */
  sayHowOld(now: Date): void {
    if (this.latest === undefined) return;
    const at = new Date(this.latest.now);
    const ageS = secondsBetween(at, now);
    const state = words.stateOf(this.latest.number.toLocaleString("en"), clockSeconds(at));
    this.figures.set(words.stateAsOf, ageS < QUIET_S ? state : texts.timeAndAge(state, texts.age(ageS)));
  }
}

function freshness({ p50, p99 }: Summary["freshness_ms"]): string {
  if (p50 === null || p99 === null) return words.none;
  return words.freshnessOf((p50 / 1000).toFixed(1), (p99 / 1000).toFixed(1));
}
