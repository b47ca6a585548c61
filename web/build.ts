/** How each page is built: one folder of own files, relative addresses, nothing inline. */
import { defineConfig, type UserConfig } from "vite";

/** `pages` and `target` are relative to the page's folder, the root that `vite build <folder>` sets. */
export function pageBuild(pages: string[], target: string): UserConfig {
  return defineConfig({
    base: "./",
    build: {
      outDir: target,
      emptyOutDir: true,
      license: { fileName: "licenses.md" },
      // A data: address in a script or style would need a hole in the content security policy.
      assetsInlineLimit: 0,
      // MapLibre and Swagger UI are big on their own, and both are loaded only where needed.
      chunkSizeWarningLimit: 1700,
      rolldownOptions: { input: pages },
    },
  });
}
