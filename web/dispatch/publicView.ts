/** What residents see, for staff to look at: the latest public cut instead of the live state, and no machine. */
import type { Map as MapLibreMap } from "maplibre-gl";
import { Looks } from "../shared/looks";
import { byId, setText } from "../shared/dom";
import type { Label } from "../shared/labels";
import { texts } from "../shared/language";
import { describeFailure } from "../shared/server";
import type { StateArray } from "../shared/stateArray";
import { clock, secondsBetween, type ServerClock } from "../shared/time";
import { PublicCuts } from "./publicCuts";
import { PUBLIC_ROADS } from "./roadMap";

const words = texts.dispatch;
const REFRESH_MS = 1_000;
const LOOK_AFTER_MS = 80;

export class PublicView {
  private readonly button = byId<HTMLButtonElement>("open-public");
  private readonly banner = byId("public-banner");
  private readonly said = byId("public-said");
  private readonly cuts = new PublicCuts({
    cut: (state) => this.take(state),
    nothingYet: () => this.say(words.publicNothingYet),
    failed: (failure) => this.fail(failure),
  });
  private latest: StateArray | undefined;
  /** The same as on the residents' page. */
  private looks: Looks | undefined;
  private looking = false;
  private refreshing: number | undefined;

  /** `change` is told when it comes and goes, and of each cut; the map changes what it draws. */
  constructor(
    private readonly map: MapLibreMap,
    private readonly networkId: string,
    private readonly serverClock: ServerClock,
    private readonly change: () => void,
  ) {
    setText(this.button, words.publicView);
    setText(byId("close-public"), words.publicLeave);
    this.button.addEventListener("click", () => (this.isShown ? this.leave() : this.show()));
    byId("close-public").addEventListener("click", () => this.leave());
    map.on("sourcedata", (event) => {
      if (event.sourceId === PUBLIC_ROADS.source) this.lookSoon();
    });
  }

  get isShown(): boolean {
    return !this.banner.hidden;
  }

  /** The latest cut; nothing before it has come. */
  get state(): StateArray | undefined {
    return this.latest;
  }

  /** How many segments read so. */
  counts(): Map<Label, number> {
    const counts = new Map<Label, number>();
    for (let row = 0; row < (this.latest?.segments ?? 0); row++) {
      const label = this.latest?.label(row);
      if (label !== undefined) counts.set(label, (counts.get(label) ?? 0) + 1);
    }
    return counts;
  }

  /** After the network was away the stream may be dead without knowing it. */
  renew(): void {
    if (this.isShown) this.cuts.open();
  }

  private show(): void {
    this.say(words.loading);
    this.turn(true);
    this.cuts.open();
    this.refreshing = window.setInterval(() => this.sayWhen(), REFRESH_MS);
  }

  private leave(): void {
    clearInterval(this.refreshing);
    this.cuts.close();
    this.turn(false);
    this.button.focus();
  }

  private turn(shown: boolean): void {
    this.banner.hidden = !shown;
    this.button.setAttribute("aria-pressed", String(shown));
    this.change();
  }

  private take(state: StateArray): void {
    if (state.network !== this.networkId) return this.fail(new Error(`The server has another network: ${state.network}.`));
    this.latest = state;
    if (this.looks === undefined) {
      this.looks = new Looks(state);
      this.lookSoon();
    } else {
      for (const [row, look] of this.looks.renewed(state)) this.map.setFeatureState({ ...PUBLIC_ROADS, id: row }, look);
    }
    this.sayWhen();
    this.change();
  }

  /** Tiles come in bursts. */
  private lookSoon(): void {
    if (this.looking) return;
    this.looking = true;
    setTimeout(() => {
      this.looking = false;
      if (this.looks !== undefined) this.look(this.looks);
    }, LOOK_AFTER_MS);
  }

  /** Paints what has come into sight. */
  private look(looks: Looks): void {
    const inSight = this.map.querySourceFeatures(PUBLIC_ROADS.source, { sourceLayer: PUBLIC_ROADS.sourceLayer });
    const rows = new Set(inSight.map(({ properties }) => Number(properties["row"])));
    for (const [row, look] of looks.ofNew(rows)) this.map.setFeatureState({ ...PUBLIC_ROADS, id: row }, look);
  }

  private sayWhen(): void {
    const at = this.latest?.at;
    if (!at) return;
    const now = this.serverClock.now();
    this.say(words.publicAsOf(clock(at, now), texts.age(secondsBetween(at, now))));
  }

  /** What was received before is still shown, and says from when it is. */
  private fail(failure: unknown): void {
    if (this.latest === undefined) this.say(describeFailure(failure));
  }

  private say(text: string): void {
    setText(this.said, text);
  }
}
