/** Roads that could not be loaded are asked for again, since MapLibre itself never tries a failed tile twice. */
import type { ErrorEvent, Map as MapLibreMap, VectorTileSource } from "maplibre-gl";

const RETRY_MS = 5_000;

/** Tells whether tiles of the source are missing at the moment. */
export function retryTiles(map: MapLibreMap, sourceId: string, tellMissing: (missing: boolean) => void): void {
  let pending = false;
  map.on("error", (event: ErrorEvent & { sourceId?: string }) => {
    if (event.sourceId !== sourceId) {
      console.error(event.error);
      return;
    }
    tellMissing(true);
    if (pending) return;
    pending = true;
    setTimeout(() => {
      pending = false;
      tellMissing(false);
      const source = map.getSource<VectorTileSource>(sourceId);
      if (source?.url !== undefined) source.setUrl(source.url);
    }, RETRY_MS);
  });
}
