export default {
  // `manifest` writes .vite/manifest.json, from which Hardtack knows which names have a hash.
  build: { manifest: true },
  // In development, the back end runs beside Vite's server.
  server: { proxy: { "/api": process.env.BACK_END ?? "http://127.0.0.1:3000" } },
};
