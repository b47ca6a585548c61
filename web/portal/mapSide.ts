/** The map's part of the page: opened by itself where there is room, and on a phone when somebody asks for it. */
import { byId, setText } from "../shared/dom";
import { texts } from "../shared/language";
import { ServerFailure, describeFailure, fetchBytes, fetchJson } from "../shared/server";
import { readStateArray } from "../shared/stateArray";
import { ADDRESSES, type Network, type Road } from "./api";
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

  async showRoad(road: Road): Promise<void> {
    await (await this.show())?.showRoad(road);
  }

  /** Takes in a new cut, if the map is wanted; `address` is where it lies, where that was said. */
  async renew(address: string | null): Promise<void> {
    if (!this.wanted) return;
    const map = await this.open();
    if (map === undefined) return;
    try {
      const state = readStateArray(await fetchBytes(address ?? ADDRESSES.state(map.network.network_id)));
      if (state.network !== map.network.network_id) return await this.openAnew(map);
      await map.renew(state);
      this.notice.hidden = true;
    } catch (failure) {
      // There are other roads than those that were loaded.
      if (failure instanceof ServerFailure && failure.kind === "missing") return this.openAnew(map);
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

  private async openAnew(map: RoadMap): Promise<void> {
    map.close();
    this.opening = undefined;
    await this.open();
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
    try {
      const network = await fetchJson<Network>(ADDRESSES.network);
      const state = readStateArray(await fetchBytes(ADDRESSES.state(network.network_id)));
      const { RoadMap } = await import("./roadMap");
      const map = new RoadMap(byId("map"), network, state);
      map.onTilesMissing((missing) => (missing ? this.say(words.roadsMissing) : this.hush()));
      this.hush();
      return map;
    } catch (failure) {
      this.say(failure instanceof ServerFailure ? describeFailure(failure) : texts.noMap);
      return undefined;
    }
  }

  private hush(): void {
    this.notice.hidden = true;
  }

  private say(text: string): void {
    setText(this.notice, text);
    this.notice.hidden = false;
  }
}
