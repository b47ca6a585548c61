/** The map's part of the page: opened by itself where there is room, and on a phone when somebody asks for it. */
import { byId, setText } from "../shared/dom";
import { texts } from "../shared/language";
import { describeFailure, fetchJson } from "../shared/server";
import { ADDRESSES, type SegmentsCut } from "./api";
import type { RoadMap } from "./roadMap";

const words = texts.portal;
const ROOMY = matchMedia("(min-width: 860px)");

export class MapSide {
  private readonly notice = byId("map-notice");
  private wanted = false;
  private opening: Promise<RoadMap | undefined> | undefined;

  constructor(private readonly forget: () => void) {
    setText(byId("open-map"), words.map);
    setText(byId("back"), words.back);
    setText(byId("whole-map"), words.wholeMap);
    byId("open-map").addEventListener("click", () => void this.show());
    byId("back").addEventListener("click", () => this.leave());
    byId("whole-map").addEventListener("click", () => void this.showAll());
    if (ROOMY.matches) void this.open();
    ROOMY.addEventListener("change", () => ROOMY.matches && void this.open());
  }

  async showRoad(name: string): Promise<void> {
    const map = await this.show();
    if (map !== undefined && !(await map.showRoad(name))) this.say(words.noMapData);
  }

  /** Takes in the cut of that time, if the map is wanted and does not have it yet. */
  async renew(cutAt: string): Promise<void> {
    if (!this.wanted) return;
    const map = await this.open();
    if (map === undefined || map.cutAt === cutAt) return;
    try {
      await map.renew(await fetchJson<SegmentsCut>(ADDRESSES.segments));
      this.notice.hidden = true;
    } catch (failure) {
      this.say(describeFailure(failure));
    }
  }

  private async show(): Promise<RoadMap | undefined> {
    document.body.dataset["view"] = "map";
    if (!ROOMY.matches) byId("back").focus({ preventScroll: true });
    return this.open();
  }

  private leave(): void {
    delete document.body.dataset["view"];
    byId("open-map").focus({ preventScroll: true });
  }

  private async showAll(): Promise<void> {
    this.forget();
    await (await this.open())?.showAll();
  }

  /** Once only; after a failure the next call tries again. */
  private async open(): Promise<RoadMap | undefined> {
    this.wanted = true;
    this.opening ??= this.load();
    const map = await this.opening;
    if (map === undefined) this.opening = undefined;
    return map;
  }

  private async load(): Promise<RoadMap | undefined> {
    this.say(words.loading);
    const cut = await fetchJson<SegmentsCut>(ADDRESSES.segments).catch((failure: unknown) => {
      this.say(describeFailure(failure));
      return undefined;
    });
    if (cut === undefined) return undefined;
    try {
      const { RoadMap } = await import("./roadMap");
      const map = new RoadMap(byId("map"), cut);
      this.notice.hidden = true;
      return map;
    } catch {
      this.say(texts.noMap);
      return undefined;
    }
  }

  private say(text: string): void {
    setText(this.notice, text);
    this.notice.hidden = false;
  }
}
