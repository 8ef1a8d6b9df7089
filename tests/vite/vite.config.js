// `manifest` writes .vite/manifest.json, from which Hardtack knows which names have a hash.
export default {
  build: { manifest: true, sourcemap: true, assetsInlineLimit: 0 },
  worker: { format: "es" },
};
