/** Roads that could not be loaded are asked for again, since MapLibre itself never tries a failed tile twice. */
import type { ErrorEvent, Map as MapLibreMap, VectorTileSource } from "maplibre-gl";

const RETRY_MS = 5_000;

/** Tells whether tiles of one source, or of several, are missing at the moment. */
export function retryTiles(map: MapLibreMap, sourceIds: string | string[], tellMissing: (missing: boolean) => void): void {
  const watched = [sourceIds].flat();
  const pending = new Set<string>();
  map.on("error", (event: ErrorEvent & { sourceId?: string }) => {
    const { sourceId } = event;
    if (sourceId === undefined || !watched.includes(sourceId)) {
      console.error(event.error);
      return;
    }
    tellMissing(true);
    if (pending.has(sourceId)) return;
    pending.add(sourceId);
    setTimeout(() => {
      pending.delete(sourceId);
      tellMissing(false);
      const source = map.getSource<VectorTileSource>(sourceId);
      if (source?.url !== undefined) source.setUrl(source.url);
    }, RETRY_MS);
  });
}
